"""What tests build on: real data, real databases, real service processes."""
