"""Aggregates of events over stretches of a log: exact, and the same whatever else was read."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.columns import (
    Coded,
    Codes,
    Column,
    Positions,
    identities,
    numbers,
    taken,
)
from valuebox.features.declared.extremes import different, extremes
from valuebox.features.declared.log import Runs, counted
from valuebox.features.declared.parts import Aggregate

PARTS: Final = 1e6
"""Parts of a unit to which values are rounded before they are added up: sums are exact then."""
_MOST_EXACT: Final = 2.0**62
_AT_ONCE: Final = 4_000_000
ZERO_OF_NOTHING: Final = ("count", "sum", "distinct")
"""Aggregates that are 0 where there is nothing to look at; the others are missing."""


class Figure:
    """One aggregate, ready to be asked about any stretches of a log.

    Args:
        aggregate: Which one.
        holds: Which events it looks at, `(n_events,)`.
        value: What of them; None where they are counted. Missing values are passed over.
    """

    def __init__(self, aggregate: Aggregate, holds: NDArray[np.bool_], value: Column | None):
        self.aggregate = aggregate
        self._values: Any = None
        kept = np.flatnonzero(holds)
        if value is not None:
            value, is_there = usable(aggregate, taken(value, kept), np.ones(len(kept), dtype=bool))
            kept, value = kept[is_there], taken(value, is_there)
            holds = np.zeros(len(holds), dtype=bool)
            holds[kept] = True
        self._kept = kept
        self._before = counted(holds)
        if value is None or aggregate == "count":
            return
        if aggregate in ("sum", "mean"):
            self._values = _running(numbers(value))
        elif aggregate == "distinct":
            self._values = identities(value)
        else:
            self._values = value

    def of(self, runs: Runs, owners: int, rank: Positions | None = None) -> Column:
        """The aggregate over the stretches of each owner, `(owners,)`.

        Args:
            runs: Stretches of the log.
            owners: How many there are.
            rank: Place in the order of time of each event of the log; None where the log is in it.
        """
        start, stop = self._before[runs.start], self._before[runs.stop]
        there = stop > start
        some = Runs(runs.owner[there], start[there], stop[there])
        match self.aggregate:
            case "count":
                return _added(some, some.stop - some.start, owners).astype(np.float64)
            case "sum" | "mean":
                return self._sum(some, owners)
            case "distinct":
                return self._distinct(some, owners).astype(np.float64)
            case "min" | "max":
                return self._extreme(some, owners)
        return self._end(some, owners, rank)

    def _sum(self, some: Runs, owners: int) -> Column:
        total = _divided(_added(some, self._values[some.stop] - self._values[some.start], owners))
        if self.aggregate == "sum":
            return total
        with np.errstate(invalid="ignore"):
            # Without any, 0 / 0 is missing.
            mean: Column = total / _added(some, some.stop - some.start, owners)
            return mean

    def _extreme(self, some: Runs, owners: int) -> Column:
        choose = np.minimum if self.aggregate == "min" else np.maximum
        found = np.full(owners, np.nan)
        if len(some.owner):
            each = extremes(choose, self._values, some.start, some.stop)
            first, of = _groups(some.owner)
            found[of] = choose.reduceat(each, first)
        return found

    def _end(self, some: Runs, owners: int, rank: Positions | None) -> Column:
        """The first or last value: of several stretches that of the one that begins or ends so."""
        found = np.full(owners, -1, dtype=np.int64)
        if not len(some.owner):
            return _or_missing(self._values, found)
        is_first = self.aggregate == "first"
        place = some.start if is_first else some.stop - 1
        if rank is None:
            first, of = _groups(some.owner)
            chosen = first if is_first else np.append(first[1:], len(some.owner)) - 1
            found[of] = place[chosen]
            return _or_missing(self._values, found)
        # A stretch of blocks that were open at the same time is not in the order of time.
        when = rank[self._kept]
        choose = np.minimum if is_first else np.maximum
        each = extremes(choose, when, some.start, some.stop)
        first, of = _groups(some.owner)
        order = np.argsort(when)
        found[of] = order[np.searchsorted(when, choose.reduceat(each, first), sorter=order)]
        return _or_missing(self._values, found)

    def _distinct(self, some: Runs, owners: int) -> NDArray[np.int64]:
        if int((some.stop - some.start).sum()) <= _AT_ONCE:
            return _listed(self._values, some, owners)
        found = np.zeros(owners, dtype=np.int64)
        first, of = _groups(some.owner)
        last = np.append(first[1:], len(some.owner)) - 1
        spans = Runs(of, some.start[first], some.stop[last])
        # Events that arrived late leave gaps that are much smaller than what lies between them.
        length = np.add.reduceat(some.stop - some.start, first)
        is_near = spans.stop - spans.start <= 2 * length
        near = np.zeros(owners, dtype=bool)
        near[of[is_near]] = True
        spans = spans.taken(is_near)
        found[spans.owner] = different(self._values, spans.start, spans.stop)
        found -= self._of_gaps(some.taken(near[some.owner]), spans, owners)
        return found + _listed(self._values, some.taken(~near[some.owner]), owners)

    def _of_gaps(self, some: Runs, spans: Runs, owners: int) -> NDArray[np.int64]:
        """How many different values are in the gaps between stretches of an owner alone."""
        is_inner = some.owner[1:] == some.owner[:-1]
        gaps = Runs(some.owner[1:], some.stop[:-1], some.start[1:]).taken(is_inner)
        gaps = gaps.taken(gaps.stop > gaps.start)
        found = np.zeros(owners, dtype=np.int64)
        if not len(gaps.owner):
            return found
        count = len(self._values)
        bounds = np.zeros((2, owners), dtype=np.int64)
        bounds[:, spans.owner] = spans.start, spans.stop
        places = np.sort(self._values.astype(np.int64) * count + np.arange(count))
        for part in _portions(gaps):
            owner, code, times = _pairs(self._values, part)
            start, stop = np.searchsorted(places, code * count + bounds[:, owner])
            found += np.bincount(owner[stop - start == times], minlength=owners)
        return found


def _pairs(codes: Codes, runs: Runs) -> tuple[Positions, Codes, NDArray[np.int64]]:
    """The different codes in the stretches of each owner, and how many times each is there."""
    owner, place = runs.positions()
    some = codes[place]
    base = int(some.max(initial=0)) + 1
    pairs, times = np.unique(owner * base + some, return_counts=True)
    return pairs // base, pairs % base, times


def _listed(codes: Codes, runs: Runs, owners: int) -> NDArray[np.int64]:
    """How many different codes the stretches of each owner have, by looking at every event."""
    found = np.zeros(owners, dtype=np.int64)
    for part in _portions(runs):
        owner, _, _ = _pairs(codes, part)
        found += np.bincount(owner, minlength=owners)
    return found


def usable(
    aggregate: Aggregate, value: Column, holds: NDArray[np.bool_]
) -> tuple[Column, NDArray[np.bool_]]:
    """Values as the aggregate takes them, and the events that have some."""
    if aggregate in ("sum", "mean", "min", "max"):
        value = numbers(value)
        if aggregate in ("sum", "mean"):
            return _parts(value), holds & np.isfinite(value)
    there = value.codes >= 0 if isinstance(value, Coded) else ~np.isnan(value)
    return value, holds & there


def parts_of(value: float) -> int:
    """A number in parts, however large."""
    parts = value * PARTS
    return round(parts) if math.isfinite(parts) else int(value) * int(PARTS)


def of_parts(total: int) -> float | None:
    """A sum of parts; None where it is larger than any number."""
    try:
        return float(total) / PARTS
    except OverflowError:
        pass
    try:
        return total / int(PARTS)
    except OverflowError:
        return None


def _parts(value: NDArray[np.float64]) -> NDArray[Any]:
    """Numbers in parts: as whole floats, or as integers where some are too large."""
    with np.errstate(over="ignore"):
        parts = np.rint(value * PARTS)
    if not (np.isinf(parts) & np.isfinite(value)).any():
        return parts
    said = value.tolist()
    return np.array([parts_of(one) if math.isfinite(one) else 0 for one in said], dtype=object)


def _running(parts: NDArray[Any]) -> NDArray[Any]:
    """Sums of all whole numbers before each, `(n + 1,)`: of any size, and exact."""
    with np.errstate(over="ignore"):
        is_small = np.abs(parts).sum() < _MOST_EXACT
    if is_small:
        found = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum(parts.astype(np.int64), out=found[1:])
        return found
    whole = np.array([0, *map(int, parts.tolist())], dtype=object)
    return np.cumsum(whole)


def _divided(total: NDArray[Any]) -> NDArray[np.float64]:
    if total.dtype != object:
        return total.astype(np.float64) / PARTS
    found = map(of_parts, total.tolist())
    return np.array([np.nan if one is None else one for one in found], dtype=np.float64)


def _groups(owner: Positions) -> tuple[Positions, Positions]:
    """Where each owner's begin, and the owners that there are."""
    if not len(owner):
        return owner, owner
    is_first = np.ones(len(owner), dtype=bool)
    np.not_equal(owner[1:], owner[:-1], out=is_first[1:])
    first = np.flatnonzero(is_first)
    return first, owner[first]


