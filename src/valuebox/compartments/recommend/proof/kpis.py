"""The figures that recommendations are judged by, each a ratio of sums over sessions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from valuebox.compartments.recommend.proof.sessions import Sessions
from valuebox.statistics.arrays import Floats
from valuebox.statistics.clustered import mean_interval
from valuebox.statistics.rates import LEVEL, wilson

MARGIN: Final = 0.05
"""What a figure may lose at most, as a share of the control's, where nothing else was said."""
Unit = Literal["share", "number", "seconds", "amount"]


@dataclass(frozen=True)
class Kpi:
    """A figure: what is divided by what, and which way is better."""

    name: str
    """What programs call it."""
    label: str
    """What people call it."""
    unit: Unit
    of: Callable[[Sessions], Floats | None]
    """What is divided, of each session; None where it is not told."""
    per: Callable[[Sessions], Floats | None] | None = None
    """What divides; None for 1 a session."""
    higher_is_better: bool = True
    is_share: bool = False
    """Whether a session has it or has not."""

    def columns(self, sessions: Sessions) -> tuple[Floats, Floats] | None:
        """What is divided and what divides, `(n,)` each; None where it is not told."""
        over = self.of(sessions)
        under = np.ones(len(sessions.arm)) if self.per is None else self.per(sessions)
        return None if over is None or under is None else (over, under)


def _converted(sessions: Sessions) -> Floats | None:
    return None if sessions.orders is None else (sessions.orders > 0).astype(np.float64)


KPIS: Final = (
    Kpi("clicks", "click rate of lists", "share", lambda one: one.clicked, lambda one: one.lists),
    Kpi("views", "views a session", "number", lambda one: one.views),
    Kpi("time", "time a session", "seconds", lambda one: one.seconds),
    Kpi(
        "bounces", "bounce rate", "share", lambda one: one.bounced,
        higher_is_better=False, is_share=True,
    ),
    Kpi("conversion", "conversion", "share", _converted, is_share=True),
    Kpi(
        "order_value", "average order value", "amount", lambda one: one.revenue,
        lambda one: one.priced,
    ),
)  # fmt: skip
"""Click rate, engagement in views and in time, bounce rate, conversion and order value."""

BY_NAME: Final = {one.name: one for one in KPIS}


class Figure(NamedTuple):
    """A figure of some sessions, with its interval."""

    value: float
    lower: float
    upper: float


def figure(kpi: Kpi, sessions: Sessions, level: float = LEVEL) -> Figure | None:
    """A figure of sessions; None where it is not told, or nothing divides.

    Shares of sessions have Wilson's interval. Ratios have one by session, since the lists or the
    orders of a session hang together.

    Args:
        kpi: Which figure.
        sessions: Of one arm.
        level: How often the interval holds.
    """
    columns = kpi.columns(sessions)
    if columns is None or columns[1].sum() <= 0:
        return None
    over, under = columns
    if kpi.is_share:
        share = int(over.sum())
        return Figure(share / len(over), *wilson(share, len(over), level))
    found = mean_interval(over, np.arange(len(over)), under, level)
    return Figure(found.value, max(found.lower, 0.0), found.upper)
