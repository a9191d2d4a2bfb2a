"""What changed from one sample of customers to another, and whether it is real."""
