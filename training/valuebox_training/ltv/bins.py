"""The training users by feature and by prediction; see `valuebox.features.bins`."""

from collections import Counter
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.compartments.ltv.features import CATEGORICAL, NUMERIC, Encoder
from valuebox.features.bins import (
    MISSING,
    PREDICTION_EDGES,
    CategoryBins,
    NumberBins,
    Reference,
    prediction_codes,
)

Floats = NDArray[np.float64]

BINS: Final = 10
# More bins make the index of few users say nothing, and no one looks at that many.
MOST_VALUES: Final = 24
_AMOUNTS: Final = frozenset({"STV"})


def fit_reference(encoder: Encoder, users: pd.DataFrame, predictions: Floats) -> Reference:
    """Count the training users.

    Args:
        encoder: That has learned the categories.
        users: As they were, without the gaps that training makes.
        predictions: What the model says of them, `(n_users,)`.
    """
    return Reference(
        numbers={name: _of_numbers(users[name], amounts=name in _AMOUNTS) for name in NUMERIC},
        categories={
            name: _of_categories(users[name], encoder.categories[name]) for name in CATEGORICAL
        },
        predictions=_counted(prediction_codes(predictions), len(PREDICTION_EDGES) + 1),
    )


def edges_between(numbers: Floats, n_bins: int) -> Floats:
    """Edges of about equally full bins, between two values rather than on one.

    Many users share a value; a tiny shift must not send all of them to the next bin.
    """
    values, counts = np.unique(numbers, return_counts=True)
    wanted = np.arange(1, n_bins) * len(numbers) // n_bins
    last = np.unique(np.searchsorted(np.cumsum(counts), wanted))
    last = last[last < len(values) - 1]
    return np.asarray((values[last] + values[last + 1]) / 2, dtype=np.float64)


def _of_numbers(column: "pd.Series[Any]", amounts: bool) -> NumberBins:
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = numbers[~np.isnan(numbers)]
    # Of a flag it is known what it can be, even where training users all have the same.
    edges = edges_between(known, BINS).tolist() if amounts else [0.5]
    bins = np.searchsorted(edges, known, side="right")
    names = [_name(known[bins == one]) for one in range(len(edges) + 1)] if amounts else ["0", "1"]
    empty = NumberBins(edges=edges, names=[*names, MISSING], users=[0] * (len(edges) + 2))
    return empty.model_copy(update={"users": _counted(empty.codes(numbers), len(empty.users))})


def _name(members: Floats) -> str:
    if not len(members):
        return "any"
    low, high = f"{members.min():.6g}", f"{members.max():.6g}"
    return low if low == high else f"{low} to {high}"


def _of_categories(column: "pd.Series[Any]", known: tuple[str, ...]) -> CategoryBins:
    frequent, rarer = list(known[:MOST_VALUES]), list(known[MOST_VALUES:])
    empty = CategoryBins(values=frequent, rarer=rarer, users=[0] * (len(frequent) + 3))
    # Counted by value first: there are few of them, however many users.
    by_value = Counter(column.where(column.notna(), None).tolist())
    codes = empty.codes(list(by_value))
    users = np.bincount(codes, list(by_value.values()), len(empty.users)).astype(int)
    return empty.model_copy(update={"users": users.tolist()})


def _counted(codes: NDArray[np.intp], n_bins: int) -> list[int]:
    return [int(count) for count in np.bincount(codes, minlength=n_bins)]
