"""Columns of moments: which of the many ways to write a moment a column uses."""

import re
from collections import Counter
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
from valuebox_cli.importing.columns.counted import (
    INFERRED,
    RULES,
    Rule,
    numbers_of,
    since_1970,
)
from valuebox_cli.importing.columns.order import OrderEvidence
from valuebox_cli.importing.columns.unclear import Examples, UnclearColumn
from valuebox_cli.importing.columns.written import numeric, strict, with_names, year_first

Mask = NDArray[np.bool_]

ISO: Final = "iso"
"""The format of moments that are written with the year first."""
_BY_NAME: Final = {rule.name: rule for rule in RULES}
_NATIVE: Final = "moments"
_YEAR_FIRST: Final = "the year first, or the month by its name"
_DIGITS: Final = r"^\d{1,20}(\.\d*)?$"
_TIME_CODES: Final = frozenset("HIMSfpcXTR")
_CHOICES: Final = ", ".join(
    f'"{name}"' for name in (ISO, *(rule.name for rule in RULES if "%" not in rule.name))
)


class Moments(NamedTuple):
    """A batch of a column."""

    values: Times
    """`(n_rows,)` datetime64[us], in UTC; NaT where one is missing or wrong."""
    missing: Mask
    wrong: Mask
    """What is there, and is no moment in the years 1970 to 2199."""


@dataclass(frozen=True)
class MomentReader:
    """Reads a column whose meaning is clear."""

    note: str
    """How it is read, in words."""
    zone: ZoneInfo
    format: str | None = None
    """What the mapping says of it."""
    order: str | None = None
    """Of day, month and year where each is a number; None where such dates cannot be read."""
    rule: Rule | None = None
    """How numbers are moments; None where none is."""

    def read(self, values: pa.Array | pa.ChunkedArray) -> Moments:
        """A batch as moments."""
        values, missing = _normal(values)
        times = in_utc(self._shown(values), self.zone)
        return Moments(times, missing, np.isnat(times) & ~missing)

    def _shown(self, values: pa.Array) -> Shown:
        if (native := _native(values)) is not None:
            return native
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
            found = self._by_rule(self.rule, _digits(texts))
        if self.format is None:
            found = found.otherwise(year_first(texts)).otherwise(with_names(texts))
            if self.order is not None:
                found = found.otherwise(numeric(texts).by_order[self.order])
        return found

    def _by_rule(self, rule: Rule, numbers: NDArray[Any]) -> Shown:
        return rule.likely(numbers) if self.format is None else rule.shown(numbers)


