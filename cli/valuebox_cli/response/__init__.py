"""Commands of the response model."""
