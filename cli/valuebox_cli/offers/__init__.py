"""`valuebox offers`."""
