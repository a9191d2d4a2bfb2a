"""What is told of customers, as columns of the model matrix."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from valuebox.features import one_hot
from valuebox.schemas.names import OTHERS, name_of

Told = Sequence[dict[str, Any] | None]
"""Attributes of customers; those of whom the same is told may share an object."""

_MOST_ATTRIBUTES: Final = 20
_MOST_VALUES: Final = 20
_MOST_NAMED_NUMBERS: Final = 12
"""Different numbers up to which each is a value of its own."""
_LARGEST: Final = 1e38


class Attributes(BaseModel):
    """Which attributes are looked at, and how.

    Numbers are one column each, NaN where missing. Others are as in `one_hot`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    numbers: tuple[str, ...]
    values: dict[str, tuple[str, ...]]

    @classmethod
    def fit(cls, told: Told, fewest: int) -> "Attributes":
        """Learn which attributes most customers have, and values that at least `fewest` have."""
        objects, place = _distinct(told)
        customers = np.bincount(place, minlength=len(objects)).tolist()
        names: Counter[str] = Counter()
        for one, count in zip(objects, customers, strict=True):
            names.update(dict.fromkeys(one or (), count))
        numbers, values = [], {}
        for name, having in names.most_common(_MOST_ATTRIBUTES):
            if having < fewest:
                continue
            if _is_measured([(one or {}).get(name) for one in objects]):
                numbers.append(name)
                continue
            counts: Counter[str] = Counter()
            for one, count in zip(objects, customers, strict=True):
                if (value := name_of((one or {}).get(name))) is not None:
                    counts[value] += count
            values[name] = one_hot.frequent(counts, fewest, _MOST_VALUES)
        return cls(numbers=tuple(numbers), values=values)

    @property
    def names(self) -> list[str]:
        """Names of the columns, in the order of the matrix."""
        each = [one_hot.names(name, known) for name, known in self.values.items()]
        return [*self.numbers, *chain.from_iterable(each)]

    def transform(self, told: Told) -> NDArray[np.float32]:
        """What is told of customers as a matrix, `(n_customers, len(names))`."""
        objects, place = _distinct(told)
        matrix = np.zeros((len(objects), len(self.names)), dtype=np.float32)
        for column, name in enumerate(self.numbers):
            matrix[:, column] = [_number((one or {}).get(name)) for one in objects]
        start = len(self.numbers)
        for name, known in self.values.items():
            values = [name_of((one or {}).get(name)) for one in objects]
            one_hot.mark(matrix, start, one_hot.places(values, known))
            start += len(known) + 1
        return matrix[place]

    def in_words(self, told: Told) -> list[dict[str, float | str | None]]:
        """What is told of customers, by attribute: a number or a text, None where it is missing.

        Values that were not learned are `OTHERS`: what is rare may say who somebody is.
        """
        objects, place = _distinct(told)
        worded = []
        for one in objects:
            known = one or {}
            numbers = {name: _number(known.get(name)) for name in self.numbers}
            found: dict[str, float | str | None] = {
                name: None if np.isnan(number) else number for name, number in numbers.items()
            }
            for name, values in self.values.items():
                value = name_of(known.get(name))
                found[name] = value if value is None or value in values else OTHERS
            worded.append(found)
        return [worded[of_customer] for of_customer in place.tolist()]


def _distinct(told: Told) -> tuple[list[dict[str, Any] | None], NDArray[np.intp]]:
    first: dict[int, int] = {}
    place = np.array([first.setdefault(id(one), len(first)) for one in told], dtype=np.intp)
    objects: list[dict[str, Any] | None] = [None] * len(first)
    for one in told:
        objects[first[id(one)]] = one
    return objects, place


def _is_measured(values: Sequence[Any]) -> bool:
    numbers = {value for value in values if _is_number(value)}
    return len(numbers) > _MOST_NAMED_NUMBERS


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: Any) -> float:
    # Beyond float32 XGBoost refuses all rows, and Python's integers know no end.
    return float(max(-_LARGEST, min(_LARGEST, value))) if _is_number(value) else np.nan
