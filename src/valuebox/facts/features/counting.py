"""What was answered with features, by declaration, as Prometheus reads it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple

from prometheus_client import Counter, Histogram

from valuebox.facts.features.answering import Answer
from valuebox.facts.features.history import Looked
from valuebox.features.declared.building import microseconds
from valuebox.features.declared.events import SECOND

MOST: Final = 100
"""Declarations that a worker tells apart: Prometheus keeps every label that it was ever shown."""
OTHER: Final = "other"
"""Label of the declarations beyond these."""
_HOUR: Final = 3_600
_DAY: Final = 24 * _HOUR
_AGES: Final = (1, 10, 60, 600, _HOUR, 6 * _HOUR, _DAY, 7 * _DAY, 30 * _DAY, 90 * _DAY)

Count = tuple[Counter, float]
Observation = tuple[Histogram, float]


class Told(NamedTuple):
    """What there is to tell of answers, once they are stored."""

    counts: list[Count]
    ages: list[Observation]
    """The age of the newest event of each answer that has one."""


def told(name: str, answers: Sequence[Answer], looked: Sequence[Looked], at: datetime) -> Told:
    """What there is to tell of answers.

    Args:
        name: Of the declaration.
        answers: What was answered.
        looked: What each of the answers looked at.
        at: The moment that they are of.
    """
    metrics = _of(name)
    missing = sum(list(one.values()).count(None) for one in answers)
    counts: list[Count] = [
        (metrics.answers, len(answers)),
        (metrics.values, sum(map(len, answers))),
        (metrics.missing, missing),
    ]
    return Told(counts, [(metrics.ages, age) for age in _ages(looked, microseconds(at))])


def _ages(looked: Sequence[Looked], at: int) -> Iterator[float]:
    for one in looked:
        if one.newest is not None:
            yield (at - one.newest) / SECOND


class _Metrics(NamedTuple):
    answers: Counter
    values: Counter
    missing: Counter
    ages: Histogram


_named: set[str] = set()
"""Declarations that have a label of their own."""


def _of(name: str) -> _Metrics:
    if name not in _named and len(_named) < MOST:
        _named.add(name)
    return _labelled(name if name in _named else OTHER)


@cache
def _labelled(name: str) -> _Metrics:
    every = _metrics()
    return _Metrics(
        every.answers.labels(name),
        every.values.labels(name),
        every.missing.labels(name),
        every.ages.labels(name),
    )


@cache
def _metrics() -> _Metrics:
    by = ["declaration"]
    return _Metrics(
        Counter("valuebox_feature_answers", "Customers and sessions whose features were told.", by),
        Counter("valuebox_feature_values", "Features that were told, missing ones included.", by),
        Counter("valuebox_feature_missing", "Features that were missing.", by),
        Histogram(
            "valuebox_feature_event_age_seconds",
            "From the newest event that an answer looked at to the moment that it is of.",
            by,
            buckets=_AGES,
        ),
    )
