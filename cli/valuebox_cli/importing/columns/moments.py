"""Columns of moments: which of the many ways to write a moment a column uses."""

from collections import Counter
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import types

from valuebox_cli.importing.columns.arrays import distinct, is_number
from valuebox_cli.importing.columns.clocks import DAY, LOCAL, Shown
from valuebox_cli.importing.columns.counted import (
    INFERRED,
    RULES,
    Rule,
    numbers_of,
)
from valuebox_cli.importing.columns.moment_reader import (
    ISO,
    Mask,
    MomentReader,
    digits,
    native,
    normal,
)
from valuebox_cli.importing.columns.order import OrderEvidence
from valuebox_cli.importing.columns.unclear import Examples, UnclearColumn
from valuebox_cli.importing.columns.written import (
    DAY_FIRST,
    numeric,
    strict,
    with_names,
    year_first,
)

_BY_NAME: Final = {rule.name: rule for rule in RULES}
_NATIVE: Final = "moments"
_YEAR_FIRST: Final = "the year first, or the month by its name"
_CHOICES: Final = ", ".join(
    f'"{name}"' for name in (ISO, *(rule.name for rule in RULES if "%" not in rule.name))
)


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
        """Number of rows by the way they are written in, where there is no doubt."""
        self._counted: Counter[str] = Counter()
        """Number of rows by the rules that their numbers fit."""
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
            values, missing = normal(values)
            is_read = self._seen(values, ~missing)
            self._unread.add(values, ~is_read & ~missing, self._before)
        self._before += len(values)

    def _seen(self, values: pa.Array, there: Mask) -> Mask:
        """Which rows hold something that may be a moment."""
        if (own := native(values)) is not None:
            self._note(own, there)
            self._clear[_NATIVE] += int(there.sum())
            return there
        is_text = types.is_string(values.type)
        if is_text and (iso := strict(values)) is not None:
            self._note(iso, there)
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
        counted = self._see_numbers(digits(each.values), rows)
        self._numbers.add(values, each.rows(counted, False) & there, self._before)
        others = ~counted
        texts = each.values.filter(pa.array(others))
        ordered = np.zeros(len(others), dtype=bool)
        ordered[others] = self._see_dates(texts, rows[others])
        self._orders.examples.add(values, each.rows(ordered, False) & there, self._before)
        others &= ~ordered
        texts = each.values.filter(pa.array(others))
        clear = np.zeros(len(others), dtype=bool)
        clear[others] = self._see_clear(texts, rows[others])
        return each.rows(counted | ordered | clear, False) & there

    def _see_dates(self, texts: pa.Array, rows: NDArray[np.int64]) -> Mask:
        dates = numeric(texts)
        ordered = self._orders.add(texts, dates, rows)
        self._note(dates.by_order[DAY_FIRST], ordered)
        return ordered

    def _see_clear(self, texts: pa.Array, rows: NDArray[np.int64]) -> Mask:
        found = year_first(texts).or_read(texts, with_names)
        clear = ~np.isnat(found.times)
        self._note(found, clear)
        self._clear[_YEAR_FIRST] += int(rows[clear].sum())
        return clear

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
        """The order in which most dates are, if there are any."""
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
