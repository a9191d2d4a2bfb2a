"""Values of few kinds as columns of a matrix: one for each that is known, one for all others.

The last column, `name=?`, is 1 for a value that is not known and for a missing one, so that none
can fail, whatever comes.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import TypeIs

OTHER: Final = "?"
"""Stands for values that are not known and for missing ones."""


def frequent(counts: Counter[str], fewest: int, most: int | None = None) -> tuple[str, ...]:
    """The values to be known: those that at least `fewest` have, most frequent first.

    Args:
        counts: How many have each value.
        fewest: How many a value takes.
        most: Values at most; None for all.
    """
    return tuple(value for value, count in counts.most_common(most) if count >= fewest)


def names(name: str, known: Sequence[str]) -> list[str]:
    """Names of the columns of what is called `name`, such as `country_segment=US`."""
    return [f"{name}={value}" for value in (*known, OTHER)]


def places(
    values: "Sequence[Any] | NDArray[Any] | pd.Categorical | None", known: Sequence[str]
) -> NDArray[np.intp] | int:
    """Position of each value in `known`; one past its end for what is not known or missing.

    Args:
        values: One for each row; of a `pd.Categorical` only the different ones are looked at.
            None where all are missing.
        known: Values that have a column.

    Returns:
        `(n_rows,)`, or one position for all rows.
    """
    other = len(known)
    if values is None:
        return other
    if _is_categorical(values):
        # The code of a missing value is -1, which picks the last.
        by_category = np.append(places(values.categories.to_numpy(), known), other)
        return by_category[np.asarray(values.codes)]
    place_of = _places(tuple(known))
    return np.fromiter(map(place_of.get, values, repeat(other)), np.intp, len(values))


def mark(matrix: NDArray[np.float32], start: int, at: NDArray[np.intp] | int) -> None:
    """Write a 1 into each row of a matrix of zeros.

    Args:
        matrix: `(n_rows, n_columns)`.
        start: The first column of these values.
        at: Place of each row's value; see `places`.
    """
    matrix[np.arange(len(matrix)), start + at] = 1.0


@lru_cache(maxsize=64)
def _places(known: tuple[Any, ...]) -> dict[Any, int]:
    """Position of each known value; of one row it takes longer to list these than to look."""
    return {value: place for place, value in enumerate(known)}


def _is_categorical(values: object) -> "TypeIs[pd.Categorical]":
    # Whoever has one has imported pandas, which a server does not wait for at its start.
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(values, pandas.Categorical)
