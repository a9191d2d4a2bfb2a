"""What stored forecasts of handle show of themselves: how good they are, and what has moved."""
