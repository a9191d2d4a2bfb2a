"""What another policy would have earned, from a log of decisions with their propensities."""