class MomentColumn:
    """A column of moments, until it is clear how they are written."""

    def __init__(self, name: str, zone: ZoneInfo, format: str | None = None):  # noqa: A002
        """Begin with nothing seen.

        Args:
            name: Of the column, for what is said of it.
            zone: Of moments and days that come without one.
            format: How they are written, if the mapping says so: `iso`, `epoch_s`, `epoch_ms`,
                `epoch_us`, `epoch_ns`, `epoch_days`, `excel`, `year`, or as `strptime` has it.

        Raises:
            UnclearColumn: when there is no such format.
        """
        self._name, self._zone, self._format = name, zone, format
        self._before = 0
        self._clear: Counter[str] = Counter()
        """Rows by what they are written in, where there is no doubt."""
        self._counted: Counter[str] = Counter()
        """Rows by the rules that their numbers fit."""
        self._orders = OrderEvidence()
        self._numbers = Examples()
        self._unread = Examples()
        self._is_imprecise = False
        self._kinds: set[int] = set()
        if format is not None:
            _check(name, format)

    def see(self, values: pa.Array | pa.ChunkedArray) -> None:
        """Look at a batch; at all of them, in the order of the rows."""
        if self._format is None:
            values, missing = _normal(values)
            is_read = self._seen(values, ~missing)
            self._unread.add(values, ~is_read & ~missing, self._before)
        self._before += len(values)

    def _seen(self, values: pa.Array, there: Mask) -> Mask:
        """Which rows hold something that may be a moment."""
        if (native := _native(values)) is not None:
            self._note(native, there)
            self._clear[_NATIVE] += int(there.sum())
            return there
        is_text = types.is_string(values.type)
        if is_text and (clear := strict(values)) is not None:
            self._note(clear, there)
            self._clear[_YEAR_FIRST] += int(there.sum())
            return there
        if not is_text and not is_number(values.type):
            return np.zeros(len(values), dtype=bool)
        each = distinct(values)
        rows = np.bincount(each.codes[there], minlength=len(each.values))
        if not is_text:
            self._is_imprecise |= types.is_float32(values.type)
            counted = each.rows(self._see_numbers(numbers_of(each.values), rows), False) & there
            self._numbers.add(values, counted, self._before)
            return counted
        counted = self._see_numbers(_digits(each.values), rows)
        self._numbers.add(values, each.rows(counted, False) & there, self._before)
        dates = numeric(each.values)
        ordered = self._orders.add(each.values, dates, rows)
        self._orders.examples.add(values, each.rows(ordered, False) & there, self._before)
        clear = year_first(each.values).otherwise(with_names(each.values))
        is_clear = ~np.isnat(clear.times)
        self._note(clear, is_clear)
        self._note(next(iter(dates.by_order.values())), ordered)
        self._clear[_YEAR_FIRST] += int(rows[is_clear].sum())
        return each.rows(counted | ordered | is_clear, False) & there

    def _see_numbers(self, numbers: NDArray[Any], rows: NDArray[np.int64]) -> Mask:
        counted = np.zeros(len(numbers), dtype=bool)
        for rule in INFERRED:
            found = rule.likely(numbers)
            fits = ~np.isnat(found.times)
            if fits.any():
                self._note(found, fits)
                self._counted[rule.name] += int(rows[fits].sum())
            counted |= fits
        return counted

    def _note(self, shown: Shown, rows: Mask) -> None:
        self._kinds.update(np.unique(shown.kinds[rows]).tolist())

    def decide(self) -> MomentReader:
        """How to read the column.

        Raises:
            UnclearColumn: when it can be read in several ways, or in none.
        """
        if (given := self._format) is not None:
            rule = _BY_NAME.get(given)
            return MomentReader(rule.told if rule else given, self._zone, given, rule=rule)
        rule, order = self._rule(), self._order()
        told = [one for one, rows in self._clear.items() if rows]
        if rule is not None:
            told.append(rule.told)
        if order is not None and self._orders.count:
            told.append(self._orders.format(order))
        if not told and self._unread:
            raise UnclearColumn(
                f"{self._name} holds nothing that is clearly a moment: {self._unread}; if it "
                f"does, say how they are written: format = one of {_CHOICES}, or as strptime has "
                'it, such as "%d/%m/%Y %H:%M"'
            )
        return MomentReader(self._told(told), self._zone, None, order, rule)

    def _rule(self) -> Rule | None:
        """What most of the numbers are."""
        if not self._counted:
            return None
        if self._is_imprecise:
            raise UnclearColumn(
                f"{self._name}: numbers of 32 bits hold the time since 1970 only to two minutes: "
                f'{self._numbers}; to read them all the same, say format = "epoch_s"'
            )
        (name, rows), *others = self._counted.most_common(2)
        if others and others[0][1] == rows:
            if rows >= self._clear.total() + self._orders.count:
                raise self._several([name, others[0][0]], self._numbers)
            return None
        return _BY_NAME[name]

    def _order(self) -> str | None:
        """In which order most dates are, if there are any."""
        order, rows = self._orders.order(), self._orders.count
        if order is None and rows >= self._clear.total() + self._counted.total():
            raise self._several(self._orders.formats(), self._orders.examples)
        return order

    def _several(self, formats: list[str], examples: Examples) -> UnclearColumn:
        choices = " or ".join(f'"{one}"' for one in formats)
        return UnclearColumn(
            f"{self._name} can be read in several ways: {examples}; say format = {choices}"
        )

    def _told(self, written: list[str]) -> str:
        told = " and ".join(written) or "no values"
        if self._zone.key == "UTC":
            return told
        if LOCAL in self._kinds:
            told += f", on the clock of {self._zone.key}"
        if DAY in self._kinds:
            told += f", days by themselves once they have begun in {self._zone.key} and UTC"
        return told


def _normal(values: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, Mask]:
    """The values as they are looked at, and which are missing."""
    values = plain(values)
    if types.is_string(values.type):
        values = trimmed(values)
    return values, holds(values.is_null(nan_is_null=True))


def _native(values: pa.Array) -> Shown | None:
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


def _digits(texts: pa.Array) -> NDArray[np.float64]:
    """Texts of digits as numbers; NaN for all others."""
    are_digits = pc.match_substring_regex(texts, _DIGITS)
    digits = pc.if_else(are_digits, texts, pa.scalar(None, pa.string()))
    return digits.cast(pa.float64()).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _by_format(texts: pa.Array, format: str) -> Shown:  # noqa: A002
    times = pd.to_datetime(texts.to_pandas(), format=format, errors="coerce", utc=True)
    codes = set(re.findall("%(.)", format))
    kind = EXACT if "z" in codes else LOCAL if codes & _TIME_CODES else DAY
    return Shown.all(times.dt.tz_localize(None).to_numpy(dtype="datetime64[us]"), kind)


def _check(name: str, format: str) -> None:  # noqa: A002
    if format == ISO or format in _BY_NAME:
        return
    try:
        if "%" not in format:
            raise ValueError(format)
        pd.to_datetime(pd.Series(["x"]), format=format, errors="coerce", utc=True)
    except ValueError:
        raise UnclearColumn(
            f"{name}: there is no format {format!r}; it is one of {_CHOICES}, or as strptime has "
            'it, such as "%d/%m/%Y %H:%M"'
        ) from None
