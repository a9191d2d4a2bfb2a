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
"""Orders in which days, months and years of two digits may come."""
DAY_FIRST: Final = "dmy"

_TIME: Final = (
    r"(?:(?:[Tt_]|,? +)(?P<H>\d{1,2})(?::(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?"
    r"(?: ?(?P<p>[AaPp])\.?[Mm]\.?)?(?: ?(?P<z>Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?"
)
_YEAR_FIRST: Final = r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
_NUMERIC: Final = r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})[-/.](?P<third>\d{4}|\d{2})"
_WEEKDAY: Final = r"(?:[A-Za-z]{2,9},? +)?"
_DAY_THEN_NAME: Final = (
    rf"{_WEEKDAY}(?P<d>\d{{1,2}})[ -]?(?P<name>[A-Za-z]{{3,9}})\.?,?[ -]?(?P<y>\d{{4}}|\d{{2}})"
)
_NAME_THEN_DAY: Final = rf"{_WEEKDAY}(?P<name>[A-Za-z]{{3,9}})\.? (?P<d>\d{{1,2}}),? (?P<y>\d{{4}})"
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
_PLAINLY_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d")
_ZONED: Final = re.compile(r"[T ].*(Z|[+-]\d\d:?(\d\d)?)$")
_UTC: Final = " UTC"


def year_first(texts: pa.Array) -> Shown:
    """ISO 8601 as it is met: with slashes, without leading zeros, with "UTC" or "PM" behind it."""
    if not (parts := _Parts(texts, _YEAR_FIRST)):
        return Shown.nothing(len(texts))
    return parts.at(civil(parts["y"], parts["m"], parts["d"]))


def with_names(texts: pa.Array) -> Shown:
    """Moments with English names of months, such as "May 2, 2013" or "2-May-13 18:20"."""
    found = Shown.nothing(len(texts))
    for pattern in (_DAY_THEN_NAME, _NAME_THEN_DAY):
        if parts := _Parts(texts, pattern):
            months = parts.coded("name", _MONTH)
            short = parts.lengths("y") == 2
            years = np.where(short, _with_century(parts["y"]), parts["y"])
            found = found.otherwise(parts.at(civil(years, months, parts["d"])))
    return found


class Numeric(NamedTuple):
    """Dates of three numbers that do not begin with a year of four digits."""

    by_order: dict[str, Shown]
    """What each order makes of the dates."""
    dotted: NDArray[np.bool_]
    """Whether points stand between the numbers, `(n_rows,)`."""


def numeric(texts: pa.Array) -> Numeric:
    """Dates of three numbers, in every order in which they may be meant."""
    if not (parts := _Parts(texts, _NUMERIC)):
        nothing = Shown.nothing(len(texts))
        return Numeric(dict.fromkeys(ORDERS, nothing), np.zeros(len(texts), dtype=bool))
    first, second, third = (parts[name] for name in ("first", "second", "third"))
    short = parts.lengths("third") == 2
    last = np.where(short, _with_century(third), third)
    # A year first, with two digits, is written with dashes if at all.
    leading = civil(_with_century(first), second, third)
    may_lead = short & parts.equals("mark", "-")
    days = {
        "dmy": civil(last, second, first),
        "mdy": civil(last, first, second),
        "ymd": np.where(may_lead, leading, np.datetime64("NaT", "D")),
    }
    by_order = {order: parts.at(found) for order, found in days.items()}
    return Numeric(by_order, parts.equals("mark", ".")[parts.dates.codes])


def format_of(text: str, order: str) -> str:
    """How a date of three numbers is written, as `strptime` says it."""
    match = re.fullmatch(_NUMERIC + _TIME, text)
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
    first = next((one.as_py() for one in texts if one.is_valid), None)
    if first is None or not _PLAINLY_ISO.match(first):
        return None
    is_utc = first.endswith(_UTC) and bool(pc.all(pc.ends_with(texts, _UTC)).as_py())
    is_zoned = _ZONED.search(first) is not None
    if is_utc:
        texts = pc.utf8_slice_codeunits(texts, 0, -len(_UTC))
    try:
        times = pc.cast(texts, pa.timestamp("us", "UTC" if is_zoned else None))
    except pa.ArrowInvalid:
        return None
    found: Times = times.to_numpy(zero_copy_only=False)
    if is_utc or is_zoned:
        return Shown.all(found, EXACT)
    days = holds(pc.equal(pc.binary_length(texts), len("2013-05-02")))
    return Shown(found, np.where(days, DAY, LOCAL).astype(np.int8))


