"""Learn which offer to show."""
