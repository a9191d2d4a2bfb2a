"""Users of a data frame, predicted without a service."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import ValidationError

from valuebox.compartments.ltv.bulk import MAX_ROWS, UserTable
from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.user import NAMES
from valuebox.errors import ValueboxError
from valuebox.schemas.plain import columns_of
from valuebox.serving.parsing import problems_of

if TYPE_CHECKING:
    import pandas as pd

_ANY_DAY: Final = "2019-08-01"
"""Stands for the day of joining, which is no feature."""


class BadFrame(ValueboxError):
    """A data frame holds values that a model of users cannot take."""


def predict_frame(model: LtvModel, frame: "pd.DataFrame") -> "tuple[pd.DataFrame, list[str]]":
    """Expected lifetime value of each user, and the ends of its interval.

    Args:
        model: The model.
        frame: Users, with columns by the names of `FEATURES`; others are not looked at.

    Returns:
        `prediction`, `lower` and `upper` by the index of `frame`; and what is strange, in
        sentences.

    Raises:
        BadFrame: naming the first rows, from 0, and columns that are not as in files of users.
    """
    import pandas as pd

    columns = columns_of(frame[[name for name in frame.columns if str(name) in FEATURES]])
    problems, checked = [], []
    for first in range(0, len(frame), MAX_ROWS):
        part = {name: values[first : first + MAX_ROWS] for name, values in columns.items()}
        try:
            checked.append(_checked(part, min(MAX_ROWS, len(frame) - first)))
        except ValidationError as error:
            problems += [
                f"row {first + (one.row or 0)}, {one.field}: {one.message}"
                for one in problems_of(error)
            ]
    if problems:
        raise BadFrame(*problems)
    features = {name: [value for part in checked for value in part[name]] for name in FEATURES}
    found = pd.DataFrame(model.estimate(features)._asdict(), index=frame.index)
    near = replace(NAMES.heading(map(str, frame.columns)), absent=[])
    return found, near.warnings() + model.warnings(features)


def _checked(columns: dict[str, list[Any]], users: int) -> dict[str, Any]:
    """Columns that are as they may be sent."""
    known = {"user_id": np.arange(users).tolist(), "join_date": [_ANY_DAY] * users}
    return dict(UserTable.model_validate({**known, **columns}).columns.features)