def _with_century(years: NDArray[np.int64]) -> NDArray[np.int64]:
    return years + np.where(years >= _CENTURY_BEGINS, 1900, 2000)


class _Parts:
    """What a pattern has found in texts, by the distinct dates in them.

    There are few of those, and few distinct times of day, even where no two texts are the same.
    """

    def __init__(self, texts: pa.Array, pattern: str):
        split = pc.extract_regex(texts, f"^(?P<date>{_bare(pattern)})(?P<time>{_bare(_TIME)})$")
        self._matched = holds(split.is_valid())
        self.dates = distinct(pc.struct_field(split, "date").fill_null(""))
        self._times = distinct(pc.struct_field(split, "time").fill_null(""))
        self._of_dates = pc.extract_regex(self.dates.values, f"^{pattern}$")

    def __bool__(self) -> bool:
        return bool(self._matched.any())

    def __getitem__(self, name: str) -> NDArray[np.int64]:
        """A part as numbers, 0 where there is none; for each distinct date, as below."""
        return _whole(self._texts(name))

    def _texts(self, name: str) -> pa.Array:
        return pc.struct_field(self._of_dates, name).fill_null("")

    def lengths(self, name: str) -> NDArray[np.int32]:
        """How many characters a part has."""
        return pc.binary_length(self._texts(name)).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]

    def equals(self, name: str, text: str) -> NDArray[np.bool_]:
        """Where a part is a certain text."""
        return holds(pc.equal(self._texts(name), text))

    def coded(self, name: str, codes: Mapping[str, int]) -> NDArray[np.int64]:
        """A part as numbers that stand for its texts, whatever their case; 0 for others."""
        known = [codes.get(text.lower(), 0) for text in self._texts(name).to_pylist()]
        return np.array(known, dtype=np.int64)

    def at(self, days: Times) -> Shown:
        """What the distinct dates mean, at the times of day that stand behind them.

        Returns:
            A moment for each of the texts, NaT for those in which nothing was found.
        """
        times, kinds = _times_of_day(self._times.values)
        found = days.astype("datetime64[us]")[self.dates.codes] + times[self._times.codes]
        nothing = np.datetime64("NaT", "us")
        return Shown(np.where(self._matched, found, nothing), kinds[self._times.codes])


def _bare(pattern: str) -> str:
    """A pattern of moments without the names of its groups."""
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


def _times_of_day(texts: pa.Array) -> tuple[NDArray[np.timedelta64], NDArray[np.int8]]:
    """Times of day, NaT where there is no such time, and whether they are in UTC."""
    found = pc.extract_regex(texts, f"^{_TIME}$")
    part = {name: pc.struct_field(found, name).fill_null("") for name in "HMSfpz"}
    hour, minute, second = (_whole(part[name]) for name in "HMS")
    twelve = holds(pc.not_equal(part["p"], ""))
    good = (minute < 60) & (second < 60)
    good &= np.where(twelve, (hour >= 1) & (hour <= _HALF_DAY), hour < 24)
    afternoon = holds(pc.equal(pc.utf8_lower(part["p"]), "p"))
    hour = np.where(twelve, hour % _HALF_DAY + _HALF_DAY * afternoon, hour)
    digits = pc.utf8_rpad(part["f"], _MICROSECOND_DIGITS, "0")
    fraction = _whole(pc.utf8_slice_codeunits(digits, 0, _MICROSECOND_DIGITS))
    zone = np.array([_offset(one) for one in part["z"].to_pylist()], dtype=np.int64)
    micros = ((hour * 60 + minute - zone) * 60 + second) * 1_000_000 + fraction
    kinds = np.where(holds(pc.not_equal(part["z"], "")), EXACT, LOCAL)
    kinds = np.where(holds(pc.equal(part["H"], "")), DAY, kinds)
    times = np.where(good, micros.astype("timedelta64[us]"), np.timedelta64("NaT", "us"))
    return times, kinds.astype(np.int8)


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
