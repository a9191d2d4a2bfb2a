"""`valuebox growth`: reports on customers and events, straight from the database."""
