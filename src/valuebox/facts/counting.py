"""Events that have come, by type, as Prometheus reads them."""

from collections import Counter as Counts
from collections.abc import Iterable
from functools import cache
from typing import Final

from prometheus_client import Counter

OTHER: Final = "other"
TYPES: Final = ("offer_dismissed", "offer_shown", "purchase", "refund", OTHER)
"""Types that are counted apart, which rewards of offers are made of: callers may send any type, and
Prometheus keeps every label that it was ever shown."""


def counted(types: Iterable[str]) -> list[tuple[Counter, float]]:
    """Counters of events of these types, and by how much each of them goes up."""
    found: Counts[str] = Counts()
    for type_, count in Counts(types).items():
        found[type_ if type_ in TYPES else OTHER] += count
    return [(_events().labels(name), count) for name, count in found.items()]


def expect_events() -> None:
    """Tell Prometheus of each type, before there is any event."""
    for name in TYPES:
        _events().labels(name)


@cache
def _events() -> Counter:
    return Counter(
        "valuebox_events",
        "Events that were received and stored, or were stored already.",
        ["type"],
    )
