"""What was answered with features lately, column by column."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.facts.features.tables import FeatureAnswer
from valuebox.features.declared.scalars import text
from valuebox.statistics.psi import shift

MOST: Final = 4_000
"""Answers that are looked at, the newest: reading them has to be quick."""
_BINS: Final = 10
_VALUES: Final = 20


@dataclass(frozen=True)
class Lately:
    """What was answered lately with a version of a declaration."""

    name: str
    version: int
    answers: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class ColumnLately:
    """The values of a column in these answers."""

    column: str
    missing: float
    """Share of answers in which the value is missing."""
    mean: float | None
    """Of numbers; None for others."""
    low: float | None
    middle: float | None
    high: float | None
    """What 1, 5 and 9 of 10 numbers are below."""
    frequent: str | None
    """The most frequent value of others, and the share of answers that have it."""
    psi: float | None
    """How far the newer half of the answers is from the older one; None for few."""
    chance: float | None
    """What of that chance exceeds once in 1,000 times."""


def answers_lately(session: Session) -> Sequence[FeatureAnswer]:
    """The newest answers of all declarations, the newest first."""
    query = select(FeatureAnswer).order_by(FeatureAnswer.id.desc()).limit(MOST)
    return session.scalars(query).all()


def declarations_lately(answers: Sequence[FeatureAnswer]) -> list[Lately]:
    """What was answered with each version, the most often asked first."""
    found: dict[tuple[str, int], list[datetime]] = {}
    for one in answers:
        found.setdefault((one.name, one.version), []).append(one.asked_at)
    told = [Lately(*key, len(times), min(times), max(times)) for key, times in found.items()]
    return sorted(told, key=lambda one: -one.answers)


def columns_lately(answers: Sequence[dict[str, Any]], least: int) -> list[ColumnLately]:
    """The values of each column.

    Args:
        answers: Of one version, the newest first.
        least: The smallest number of answers that anything is told of.
    """
    if len(answers) < least:
        return []
    return [_column(name, [one.get(name) for one in answers], least) for name in answers[0]]


def _column(name: str, values: Sequence[Any], least: int) -> ColumnLately:
    there = [one for one in values if one is not None]
    missing = 1 - len(there) / len(values)
    are_numbers = not any(isinstance(one, bool | str) for one in there)
    low = middle = high = mean = frequent = None
    if there and are_numbers:
        numbers = np.array(there, dtype=np.float64)
        low, middle, high = np.quantile(numbers, [0.1, 0.5, 0.9]).tolist()
        mean = float(numbers.mean())
    else:
        frequent = _most_frequent(there, len(values), least)
    psi, chance = _moved(values, bool(there) and are_numbers, least)
    return ColumnLately(name, missing, mean, low, middle, high, frequent, psi, chance)


def _most_frequent(there: Sequence[Any], answers: int, least: int) -> str | None:
    if not there:
        return None
    ((value, count),) = Counter(map(text, there)).most_common(1)
    return f"{value} ({count / answers:.0%})" if count >= least else None


def _moved(
    values: Sequence[Any], are_numbers: bool, least: int
) -> tuple[float | None, float | None]:
    """How far the newer half is from the older one, and what of it is chance."""
    half = len(values) // 2
    if half < max(least, 10 * _BINS):
        return None, None
    codes = _codes_of_numbers(values, half) if are_numbers else _codes_of_texts(values, half)
    bins = int(codes.max()) + 1
    newer, older = (np.bincount(one, minlength=bins) for one in (codes[:half], codes[half:]))
    found = shift(older.tolist(), newer.tolist())
    return (None, None) if found is None else (found.psi, found.noise)


def _codes_of_numbers(values: Sequence[Any], half: int) -> NDArray[np.int64]:
    """Tenths of the older half; what is missing is a bin of its own."""
    numbers = np.array([np.nan if one is None else one for one in values], dtype=np.float64)
    older = numbers[half:][~np.isnan(numbers[half:])]
    edges: NDArray[np.float64] = np.empty(0)
    if len(older):
        edges = np.unique(np.quantile(older, np.linspace(0, 1, _BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, numbers, side="right")
    return np.where(np.isnan(numbers), len(edges) + 1, bins)


def _codes_of_texts(values: Sequence[Any], half: int) -> NDArray[np.int64]:
    """The most frequent values of the older half; all others, and what is missing, beside them."""
    older = Counter(text(one) for one in values[half:] if one is not None)
    code = {value: place for place, (value, _) in enumerate(older.most_common(_VALUES))}
    others = len(code)
    return np.array(
        [others + 1 if one is None else code.get(text(one), others) for one in values],
        dtype=np.int64,
    )
