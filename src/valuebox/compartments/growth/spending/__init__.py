"""Who and what brings the money, and where advertising pays."""
