"""Users, and what is said of them, by column: how they are encoded, predicted, stored, answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.user import User


@dataclass(frozen=True)
class UserColumns:
    """What was sent of users: one value per user in every column, in the order sent."""

    user_id: Sequence[int]
    join_date: Sequence[datetime]
    features: Mapping[str, Sequence[Any]]
    """Columns by the names of `FEATURES`; None is missing."""
    extra: Sequence[dict[str, Any] | None]
    """What came in columns that are not known."""

    @classmethod
    def of(cls, users: Sequence[User]) -> Self:
        """The columns of users that were sent one by one."""
        return cls(
            [user.user_id for user in users],
            [user.join_date for user in users],
            {name: [getattr(user, name) for user in users] for name in FEATURES},
            [user.model_extra or None for user in users],
        )

    def __len__(self) -> int:
        return len(self.user_id)


class Estimates(NamedTuple):
    """What a model says of users: `(n_users,)` each, in the currency of `STV`."""

    prediction: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
