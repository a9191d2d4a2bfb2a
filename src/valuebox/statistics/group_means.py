"""Means of a target by group and amount: the nearest mean that was seen answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class GroupMeans:
    """Mean target of the rows with the same group and amount.

    Where a pair was not seen the mean of its amount answers, and where that was not seen either,
    or is missing, the mean of all rows.
    """

    overall: float
    by_amount: Mapping[str, float]
    by_pair: Mapping[str, float]

    @classmethod
    def fit(
        cls, groups: Sequence[Any], amounts: Sequence[Any], target: NDArray[np.float64]
    ) -> Self:
        """Take the means of `target`, `(n_rows,)`."""
        by_amount: dict[str, list[float]] = {}
        by_pair: dict[str, list[float]] = {}
        for (amount, pair), value in zip(_keys(groups, amounts), target.tolist(), strict=True):
            by_amount.setdefault(amount, []).append(value)
            by_pair.setdefault(pair, []).append(value)
        return cls(float(np.mean(target)), _means(by_amount), _means(by_pair))

    def predict(self, groups: Sequence[Any], amounts: Sequence[Any]) -> NDArray[np.float64]:
        """The mean that applies to each row, `(n_rows,)`."""
        return np.array(
            [
                self.by_pair.get(pair, self.by_amount.get(amount, self.overall))
                for amount, pair in _keys(groups, amounts)
            ]
        )


def _means(values: Mapping[str, list[float]]) -> dict[str, float]:
    return {key: float(np.mean(group)) for key, group in values.items()}


def _keys(groups: Sequence[Any], amounts: Sequence[Any]) -> list[tuple[str, str]]:
    keys = [_amount(value) for value in amounts]
    return [(key, f"{group}|{key}") for group, key in zip(groups, keys, strict=True)]


def _amount(value: float | None) -> str:
    # Rounded, because the same price read from a file and from JSON must be the same key.
    return "missing" if value is None or np.isnan(value) else f"{value:.4f}"
