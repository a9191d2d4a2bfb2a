"""Commands of the lifetime-value compartment."""
