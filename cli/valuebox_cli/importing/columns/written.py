"""Dates and moments that are written out, in the orders and with the names that people use."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox_cli.importing.columns.arrays import distinct, holds
from valuebox_cli.importing.columns.clocks import DAY, EXACT, LOCAL, Shown, Times, civil

ORDERS: Final = ("dmy", "mdy", "ymd")
"""In which days, months and years of two digits may come."""

_TIME: Final = (
    r"(?:(?:[Tt_]|,? +)(?P<H>\d{1,2})(?::(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?"
    r"(?: ?(?P<p>[AaPp])\.?[Mm]\.?)?(?: ?(?P<z>Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?"
)
_YEAR_FIRST: Final = rf"^(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}}){_TIME}$"
_NUMERIC: Final = (
    r"^(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})[-/.](?P<third>\d{4}|\d{2})"
    rf"{_TIME}$"
)
_WEEKDAY: Final = r"(?:[A-Za-z]{2,9},? +)?"
_DAY_THEN_NAME: Final = (
    rf"^{_WEEKDAY}(?P<d>\d{{1,2}})[ -]?(?P<name>[A-Za-z]{{3,9}})\.?,?[ -]?(?P<y>\d{{4}}){_TIME}$"
)
_NAME_THEN_DAY: Final = (
    rf"^{_WEEKDAY}(?P<name>[A-Za-z]{{3,9}})\.? (?P<d>\d{{1,2}}),? (?P<y>\d{{4}}){_TIME}$"
)
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH: Final = {name[:3]: at for at, name in enumerate(_MONTHS, 1)} | {
    **{name: at for at, name in enumerate(_MONTHS, 1)},
    "sept": 9,
}
# As POSIX and Python have it.
_CENTURY_BEGINS: Final = 69
_HALF_DAY: Final = 12
_MICROSECOND_DIGITS: Final = 6


def year_first(texts: pa.Array) -> Shown:
    """ISO 8601 as it is met: with slashes, without leading zeros, with "UTC" or "PM" behind it."""
    if not (parts := _Parts(texts, _YEAR_FIRST)):
        return Shown.nothing(len(texts))
    (found,) = parts.at(civil(parts["y"], parts["m"], parts["d"]))
    return found


def with_names(texts: pa.Array) -> Shown:
    """Moments with English names of months, such as "May 2, 2013" or "2-May-2013 18:20"."""
    found = Shown.nothing(len(texts))
    for pattern in (_DAY_THEN_NAME, _NAME_THEN_DAY):
        if parts := _Parts(texts, pattern):
            (some,) = parts.at(civil(parts["y"], parts.coded("name", _MONTH), parts["d"]))
            found = found.otherwise(some)
    return found


class Numeric(NamedTuple):
    """Dates of three numbers that do not begin with a year of four digits."""

    by_order: dict[str, Shown]
    """What each order makes of them."""
    dotted: NDArray[np.bool_]
    """`(n_rows,)`, whether points stand between the numbers."""


def numeric(texts: pa.Array) -> Numeric:
    """Such dates in every order in which they may be meant."""
    if not (parts := _Parts(texts, _NUMERIC)):
        nothing = Shown.nothing(len(texts))
        return Numeric(dict.fromkeys(ORDERS, nothing), np.zeros(len(texts), dtype=bool))
    first, second, third = (parts[name] for name in ("first", "second", "third"))
    short = parts.lengths("third") == 2
    # A year first, with two digits, is written with dashes if at all.
    may_lead = short & parts.equals("mark", "-")
    last = np.where(short, _with_century(third), third)
    leading = civil(_with_century(first), second, third)
    days = (
        civil(last, second, first),
        civil(last, first, second),
        np.where(may_lead, leading, np.datetime64("NaT", "D")),
    )
    return Numeric(dict(zip(ORDERS, parts.at(*days), strict=True)), parts.equals("mark", "."))


def format_of(text: str, order: str) -> str:
    """How a date of three numbers is written, as `strptime` says it."""
    match = re.match(_NUMERIC, text)
    if match is None:
        raise ValueError(text)
    year = "%Y" if len(match["third"]) > 2 else "%y"
    date = match["mark"].join({"d": "%d", "m": "%m", "y": year}[one] for one in order)
    if match["H"] is None:
        return date
    time = "%I" if match["p"] else "%H"
    time += "".join(
        code
        for group, code in (("M", ":%M"), ("S", ":%S"), ("f", ".%f"), ("p", " %p"), ("z", " %z"))
        if match[group]
    )
    return f"{date} {time}"


def strict(texts: pa.Array) -> Shown | None:
    """ISO 8601 as Arrow reads it, ten times as fast; None unless it reads all of them."""
    days = pc.equal(pc.binary_length(texts), len("2013-05-02"))
    try:
        times = pc.cast(texts, pa.timestamp("us")).to_numpy(zero_copy_only=False)
        kinds = np.where(holds(days), DAY, LOCAL).astype(np.int8)
        return Shown(times, kinds)
    except pa.ArrowInvalid:
        pass
    try:
        zoned = pc.replace_substring_regex(texts, r" ?(UTC|GMT)$", "Z")
        times = pc.cast(zoned, pa.timestamp("us", "UTC")).to_numpy(zero_copy_only=False)
        return Shown.all(times, EXACT)
    except pa.ArrowInvalid:
        return None


def _with_century(years: NDArray[np.int64]) -> NDArray[np.int64]:
    return years + np.where(years >= _CENTURY_BEGINS, 1900, 2000)


class _Parts:
    """What a pattern has found in texts; numbers are 0 where nothing is."""

    def __init__(self, texts: pa.Array, pattern: str):
        self._found = pc.extract_regex(texts, pattern)
        self._matched = holds(self._found.is_valid())

    def __bool__(self) -> bool:
        return bool(self._matched.any())

    def _texts(self, name: str) -> pa.Array:
        return pc.struct_field(self._found, name).fill_null("")

    def __getitem__(self, name: str) -> NDArray[np.int64]:
        return _whole(self._texts(name))

    def lengths(self, name: str) -> NDArray[np.int32]:
        """How many characters a part has."""
        return pc.binary_length(self._texts(name)).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]

    def equals(self, name: str, text: str) -> NDArray[np.bool_]:
        """Where a part is a certain text."""
        return holds(pc.equal(self._texts(name), text))

    def coded(self, name: str, codes: Mapping[str, int]) -> NDArray[np.int64]:
        """A part as numbers that stand for its texts, whatever their case; 0 for others."""
        found = distinct(self._texts(name))
        known = [codes.get(text.lower(), 0) for text in found.values.to_pylist()]
        return np.array(known, dtype=np.int64)[found.codes]

    def at(self, *candidates: Times) -> list[Shown]:
        """Days, as they may be meant, at the times of day that stand behind them."""
        micros, kinds, good = self._times_of_day()
        return [
            Shown(
                np.where(good, days.astype("datetime64[us]") + micros, np.datetime64("NaT", "us")),
                kinds,
            )
            for days in candidates
        ]

    def _times_of_day(self) -> tuple[NDArray[np.timedelta64], NDArray[np.int8], NDArray[np.bool_]]:
        """Times of day in UTC or on some clock, which of that it is, and where there is one."""
        hour, minute, second = self["H"], self["M"], self["S"]
        half = self._texts("p")
        twelve = holds(pc.not_equal(half, ""))
        good = (minute < 60) & (second < 60)
        good &= np.where(twelve, (hour >= 1) & (hour <= _HALF_DAY), hour < 24)
        afternoon = holds(pc.equal(pc.utf8_lower(half), "p"))
        hour = np.where(twelve, hour % _HALF_DAY + _HALF_DAY * afternoon, hour)
        digits = pc.utf8_rpad(self._texts("f"), _MICROSECOND_DIGITS, "0")
        fraction = _whole(pc.utf8_slice_codeunits(digits, 0, _MICROSECOND_DIGITS))
        offset = distinct(self._texts("z"))
        minutes = np.array([_offset(one) for one in offset.values.to_pylist()], dtype=np.int64)
        zone = minutes[offset.codes]
        micros = ((hour * 60 + minute - zone) * 60 + second) * 1_000_000 + fraction
        kinds = np.where(self.lengths("z") > 0, EXACT, LOCAL)
        kinds = np.where(self.lengths("H") == 0, DAY, kinds)
        return micros.astype("timedelta64[us]"), kinds.astype(np.int8), self._matched & good


def _whole(texts: pa.Array) -> NDArray[np.int64]:
    digits = pc.if_else(pc.equal(texts, ""), "0", texts)
    return digits.cast(pa.int64()).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _offset(zone: Any) -> int:
    """Minutes before UTC, of `+02:00`, `-0530` or `+02`."""
    if zone[:1] not in ("+", "-"):
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return minutes if zone[0] == "+" else -minutes
