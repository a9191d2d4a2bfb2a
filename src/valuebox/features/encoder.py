"""Rows to model matrix: the only place that knows categories and missing values.

Training and serving call the same `ColumnEncoder.transform`, so they cannot disagree.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.features import one_hot
from valuebox.features.shape import Shape
from valuebox.schemas.own_columns import OwnColumns

# One sequence or array per feature; of texts also a `pd.Categorical`.
Columns = Mapping[str, Any]
Matrix = NDArray[np.float32]


class ColumnEncoder:
    """Turns rows into a float32 matrix of numeric columns and one column per category.

    A missing number is NaN, which XGBoost routes as it learned to; categories are as in
    `one_hot`. Neither can fail, and neither depends on how the booster treats categories.
    """

    def __init__(self, min_users: int, shape: Shape):
        """An encoder that has learned nothing yet.

        Args:
            min_users: Rows that a category takes to be known.
            shape: The columns of the rows.
        """
        self.min_users = min_users
        self.shape = shape
        self.numeric = shape.numeric
        """Names of the columns of numbers."""
        self.categorical = shape.categorical
        """Names of the columns of texts."""
        self.categories: dict[str, tuple[str, ...]] = {}

    def fit(self, columns: Columns) -> Self:
        """Learn the categories that at least `min_users` rows have, most frequent first."""
        for name in self.categorical:
            counts = Counter(value for value in columns[name] if isinstance(value, str))
            self.categories[name] = one_hot.frequent(counts, self.min_users)
        return self

    @property
    def feature_names(self) -> list[str]:
        """Names of the matrix columns, such as `STV` or `country_segment=US`."""
        names = list(self.numeric)
        for name in self.categorical:
            names += one_hot.names(name, self.categories[name])
        return names

    def transform(self, columns: Columns) -> Matrix:
        """Encode rows.

        Args:
            columns: One sequence per feature, all of the same length `n_rows`. Missing is
                None or NaN; a feature that is absent is missing for everybody. Of a
                `pd.Categorical` only the different values are looked at.

        Returns:
            `(n_rows, len(feature_names))` float32, C-ordered.
        """
        n_rows = max((len(values) for values in columns.values()), default=0)
        width = len(self.numeric) + sum(len(known) + 1 for known in self.categories.values())
        matrix = np.zeros((n_rows, width), dtype=np.float32)
        for position, name in enumerate(self.numeric):
            values = columns.get(name)
            matrix[:, position] = np.nan if values is None else np.asarray(values, dtype=float)
        start = len(self.numeric)
        for name in self.categorical:
            known = self.categories[name]
            one_hot.mark(matrix, start, one_hot.places(columns.get(name), known))
            start += len(known) + 1
        return matrix

    def may_lack(self, matrix: Matrix, name: str) -> bool:
        """Whether a feature may be missing in some row, which is asked of many rows at once.

        Takes a tenth of the time that looking at each value takes.

        Args:
            matrix: Of `transform`.
            name: The feature.
        """
        if name in self.numeric:
            return bool(np.isnan(matrix[:, self.numeric.index(name)]).any())
        before = self.categorical[: self.categorical.index(name) + 1]
        # The last column of a category is that of values that are not known.
        last = len(self.numeric) + sum(len(self.categories[one]) + 1 for one in before) - 1
        return bool(matrix[:, last].any())

    def to_dict(self) -> dict[str, Any]:
        """What was learned, as JSON can hold it."""
        own = self.shape.own
        return {
            "min_users": self.min_users,
            "numeric": list(self.numeric),
            "categories": {name: list(values) for name, values in self.categories.items()},
            **({"own": own.model_dump(mode="json")} if own.columns else {}),
        }

    @classmethod
    def from_dict(cls, learned: Mapping[str, Any], shape: Shape) -> Self:
        """The encoder that `to_dict` described.

        Args:
            learned: The description.
            shape: The columns of rows that every model knows.

        Raises:
            ValueError: when it was made for other features than this code knows.
        """
        if "own" in learned:
            shape = shape.with_own(OwnColumns.model_validate(learned["own"]))
        encoder = cls(learned["min_users"], shape)
        encoder.categories = {name: tuple(v) for name, v in learned["categories"].items()}
        of = tuple(learned["numeric"]), tuple(encoder.categories)
        if of != (encoder.numeric, encoder.categorical):
            raise ValueError("the encoder was made for other features than this version has")
        return encoder
