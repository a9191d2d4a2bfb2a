"""Stored users whose outcome is known, to judge any model on."""

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session, aliased

from valuebox.compartments.ltv.features import CATEGORICAL, FEATURES, NUMERIC
from valuebox.compartments.ltv.files import TARGET
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome

_CHUNK = 50_000


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
    if session.get_bind().dialect.name == "postgresql":
        # Years of rows take longer to read than a request may.
        session.execute(text("SET LOCAL statement_timeout = 0"))
    names = ["user_id", "join_date", *FEATURES, TARGET]
    query = _query()
    if joined_from is not None:
        query = query.where(LtvFeatures.join_date >= joined_from)
    if joined_after is not None:
        query = query.where(LtvFeatures.join_date > joined_after)
    if joined_before is not None:
        query = query.where(LtvFeatures.join_date < joined_before)
    found = session.execute(query.execution_options(yield_per=_CHUNK)).partitions()
    # Typed part by part: a column may be missing in one of them from end to end.
    types = dict.fromkeys((*NUMERIC, TARGET), "float64") | dict.fromkeys(CATEGORICAL, "object")
    parts = [pd.DataFrame(rows, columns=names).astype(types) for rows in found]
    users = pd.concat(parts) if parts else pd.DataFrame(columns=names)
    return users.assign(join_date=pd.to_datetime(users["join_date"])).reset_index(drop=True)


def _query() -> Select[*tuple[Any, ...]]:
    later = aliased(LtvFeatures)
    received_again = (
        select(later.id)
        .where(later.user_id == LtvFeatures.user_id, later.id > LtvFeatures.id)
        .exists()
    )
    return (
        select(
            LtvFeatures.user_id,
            LtvFeatures.join_date,
            *(getattr(LtvFeatures, name.lower()) for name in FEATURES),
            LtvOutcome.target,
        )
        .join(LtvOutcome, LtvOutcome.user_id == LtvFeatures.user_id)
        .where(~received_again)
        .order_by(LtvFeatures.id)
    )
