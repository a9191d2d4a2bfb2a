"""Stored users whose outcome is known, to judge any model on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.features import CATEGORICAL, FEATURES, NUMERIC
from valuebox.compartments.ltv.files import TARGET
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.tables import LtvFeatures
from valuebox.predictions.matured import matured_rows
from valuebox.schemas.own_columns import LARGEST

_EXTRA: Final = "extra"
NO_OWN: Final[Mapping[str, type]] = {}
"""No columns that a model brings."""


def matured_users(
    session: Session,
    joined_from: datetime | None,
    joined_after: datetime | None,
    joined_before: datetime | None,
    own: Mapping[str, type] = NO_OWN,
) -> pd.DataFrame:
    """Users who joined in a period and have an outcome, each as last received.

    Args:
        session: Reads in one transaction, for as long as that takes.
        joined_from: Only those who joined then or later.
        joined_after: Only those who joined later than then.
        joined_before: Only those who joined before then.
        own: Columns that models bring, which are stored beside these, by name: `float` or `str`.

    Returns:
        One row per user: `user_id`, `join_date`, the columns of `FEATURES`, `target` and `own`.
    """
    names = ("user_id", "join_date", *FEATURES)
    columns = [getattr(LtvFeatures, name.lower()) for name in names]
    columns += [LtvFeatures.extra] if own else []
    period = (joined_from, joined_after, joined_before)
    every = [*names, *([_EXTRA] if own else []), TARGET]
    # Typed part by part: a column may be missing in one of them from end to end.
    types = dict.fromkeys((*NUMERIC, TARGET), "float64") | dict.fromkeys(CATEGORICAL, "object")
    parts = [
        _with_own(pd.DataFrame(rows, columns=every), own).astype(types)
        for rows in matured_rows(session, LEDGER, columns, *period)
    ]
    users = pd.concat(parts) if parts else pd.DataFrame(columns=[*names, *own, TARGET])
    return users.assign(join_date=pd.to_datetime(users["join_date"])).reset_index(drop=True)


def _with_own(users: pd.DataFrame, own: Mapping[str, type]) -> pd.DataFrame:
    if not own:
        return users
    extra = users.pop(_EXTRA)
    for name, kind in own.items():
        values = [(one or {}).get(name) for one in extra]
        users[name] = pd.Series(
            [one if _can_be_meant(one, kind) else None for one in values],
            dtype=object if kind is str else np.float64,
            index=users.index,
        )
    return users


def _can_be_meant(value: Any, kind: type) -> bool:
    """Whether it may be of a column; what came before that was declared may have been anything."""
    if kind is str:
        return isinstance(value, str)
    return isinstance(value, int | float) and abs(value) <= LARGEST
