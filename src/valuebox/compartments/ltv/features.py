"""Rows to model matrix: the only place that knows categories and missing values.

Training and serving call the same `Encoder.transform`, so they cannot disagree.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import TypeIs

# One sequence or array per feature; of texts also a `pd.Categorical`.
Columns = Mapping[str, Any]
Matrix = NDArray[np.float32]

NUMERIC: Final = ("hidden", "STV", "is_lp", "is_cancelled")
CATEGORICAL: Final = ("credit_card_level", "aff_type", "country_segment")
FEATURES: Final = (*NUMERIC, *CATEGORICAL)


class Encoder:
    """Turns users into a float32 matrix of numeric columns and one column per category.

    A missing number is NaN, which XGBoost routes as it learned to. Each categorical feature has
    one more column, `name=?`, that is 1 for a category that was not learned and for a missing
    one. Neither can fail, and neither depends on how the booster treats categories. `join_date`
    is no feature: a raw date makes a tree repeat its last month.
    """

    def __init__(self, min_users: int = 20):
        self.min_users = min_users
        self.categories: dict[str, tuple[str, ...]] = {}

    def fit(self, columns: Columns) -> Self:
        """Learn the categories that at least `min_users` users have, most frequent first."""
        for name in CATEGORICAL:
            counts = Counter(value for value in columns[name] if isinstance(value, str))
            self.categories[name] = tuple(
                value for value, users in counts.most_common() if users >= self.min_users
            )
        return self

    @property
    def feature_names(self) -> list[str]:
        """Names of the matrix columns, such as `STV` or `country_segment=US`."""
        names = list(NUMERIC)
        for name in CATEGORICAL:
            names += [f"{name}={value}" for value in (*self.categories[name], "?")]
        return names

    def transform(self, columns: Columns) -> Matrix:
        """Encode users.

        Args:
            columns: One sequence per feature, all of the same length `n_users`. Missing is
                None or NaN; a feature that is absent is missing for everybody. Of a
                `pd.Categorical` only the different values are looked at.

        Returns:
            `(n_users, len(feature_names))` float32, C-ordered.
        """
        n_users = max((len(values) for values in columns.values()), default=0)
        width = len(NUMERIC) + sum(len(known) + 1 for known in self.categories.values())
        matrix = np.zeros((n_users, width), dtype=np.float32)
        for position, name in enumerate(NUMERIC):
            values = columns.get(name)
            matrix[:, position] = np.nan if values is None else np.asarray(values, dtype=float)
        rows = np.arange(n_users)
        start = len(NUMERIC)
        for name in CATEGORICAL:
            known = self.categories[name]
            matrix[rows, start + _codes(columns.get(name), known)] = 1.0
            start += len(known) + 1
        return matrix

    def to_dict(self) -> dict[str, Any]:
        """What was learned, as JSON can hold it."""
        return {
            "min_users": self.min_users,
            "numeric": list(NUMERIC),
            "categories": {name: list(values) for name, values in self.categories.items()},
        }

    @classmethod
    def from_dict(cls, learned: Mapping[str, Any]) -> Self:
        """The encoder that `to_dict` described.

        Raises:
            ValueError: when it was made for other features than this code knows.
        """
        encoder = cls(learned["min_users"])
        encoder.categories = {name: tuple(v) for name, v in learned["categories"].items()}
        if tuple(learned["numeric"]) != NUMERIC or tuple(encoder.categories) != CATEGORICAL:
            raise ValueError("the encoder was made for other features than this version has")
        return encoder


def _codes(
    values: "Sequence[Any] | NDArray[Any] | pd.Categorical | None", known: tuple[str, ...]
) -> NDArray[np.intp] | int:
    """Position of each value in `known`; one past its end for what is unseen or missing."""
    unknown = len(known)
    if values is None:
        return unknown
    if _is_categorical(values):
        # The code of a missing value is -1, which picks the last.
        by_category = np.append(_codes(values.categories.to_numpy(), known), unknown)
        return by_category[np.asarray(values.codes)]
    code_of: dict[Any, int] = {value: code for code, value in enumerate(known)}
    return np.fromiter((code_of.get(v, unknown) for v in values), np.intp, len(values))


def _is_categorical(values: object) -> "TypeIs[pd.Categorical]":
    # Whoever has one has imported pandas, which a server does not wait for at its start.
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(values, pandas.Categorical)
