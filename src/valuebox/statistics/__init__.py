"""Figures of samples: errors, shares, means, tests and intervals."""
