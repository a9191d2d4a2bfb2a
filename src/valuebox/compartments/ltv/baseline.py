"""The simple answer that a model has to beat: training means by segment and STV."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.ltv.features import Columns
from valuebox.statistics.group_means import GroupMeans


class SegmentStvMeans:
    """Mean target of the training users with the same `country_segment` and `STV`."""

    def __init__(self, means: GroupMeans):
        self.means = means

    @classmethod
    def fit(cls, columns: Columns, target: NDArray[np.float64]) -> Self:
        """Take the means of `target`, `(n_users,)`, in its currency."""
        return cls(GroupMeans.fit(columns["country_segment"], columns["STV"], target))

    def predict(self, columns: Columns) -> NDArray[np.float64]:
        """The mean that applies to each user, `(n_users,)`."""
        return self.means.predict(columns["country_segment"], columns["STV"])

    def to_dict(self) -> dict[str, Any]:
        """The tables, as JSON can hold them."""
        means = self.means
        return {"overall": means.overall, "by_stv": means.by_amount, "by_pair": means.by_pair}

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> Self:
        """The baseline that `to_dict` described."""
        return cls(GroupMeans(tables["overall"], tables["by_stv"], tables["by_pair"]))
