"""Users of a data frame, predicted without a service."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from valuebox.compartments.ltv.bulk import MAX_ROWS, UserTable
from valuebox.compartments.ltv.model import LtvModel
from valuebox.schemas.frames import BadFrame as BadFrame
from valuebox.schemas.frames import checked
from valuebox.schemas.plain import columns_of

if TYPE_CHECKING:
    import pandas as pd

_ANY_DAY: Final = "2019-08-01"
"""Stands for the day of joining, which is no feature."""


def predict_frame(model: LtvModel, frame: "pd.DataFrame") -> "tuple[pd.DataFrame, list[str]]":
    """Expected lifetime value of each user, and the ends of its interval.

    Args:
        model: The model.
        frame: Users, with columns by the names of its features; others are not looked at.

    Returns:
        `prediction`, `lower` and `upper` by the index of `frame`; and what is strange, in
        sentences.

    Raises:
        BadFrame: naming the first rows, from 0, and columns that are not as in files of users.
    """
    import pandas as pd

    users = len(frame)
    names = model.shape.features
    sent = columns_of(frame[[name for name in frame.columns if str(name) in names]])
    sent |= {"user_id": list(range(users)), "join_date": [_ANY_DAY] * users}
    parts = checked(sent, users, model.shape.by_column(UserTable, MAX_ROWS), MAX_ROWS)
    features = {name: [one for part in parts for one in part.column(name)] for name in names}
    found = pd.DataFrame(model.estimate(features)._asdict(), index=frame.index)
    near = replace(model.shape.names.heading(map(str, frame.columns)), absent=[])
    return found, near.warnings() + model.warnings(features)
