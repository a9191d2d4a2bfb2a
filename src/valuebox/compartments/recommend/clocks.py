"""When views happened, where clocks of visitors are wrong.

No view happens after it was received. One that says so is taken back by whole hours: clocks are
wrong by hours more often than by anything else, and views that were sent together stay in order.
"""

from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, Interval, case, cast, extract, func

from valuebox.facts.tables import Event
from valuebox.statistics.arrays import Floats

AHEAD: Final = 600.0
"""Seconds that a clock may be ahead before anything is changed."""
_HOUR: Final = 3_600.0


def happened(times: Floats, received: Floats) -> Floats:
    """When views happened, in seconds since 1970 as all arguments, `(n,)` each.

    Args:
        times: When they say that they did.
        received: When they were received.
    """
    found: Floats = times - np.ceil(np.maximum(times - received - AHEAD, 0.0) / _HOUR) * _HOUR
    return found


def happened_in() -> ColumnElement[Any]:
    """When an event happened, in the SQL of PostgreSQL; the same as `happened`."""
    ahead = extract("epoch", Event.time - Event.received_at) - AHEAD
    hours = func.ceil(ahead / _HOUR) * cast("1 hour", Interval)
    return case((ahead > 0, Event.time - hours), else_=Event.time)
