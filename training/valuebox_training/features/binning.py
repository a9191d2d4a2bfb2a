"""Bins of one feature after the other; see `valuebox.features.bins`."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from valuebox.features.bins import MISSING, CategoryBins, Codes, NumberBins
from valuebox.statistics.arrays import Floats

BINS: Final = 10
# More bins make the index of few users say nothing, and no one looks at that many.
MOST_VALUES: Final = 24


def edges_between(numbers: Floats, n_bins: int) -> Floats:
    """Edges of about equally full bins, between two values rather than on one.

    Many users share a value; a tiny shift must not send all of them to the next bin.
    """
    values, counts = np.unique(numbers, return_counts=True)
    wanted = np.arange(1, n_bins) * len(numbers) // n_bins
    last = np.unique(np.searchsorted(np.cumsum(counts), wanted))
    last = last[last < len(values) - 1]
    return np.asarray((values[last] + values[last + 1]) / 2, dtype=np.float64)


def number_bins(numbers: Floats, n_bins: int = BINS) -> NumberBins:
    """About equally full bins of a number, and one for NaN, which is missing."""
    known = numbers[~np.isnan(numbers)]
    edges = edges_between(known, n_bins).tolist()
    bins = np.searchsorted(edges, known, side="right")
    return _filled(edges, [_name(known[bins == one]) for one in range(len(edges) + 1)], numbers)


def flag_bins(numbers: Floats) -> NumberBins:
    """Bins of 0 and 1, even where all users have the same of these: it is known what can be."""
    return _filled([0.5], ["0", "1"], numbers)


def category_bins(values: Sequence[Any], known: Sequence[str]) -> CategoryBins:
    """Bins of the frequent values among those that a model knows, and for what is left.

    Args:
        values: Of each user; None is missing.
        known: The values that the model knows, the most frequent first.
    """
    frequent, rarer = list(known[:MOST_VALUES]), list(known[MOST_VALUES:])
    empty = CategoryBins(values=frequent, rarer=rarer, users=[0] * (len(frequent) + 3))
    # Counted by value first: there are few of them, however many users.
    by_value = Counter(values)
    codes = empty.codes(list(by_value))
    users = np.bincount(codes, list(by_value.values()), len(empty.users)).astype(int)
    return empty.model_copy(update={"users": users.tolist()})


def counted(codes: Codes, n_bins: int) -> list[int]:
    """How many there are of each code."""
    return [int(count) for count in np.bincount(codes, minlength=n_bins)]


def _filled(edges: list[float], names: list[str], numbers: Floats) -> NumberBins:
    empty = NumberBins(edges=edges, names=[*names, MISSING], users=[0] * (len(edges) + 2))
    return empty.model_copy(update={"users": counted(empty.codes(numbers), len(empty.users))})


def _name(members: Floats) -> str:
    if not len(members):
        return "any"
    low, high = f"{members.min():.6g}", f"{members.max():.6g}"
    return low if low == high else f"{low} to {high}"
