"""`valuebox handle`: what will be wagered on matches."""
