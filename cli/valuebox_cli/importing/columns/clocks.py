"""What clocks and calendars show, as moments in UTC."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from valuebox.schemas.moments import FIRST_YEAR, LAST_YEAR

Times = NDArray[np.datetime64]

EXACT: Final = 0
"""A moment in UTC."""
LOCAL: Final = 1
"""Kind of a moment that is what a clock showed."""
DAY: Final = 2
"""A day of the calendar, without a time."""

_FIRST: Final = np.datetime64(f"{FIRST_YEAR}-01-01", "us")
_END: Final = np.datetime64(f"{LAST_YEAR + 1}-01-01", "us")
_MONTHS: Final = 12


class Shown(NamedTuple):
    """Moments as they were written."""

    times: Times
    """Moments, `(n_rows,)` `datetime64[us]`; NaT where none can be read."""
    kinds: NDArray[np.int8]
    """Kind of each moment, `(n_rows,)`: `EXACT`, `LOCAL` or `DAY`."""

    @classmethod
    def all(cls, times: Times, kind: int) -> "Shown":
        """Moments of one kind."""
        return cls(times.astype("datetime64[us]"), np.full(len(times), kind, dtype=np.int8))

    @classmethod
    def nothing(cls, count: int) -> "Shown":
        """No moments."""
        return cls.all(np.full(count, "NaT", dtype="datetime64[us]"), LOCAL)

    def otherwise(self, other: "Shown") -> "Shown":
        """These moments, and where they cannot be read the others."""
        here = ~np.isnat(self.times)
        return Shown(
            np.where(here, self.times, other.times), np.where(here, self.kinds, other.kinds)
        )

    def or_read(self, texts: pa.Array, read: Callable[[pa.Array], "Shown"]) -> "Shown":
        """These moments, and what `read` makes of the texts that are not read yet."""
        others = np.isnat(self.times)
        if not others.any():
            return self
        found = read(texts.filter(pa.array(others)))
        times, kinds = self.times.copy(), self.kinds.copy()
        times[others], kinds[others] = found
        return Shown(times, kinds)


def civil(years: NDArray[Any], months: NDArray[Any], days: NDArray[Any]) -> Times:
    """Days of the calendar, `datetime64[D]`; NaT where there is no such day."""
    good = (months >= 1) & (months <= _MONTHS) & (days >= 1) & (years >= 1)
    month = ((np.where(good, years, 1970) - 1970) * _MONTHS + np.where(good, months, 1) - 1).astype(
        "datetime64[M]"
    )
    found = month.astype("datetime64[D]") + (np.where(good, days, 1) - 1).astype("timedelta64[D]")
    return np.where(good & (found.astype("datetime64[M]") == month), found, np.datetime64("NaT"))


def in_utc(shown: Shown, zone: ZoneInfo) -> Times:
    """Moments in UTC, `datetime64[us]`: NaT for what is none, or in no year from 1970 to 2199.

    What a clock showed twice is taken for the first time, and what it never showed for later. A
    day is its first moment that is on that day both in UTC and in the zone, so that reports in
    either have it in the right month.
    """
    times = _bounded(shown.times)
    if zone.key != "UTC" and (rows := shown.kinds != EXACT).any():
        own = _of_zone(times[rows], zone)
        times[rows] = np.where(shown.kinds[rows] == DAY, np.fmax(own, times[rows]), own)
    return _bounded(times)


def _of_zone(times: Times, zone: ZoneInfo) -> Times:
    local = pd.Series(times).dt.tz_localize(
        zone, ambiguous=np.ones(len(times), dtype=bool), nonexistent="shift_forward"
    )
    utc: Times = local.dt.tz_convert(None).to_numpy(dtype="datetime64[us]")
    return utc


def _bounded(times: Times) -> Times:
    good = (times >= _FIRST) & (times < _END)
    return np.where(good, times, np.datetime64("NaT", "us"))
