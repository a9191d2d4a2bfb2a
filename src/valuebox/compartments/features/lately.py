"""What was answered with features lately, column by column."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.facts.features.tables import FeatureAnswer, FeatureDeclaration
from valuebox.features.declared.scalars import text
from valuebox.features.declared.table_bins import (
    Bins,
    TableBins,
    all_numbers,
    counts_of,
    missing_share,
)
from valuebox.statistics.psi import shift

MOST: Final = 4_000
"""Answers that are looked at, the newest: reading them has to be quick."""
_BINS: Final = 10
_VALUES: Final = 20
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Lately:
    """What was answered lately with a version of a declaration."""

    name: str
    version: int
    answers: int
    first: datetime
    last: datetime
    alone: float
    """Share of answers that found no event."""
    age: float | None
    """Hours before the moment of the answer that the newest event happened, in half of the others
    at most; None without any."""


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
    table_missing: float | None = None
    """Share of rows of the table in which the value is missing; None where no table is known."""
    table_psi: float | None = None
    """How far the answers are from the table."""
    table_chance: float | None = None
    """What of that chance exceeds once in 1,000 times."""

    @property
    def moved(self) -> float:
        """The index that says the most, of those that chance does not explain; 0 for none."""
        pairs = (self.psi, self.chance), (self.table_psi, self.table_chance)
        beyond = (psi for psi, chance in pairs if psi is not None and psi > (chance or 0))
        return max(beyond, default=0.0)


def answers_lately(session: Session) -> Sequence[FeatureAnswer]:
    """The newest answers of all declarations, the newest first."""
    query = select(FeatureAnswer).order_by(FeatureAnswer.id.desc()).limit(MOST)
    return session.scalars(query).all()


def declarations_lately(answers: Sequence[FeatureAnswer]) -> list[Lately]:
    """What was answered with each version, the most often asked first."""
    found: dict[tuple[str, int], list[FeatureAnswer]] = {}
    for one in answers:
        found.setdefault((one.name, one.version), []).append(one)
    told = [_lately(*key, some) for key, some in found.items()]
    return sorted(told, key=lambda one: -one.answers)


def _lately(name: str, version: int, answers: Sequence[FeatureAnswer]) -> Lately:
    times = [one.asked_at for one in answers]
    alone = sum(one.events == 0 for one in answers) / len(answers)
    ages = [(one.at - one.newest) / _HOUR for one in answers if one.newest is not None]
    age = median(ages) if ages else None
    return Lately(name, version, len(times), min(times), max(times), alone, age)


def bins_of(session: Session, name: str, version: int, hash_: str) -> TableBins | None:
    """What the table holds that answers are to be compared with; None where nobody said so.

    Args:
        session: Of the database.
        name: The declaration that answered.
        version: Its version.
        hash_: Hash of what was declared: a declaration that was removed and added anew may mean
            something else.
    """
    found = session.get(FeatureDeclaration, (name, version))
    if found is None or found.bins is None or found.hash != hash_:
        return None
    return TableBins.model_validate(found.bins)


def columns_lately(
    answers: Sequence[dict[str, Any]], least: int, table: TableBins | None = None
) -> list[ColumnLately]:
    """The values of each column.

    Args:
        answers: Of one version, the newest first.
        least: The smallest number of answers that anything is told of.
        table: What they are compared with, where it is known.
    """
    if len(answers) < least:
        return []
    bins = {} if table is None else table.features
    columns = ((name, [one.get(name) for one in answers]) for name in answers[0])
    return [_beside(_column(name, values, least), values, bins) for name, values in columns]


def _beside(column: ColumnLately, values: Sequence[Any], table: Mapping[str, Bins]) -> ColumnLately:
    """A column with what there is to say of it beside the table."""
    if (bins := table.get(column.column)) is None:
        return column
    found = shift(bins.users, counts_of(bins, values))
    psi, chance = (None, None) if found is None else (found.psi, found.noise)
    missing = missing_share(bins)
    return replace(column, table_missing=missing, table_psi=psi, table_chance=chance)


def _column(name: str, values: Sequence[Any], least: int) -> ColumnLately:
    there = [one for one in values if one is not None]
    missing = 1 - len(there) / len(values)
    are_numbers = all_numbers(there)
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
