"""How columns of moments are read once it is clear how they are written."""

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

from valuebox_cli.importing.columns.arrays import distinct, holds, is_number, plain, trimmed
from valuebox_cli.importing.columns.clocks import DAY, EXACT, LOCAL, Shown, Times, in_utc
from valuebox_cli.importing.columns.counted import Rule, numbers_of, since_1970
from valuebox_cli.importing.columns.written import numeric, strict, with_names, year_first

Mask = NDArray[np.bool_]

ISO: Final = "iso"
"""The format of moments that are written with the year first."""
_DIGITS: Final = r"^\d{1,20}(\.\d*)?$"
_TIME_CODES: Final = frozenset("HIMSfpcXTR")


class Moments(NamedTuple):
    """A batch of a column."""

    values: Times
    """Moments, `(n_rows,)` datetime64[us] in UTC; NaT where one is missing or wrong."""
    missing: Mask
    wrong: Mask
    """Which values are there, and are no moment in the years 1970 to 2199."""


@dataclass(frozen=True)
class MomentReader:
    """Reads a column whose meaning is clear."""

    note: str
    """How the column is read, in words."""
    zone: ZoneInfo
    format: str | None = None
    """The format that the mapping gives, if any."""
    order: str | None = None
    """Order of day, month and year in numbers; None where such dates cannot be read."""
    rule: Rule | None = None
    """How numbers are moments; None where none is."""

    def read(self, values: pa.Array | pa.ChunkedArray) -> Moments:
        """A batch as moments."""
        values, missing = normal(values)
        times = in_utc(self._shown(values), self.zone)
        return Moments(times, missing, np.isnat(times) & ~missing)

    def _shown(self, values: pa.Array) -> Shown:
        if (own := native(values)) is not None:
            return own
        is_text = types.is_string(values.type)
        if is_text and self.format in (None, ISO) and (found := strict(values)) is not None:
            return found
        if not is_text and not is_number(values.type):
            return Shown.nothing(len(values))
        each = distinct(values)
        found = self._texts(each.values) if is_text else self._numbers(each.values)
        nothing = np.datetime64("NaT", "us")
        return Shown(each.rows(found.times, nothing), each.rows(found.kinds, LOCAL))

    def _numbers(self, numbers: pa.Array) -> Shown:
        if self.rule is not None:
            return self._by_rule(self.rule, numbers_of(numbers))
        if self.format in (None, ISO):
            return Shown.nothing(len(numbers))
        return _by_format(numbers.cast(pa.string()), self.format)

    def _texts(self, texts: pa.Array) -> Shown:
        if self.format == ISO:
            return year_first(texts)
        if self.format is not None and self.rule is None:
            return _by_format(texts, self.format)
        found = Shown.nothing(len(texts))
        if self.rule is not None:
            found = self._by_rule(self.rule, digits(texts))
        if self.format is None:
            if (order := self.order) is not None:
                found = found.or_read(texts, lambda others: numeric(others).by_order[order])
            found = found.or_read(texts, year_first).or_read(texts, with_names)
        return found

    def _by_rule(self, rule: Rule, numbers: NDArray[Any]) -> Shown:
        return rule.likely(numbers) if self.format is None else rule.shown(numbers)


def normal(values: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, Mask]:
    """The values as they are looked at, and which are missing."""
    values = plain(values)
    if types.is_string(values.type):
        values = trimmed(values)
    return values, holds(values.is_null(nan_is_null=True))


def native(values: pa.Array) -> Shown | None:
    """Values that are moments or days already; None where they are something else."""
    kind = values.type
    if types.is_date(kind):
        return Shown.all(values.cast(pa.timestamp("us"), safe=False).to_numpy(False), DAY)
    if not types.is_timestamp(kind):
        return None
    # As integers, since nothing else says what is beyond the years that microseconds reach.
    times = values.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[kind.unit]
    shown = since_1970(per_second)(times).times
    shown[holds(values.is_null())] = np.datetime64("NaT", "us")
    return Shown.all(shown, LOCAL if kind.tz is None else EXACT)


def digits(texts: pa.Array) -> NDArray[np.float64]:
    """Texts of digits as numbers; NaN for all others."""
    are_digits = pc.match_substring_regex(texts, _DIGITS)
    digits = pc.if_else(are_digits, texts, pa.scalar(None, pa.string()))
    return digits.cast(pa.float64()).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _by_format(texts: pa.Array, format: str) -> Shown:  # noqa: A002
    times = pd.to_datetime(texts.to_pandas(), format=format, errors="coerce", utc=True)
    codes = set(re.findall("%(.)", format))
    kind = EXACT if "z" in codes else LOCAL if codes & _TIME_CODES else DAY
    return Shown.all(times.dt.tz_localize(None).to_numpy(dtype="datetime64[us]"), kind)
