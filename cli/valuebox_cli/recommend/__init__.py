"""Commands of recommend."""
