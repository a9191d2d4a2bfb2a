"""What was said and what came true: sums, drift, monitoring."""
