"""Which money a decision about an offer is judged by."""

from enum import StrEnum


class Part(StrEnum):
    """Which money of a decision counts."""

    OWN = "own"
    """Money of the offer's own purchase, of decisions that are a day old."""
    WEEK = "week"
    """All of the week from the decision on, of decisions whose week has passed."""
