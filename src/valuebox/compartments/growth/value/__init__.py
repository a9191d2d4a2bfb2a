"""What customers are worth: segments by buying, and who has left."""
