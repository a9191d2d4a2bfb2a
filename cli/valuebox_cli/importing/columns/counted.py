"""Moments as numbers: time since an epoch in some unit, or a date's digits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import types

from valuebox_cli.importing.columns.clocks import DAY, EXACT, LOCAL, Shown, Times, civil

Numbers = NDArray[Any]
"""int64 or float64, `(n_rows,)`; NaN, or -1 among integers, where a value is missing."""

_A_DAY: Final = 86_400
_MICROS: Final = 1_000_000
# 1990 to 2100, in seconds since 1970: what a column is taken for unless it is told.
_FROM: Final = 631_152_000
_UNTIL: Final = 4_102_444_800
_DAYS_FROM, _DAYS_UNTIL = 19_900_101, 21_001_231
# No moment is farther away, in seconds since 1970: the arithmetic below must not overflow.
_FARTHEST: Final = 8_000_000_000
_EXCEL_EPOCH: Final = np.datetime64("1899-12-30", "us")


@dataclass(frozen=True)
class Rule:
    """How numbers are moments."""

    name: str
    """The rule as a mapping says it."""
    told: str
    """The rule in words."""
    shown: Callable[[Numbers], Shown]
    low: float = np.inf
    """Least number that, below `high`, is taken for such a moment without being told."""
    high: float = np.inf

    def likely(self, numbers: Numbers) -> Shown:
        """Moments of the numbers that are taken for such without being told."""
        near = (numbers >= self.low) & (numbers < self.high)
        if not near.any():
            return Shown.nothing(len(numbers))
        found = self.shown(numbers)
        return Shown(_where(near, found.times), found.kinds)


def since_1970(per_second: int) -> Callable[[Numbers], Shown]:
    """Moments from the time since 1970, in units of which a second has so many."""

    def shown(numbers: Numbers) -> Shown:
        near = (numbers >= 0) & (numbers < _FARTHEST * per_second)
        safe = np.where(near, numbers, 0)
        if safe.dtype.kind == "f":
            micros = np.rint(safe * (_MICROS / per_second)).astype(np.int64)
        elif per_second > _MICROS:
            micros = safe // (per_second // _MICROS)
        else:
            micros = safe * (_MICROS // per_second)
        return Shown.all(_where(near, micros.astype("datetime64[us]")), EXACT)

    return shown


def _days_since_1970(numbers: Numbers) -> Shown:
    near = (numbers >= 0) & (numbers * float(_A_DAY) < _FARTHEST) & _is_whole(numbers)
    days = np.where(near, numbers, 0).astype(np.int64).astype("datetime64[D]")
    return Shown.all(_where(near, days), DAY)


def _excel(numbers: Numbers) -> Shown:
    """Days since the last but one of 1899, as Excel counts; the fraction is the time of day."""
    near = (numbers >= 1) & (numbers * float(_A_DAY) < _FARTHEST)
    serials = np.where(near, numbers, 1).astype(np.float64)
    # Serials have some 15 digits: seconds are all that is meant.
    seconds = np.rint(serials * _A_DAY).astype(np.int64).astype("timedelta64[s]")
    times = _where(near, _EXCEL_EPOCH + seconds)
    return Shown(times, np.where(_is_whole(numbers), DAY, LOCAL).astype(np.int8))


def _years(numbers: Numbers) -> Shown:
    whole = _digits(numbers)
    ones = np.ones_like(whole)
    return Shown.all(civil(whole, ones, ones), DAY)


def _date(numbers: Numbers) -> Shown:
    whole = _digits(numbers)
    return Shown.all(civil(whole // 10_000, whole // 100 % 100, whole % 100), DAY)


def _date_and_time(seconds: bool) -> Callable[[Numbers], Shown]:
    def shown(numbers: Numbers) -> Shown:
        whole = _digits(numbers)
        whole = whole if seconds else whole * 100
        hour, minute, second = whole // 10_000 % 100, whole // 100 % 100, whole % 100
        good = (hour < 24) & (minute < 60) & (second < 60)
        at = ((hour * 60 + minute) * 60 + second).astype("timedelta64[s]")
        days = _date(whole // 1_000_000).times
        return Shown.all(_where(good, days + at), LOCAL)

    return shown


def _epoch(unit: str, words: str, per_second: int) -> Rule:
    return Rule(
        f"epoch_{unit}",
        f"{words} since 1970",
        since_1970(per_second),
        _FROM * per_second,
        _UNTIL * per_second,
    )


RULES: Final = (
    _epoch("s", "seconds", 1),
    _epoch("ms", "milliseconds", 1_000),
    _epoch("us", "microseconds", _MICROS),
    _epoch("ns", "nanoseconds", 1_000_000_000),
    Rule("%Y%m%d", "days such as 20130502", _date, _DAYS_FROM, _DAYS_UNTIL + 1),
    Rule(
        "%Y%m%d%H%M",
        "clock times such as 201305021820",
        _date_and_time(seconds=False),
        _DAYS_FROM * 10_000,
        (_DAYS_UNTIL + 1) * 10_000,
    ),
    Rule(
        "%Y%m%d%H%M%S",
        "clock times such as 20130502182013",
        _date_and_time(seconds=True),
        _DAYS_FROM * 1_000_000,
        (_DAYS_UNTIL + 1) * 1_000_000,
    ),
    Rule("epoch_days", "days since 1970", _days_since_1970),
    Rule("excel", "days as Excel counts them", _excel),
    Rule("year", "years", _years),
)
INFERRED: Final = tuple(rule for rule in RULES if np.isfinite(rule.low))
"""What numbers are taken for without being told; no number fits two of them."""


def numbers_of(values: pa.Array) -> Numbers:
    """Numbers as rules take them."""
    if types.is_integer(values.type) and not types.is_uint64(values.type):
        return values.fill_null(-1).cast(pa.int64()).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
    return values.cast(pa.float64()).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _digits(numbers: Numbers) -> NDArray[np.int64]:
    """Whole numbers of at most 14 digits; 0 for others, which is no date."""
    good = (numbers > 0) & (numbers < 1e14) & _is_whole(numbers)
    return np.where(good, numbers, 0).astype(np.int64)


def _is_whole(numbers: Numbers) -> NDArray[np.bool_]:
    return np.equal(numbers, np.floor(numbers))


def _where(good: NDArray[np.bool_], times: Times) -> Times:
    return np.where(good, times.astype("datetime64[us]"), np.datetime64("NaT", "us"))
