"""The simple answer that a model has to beat: training means by segment and STV."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.ltv.features import Columns


class SegmentStvMeans:
    """Mean target of the training users with the same `country_segment` and `STV`.

    Where a pair was not seen in training the mean of its STV answers, and where that was not
    seen either, or is missing, the mean of everybody.
    """

    def __init__(self, overall: float, by_stv: dict[str, float], by_pair: dict[str, float]):
        self.overall = overall
        self.by_stv = by_stv
        self.by_pair = by_pair

    @classmethod
    def fit(cls, columns: Columns, target: NDArray[np.float64]) -> Self:
        """Take the means of `target`, `(n_users,)`, in its currency."""
        by_stv: dict[str, list[float]] = {}
        by_pair: dict[str, list[float]] = {}
        for stv, pair, value in zip(*_keys(columns), target.tolist(), strict=True):
            by_stv.setdefault(stv, []).append(value)
            by_pair.setdefault(pair, []).append(value)
        return cls(float(np.mean(target)), _means(by_stv), _means(by_pair))

    def predict(self, columns: Columns) -> NDArray[np.float64]:
        """The mean that applies to each user, `(n_users,)`."""
        return np.array(
            [
                self.by_pair.get(pair, self.by_stv.get(stv, self.overall))
                for stv, pair in zip(*_keys(columns), strict=True)
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """The tables, as JSON can hold them."""
        return {"overall": self.overall, "by_stv": self.by_stv, "by_pair": self.by_pair}

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> Self:
        """The baseline that `to_dict` described."""
        return cls(tables["overall"], dict(tables["by_stv"]), dict(tables["by_pair"]))


def _means(values: dict[str, list[float]]) -> dict[str, float]:
    return {key: float(np.mean(group)) for key, group in values.items()}


def _keys(columns: Columns) -> tuple[list[str], list[str]]:
    stv = [_amount(value) for value in columns["STV"]]
    segments: Sequence[Any] = columns["country_segment"]
    return stv, [f"{segment}|{amount}" for segment, amount in zip(segments, stv, strict=True)]


def _amount(value: float | None) -> str:
    # Rounded, because the same price read from a file and from JSON must be the same key.
    return "missing" if value is None or np.isnan(value) else f"{value:.4f}"
