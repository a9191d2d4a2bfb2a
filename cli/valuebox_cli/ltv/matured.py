"""Stored users whose outcome is known, to judge any model on."""

from datetime import datetime

import pandas as pd
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.features import CATEGORICAL, FEATURES, NUMERIC
from valuebox.compartments.ltv.files import TARGET
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.tables import LtvFeatures
from valuebox.predictions.matured import matured_rows


def matured_users(
    session: Session,
    joined_from: datetime | None,
    joined_after: datetime | None,
    joined_before: datetime | None,
) -> pd.DataFrame:
    """Users who joined in a period and have an outcome, each as last received.

    Args:
        session: Reads in one transaction, for as long as that takes.
        joined_from: Only those who joined then or later.
        joined_after: Only those who joined later than then.
        joined_before: Only those who joined before then.

    Returns:
        One row per user: `user_id`, `join_date`, the columns of `FEATURES`, `target`.
    """
    names = ("user_id", "join_date", *FEATURES)
    columns = [getattr(LtvFeatures, name.lower()) for name in names]
    period = (joined_from, joined_after, joined_before)
    # Typed part by part: a column may be missing in one of them from end to end.
    types = dict.fromkeys((*NUMERIC, TARGET), "float64") | dict.fromkeys(CATEGORICAL, "object")
    parts = [
        pd.DataFrame(rows, columns=[*names, TARGET]).astype(types)
        for rows in matured_rows(session, LEDGER, columns, *period)
    ]
    users = pd.concat(parts) if parts else pd.DataFrame(columns=[*names, TARGET])
    return users.assign(join_date=pd.to_datetime(users["join_date"])).reset_index(drop=True)
