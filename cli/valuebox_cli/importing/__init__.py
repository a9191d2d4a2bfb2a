"""`valuebox import`: customers and events out of files and other databases."""
