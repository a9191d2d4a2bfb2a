"""Files of Blurr: made into declarations, or worked out as Blurr works these out."""
