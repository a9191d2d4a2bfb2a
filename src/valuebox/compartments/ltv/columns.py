"""Users, and what is said of them, by column: how they are encoded, predicted, stored, answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.ltv.user import COLUMNS, TARGET
from valuebox.schemas.by_column import RowsByColumn
from valuebox.schemas.by_row import RowsByRow
from valuebox.schemas.moments import put_together


@dataclass(frozen=True)
class UserColumns:
    """What was sent of users: one value per user in every column, in the order sent."""

    user_id: Sequence[int]
    join_date: Sequence[datetime]
    features: Mapping[str, Sequence[Any]]
    """Columns by the names of the features; None is missing."""
    extra: Sequence[dict[str, Any] | None]
    """What came in columns that are not known."""

    @classmethod
    def of(cls, sent: Sequence[RowsByRow | RowsByColumn], names: Sequence[str] = COLUMNS) -> Self:
        """The users of all requests: those of the first one, then those of the next.

        Args:
            sent: What the requests hold.
            names: The known columns of these users.
        """
        if len(sent) == 1:
            (one,) = sent
            columns, extra = {name: one.column(name) for name in names}, one.extra
        else:
            columns = {name: put_together([one.column(name) for one in sent]) for name in names}
            extra = put_together([one.extra for one in sent])
        return cls(columns.pop("user_id"), columns.pop("join_date"), columns, extra)

    def __len__(self) -> int:
        return len(self.user_id)


def outcomes_of(users: RowsByRow | RowsByColumn) -> dict[int, float]:
    """The realised values that were sent, by user id; of a user sent twice the last one counts."""
    if TARGET not in users.names:
        return {}
    pairs = zip(users.column("user_id"), users.column(TARGET), strict=True)
    return {user_id: target for user_id, target in pairs if target is not None}


class Estimates(NamedTuple):
    """What a model says of users: `(n_users,)` each, in the currency of `STV`."""

    prediction: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
