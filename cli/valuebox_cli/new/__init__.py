"""`valuebox new`: packages to begin with."""