def _added(some: Runs, each: NDArray[Any], owners: int) -> NDArray[Any]:
    """Sums by owner."""
    found = np.zeros(owners, dtype=each.dtype)
    if len(each):
        first, of = _groups(some.owner)
        found[of] = np.add.reduceat(each, first)
    return found


def _or_missing(column: Column, places: Positions) -> Column:
    """Values at some places; missing where the place is -1."""
    if isinstance(column, Coded):
        return Coded(np.append(column.codes, -1)[places], column.values)
    return np.append(column, np.nan)[places]


def _portions(runs: Runs) -> Sequence[Runs]:
    """Stretches in portions of a bounded number of events, each with all of an owner's."""
    length = np.cumsum(runs.stop - runs.start)
    if not len(length) or length[-1] <= _AT_ONCE:
        return [runs]
    first, _ = _groups(runs.owner)
    portion = (length[np.append(first[1:], len(length)) - 1] - 1) // _AT_ONCE
    cuts = first[np.flatnonzero(np.diff(portion, prepend=portion[0]))]
    ends = [0, *cuts.tolist(), len(length)]
    return [runs.taken(slice(*pair)) for pair in pairwise(ends)]


def masked(column: Column, missing: NDArray[np.bool_]) -> Column:
    """A column that is missing for some."""
    if isinstance(column, Coded):
        return Coded(np.where(missing, -1, column.codes), column.values)
    return np.where(missing, np.nan, column)


def ratio(one: Column, other: Column) -> NDArray[np.float64]:
    """One column divided by another; missing where either is, or the other is 0."""
    with np.errstate(all="ignore"):
        found = numbers(one) / numbers(other)
    found[~np.isfinite(found)] = np.nan
    return found
