"""What Prometheus is told of predicted lifetime values."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.ltv.features import Matrix
from valuebox.compartments.ltv.model import LtvModel
from valuebox.predictions.tally import Count, Tally

_SEGMENT: Final = "country_segment"


class UserTally:
    """Counts what a model says of users, by country segment, and what these lacked."""

    def __init__(self, model: LtvModel):
        segments = model.encoder.categories[_SEGMENT]
        self._tally = Tally("ltv", model.tag, model.created_at, segments, model.shape.features)
        self._may_lack = model.encoder.may_lack

    def of(
        self, features: Mapping[str, Sequence[Any]], matrix: Matrix, prediction: NDArray[np.float64]
    ) -> list[Count]:
        """What there is to count of some users, once their predictions are stored.

        Args:
            features: One value per user in each feature; None is missing.
            matrix: The same as `Encoder.transform` makes it.
            prediction: `(n_users,)`, in the currency of `STV`.

        Returns:
            Counters, and by how much each of them goes up.
        """
        may_lack = partial(self._may_lack, matrix)
        return self._tally.of(features[_SEGMENT], prediction, features, may_lack)
