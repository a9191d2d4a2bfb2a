"""`valuebox features`."""
