"""The response model: fitted from stored facts."""
