"""The figures of every arm by month."""

from datetime import UTC, datetime

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.recommend.proof.kpis import KPIS, figure
from valuebox.compartments.recommend.proof.sessions import Watched


class MonthFigure(BaseModel):
    """A figure of an arm in a month."""

    model_config = ConfigDict(frozen=True)

    month: str = Field(description="Month of the first moment of the sessions, in UTC.")
    arm: str = Field(description="Name of the arm.")
    kpi: str = Field(description="Name of the figure.")
    sessions: int = Field(description="Sessions of the arm in the month.")
    value: float = Field(description="The figure.")
    lower: float = Field(description="Lower end of its 90 % interval.")
    upper: float | None = Field(description="Upper end of it; null where none can be said.")


def by_month(watched: Watched) -> list[MonthFigure]:
    """Every figure that is told, by month, arm and figure.

    Args:
        watched: Sessions of all arms.
    """
    sessions = watched.sessions
    month = sessions.first.astype("datetime64[s]").astype("datetime64[M]")
    found = []
    for one in np.unique(month):
        start = datetime.fromtimestamp(int(one.astype("datetime64[s]").astype(np.int64)), UTC)
        for at, arm in enumerate(watched.arms):
            own = sessions.where((month == one) & (sessions.arm == at))
            for kpi in KPIS:
                if not len(own.arm) or (told := figure(kpi, own)) is None:
                    continue
                found.append(
                    MonthFigure(
                        month=f"{start:%Y-%m}",
                        arm=arm,
                        kpi=kpi.name,
                        sessions=len(own.arm),
                        value=told.value,
                        lower=max(told.lower, 0.0),
                        upper=told.upper if np.isfinite(told.upper) else None,
                    )
                )
    return found
