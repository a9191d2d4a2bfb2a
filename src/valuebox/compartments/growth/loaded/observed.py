"""When facts end, up to when customers were watched, and which months are whole by then."""

from datetime import datetime, tzinfo
from typing import Final

import numpy as np

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.facts.clock import UTC, moment
from valuebox.statistics.arrays import Moments

_WHOLE: Final = 0.95
"""Share of a month that has to be over: the last event of a month hardly comes at its very end."""


def end_of(facts: Facts, end: datetime | None, zone: tzinfo = UTC) -> np.datetime64 | None:
    """When facts end: with the last event, or at the end that was asked for."""
    return watched_until(facts.events.time, end, zone)


def watched_until(when: Moments, end: datetime | None, zone: tzinfo = UTC) -> np.datetime64 | None:
    """When the facts end whose events were at some moments; None where there are none."""
    if not len(when):
        return None
    last = when.max()
    if end is None:
        after: np.datetime64 = last + np.timedelta64(1, "us")
        return after
    # Nobody has watched the years after the last event, whatever was asked for.
    month_is_over: np.datetime64 = (last.astype("datetime64[M]") + 1).astype(when.dtype)
    asked = moment(end, zone)
    return asked if asked < month_is_over else month_is_over


def whole_months(until: np.datetime64) -> int:
    """The calendar month, counted from 1970-01, before which all months are whole.

    A month that has just begun is none; a month of which 95 % are over is.
    """
    last = (until - np.timedelta64(1, "us")).astype("datetime64[M]")
    begin, end = (month.astype("datetime64[us]") for month in (last, last + 1))
    return int(last.astype(np.int64)) + bool((until - begin) / (end - begin) >= _WHOLE)
