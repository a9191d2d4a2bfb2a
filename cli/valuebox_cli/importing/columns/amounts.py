"""Columns of amounts of money: which separator they use, and which currencies they name."""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

from valuebox.facts.schemas import MAX_AMOUNT
from valuebox_cli.importing.columns.arrays import distinct, holds, is_number, plain, trimmed
from valuebox_cli.importing.columns.currencies import currency_of
from valuebox_cli.importing.columns.money import (
    SEPARATORS,
    Separator,
    fits,
    number,
    taken_apart,
)
from valuebox_cli.importing.columns.unclear import Examples, UnclearColumn

Mask = NDArray[np.bool_]

_WHOLE: Final = r"^[+-]?\d+([eE][+-]?\d+)?$"
_CENTS: Final = r"^[+-]?(\d*[{0}](\d{{1,2}}|\d{{4,}})|(0+|\d{{4,}})?[{0}]\d{{3}})([eE][+-]?\d+)?$"
_PLAIN: Final = r"^[+-]?(\d+[{0}]?\d*|[{0}]\d+)([eE][+-]?\d+)?$"
_THREE: Final = re.compile(r"[.,]\d{3}$")
# Up to this share of amounts may contradict the others before doubtful ones are not read.
_MISTAKES: Final = 0.01
_WORDS: Final = {".": "a point", ",": "a comma"}


class Amounts(NamedTuple):
    """A batch of a column."""

    value: NDArray[np.float64]
    """Amounts, `(n_rows,)`; NaN where one is missing or wrong."""
    currency: NDArray[np.object_]
    """Currency code beside each amount, `(n_rows,)`, or None."""
    understood: Mask
    """Which amounts were no plain numbers."""
    wrong: Mask
    """Which values are there, and are no amount that can be read."""


@dataclass(frozen=True)
class AmountReader:
    """Reads a column whose separator is clear."""

    note: str
    """How the column is read, in words."""
    decimal: Separator
    """What stands before cents."""
    known: str | None = None
    """The currency of amounts that come without one."""
    is_contested: bool = False
    """Whether both separators are used: then nothing is read that either might mean."""

    def read(self, values: pa.Array | pa.ChunkedArray) -> Amounts:
        """A batch as amounts."""
        values = plain(values)
        nobody = np.full(len(values), None, dtype=object)
        if is_number(values.type):
            if types.is_decimal(values.type):
                # By way of texts, as they are meant: 5.10 is 5.1, and not 5.1000000000000005.
                values = values.cast(pa.string())
            found = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
            there = ~np.isnan(found)
            return self._bounded(found.copy(), nobody, np.zeros(len(values), dtype=bool), there)
        if not types.is_string(values.type):
            there = ~holds(values.is_null())
            empty = np.full(len(values), np.nan)
            return self._bounded(empty, nobody, np.zeros(len(values), dtype=bool), there)
        each = distinct(trimmed(values))
        numbers, currencies, is_plain = self._texts(each.values)
        return self._bounded(
            each.rows(numbers, np.nan),
            each.rows(currencies, None),
            ~each.rows(is_plain, True),
            each.codes >= 0,
        )

    def _bounded(
        self,
        found: NDArray[np.float64],
        currency: NDArray[np.object_],
        understood: Mask,
        there: Mask,
    ) -> Amounts:
        found[~(np.abs(found) <= MAX_AMOUNT)] = np.nan
        wrong = there & np.isnan(found)
        currency[wrong] = None
        return Amounts(found, currency, understood & ~wrong, wrong)

    def _texts(self, texts: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.object_], Mask]:
        is_plain = _matches(texts, _PLAIN.format(self.decimal))
        if self.is_contested:
            is_plain &= _matches(texts, _WHOLE) | _matches(texts, _CENTS.format(self.decimal))
        bare = pc.if_else(pa.array(is_plain), texts, pa.scalar(None, pa.string()))
        pointed = pc.replace_substring(pc.utf8_ltrim(bare, "+"), self.decimal, ".")
        numbers = pointed.cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
        currencies = np.full(len(texts), None, dtype=object)
        for at in np.flatnonzero(~is_plain).tolist():
            numbers[at], currencies[at] = self._written(texts[at].as_py())
        return numbers, currencies, is_plain & (_matches(texts, _PLAIN.format(".")))

    def _written(self, text: str) -> tuple[float, str | None]:
        nothing = np.nan, None
        written = taken_apart(text)
        if written is None:
            return nothing
        currency = written.unit and currency_of(written.unit, self.known)
        if written.unit and currency is None:
            return nothing
        if self.is_contested and _is_doubtful(written.body):
            return nothing
        possible = fits(written.body)
        if not possible:
            return nothing
        # What can be read in one way alone is read so, whatever the others have before cents: but
        # three digits behind it may still be meant as thousands.
        decimal = self.decimal if self.decimal in possible else min(possible)
        if decimal != self.decimal and _THREE.search(written.body):
            return nothing
        value = float(number(written.body, decimal) or "nan")
        return -value if written.is_negative else value, currency


class AmountColumn:
    """A column of amounts, until it is clear which separator it uses."""

    def __init__(self, name: str, decimal: Separator | None = None, currency: str | None = None):
        """Begin with nothing seen.

        Args:
            name: Of the column, for what is said of it.
            decimal: What stands before cents, if the mapping says so.
            currency: Of amounts that come without one; tells whose dollar a "$" is.
        """
        self._name, self._decimal, self._currency = name, decimal, currency
        self._before = 0
        self._rows = dict.fromkeys(_KINDS, 0)
        self._examples = {kind: Examples() for kind in _KINDS}

    def see(self, values: pa.Array | pa.ChunkedArray) -> None:
        """Look at a batch; at all of them, in the order of the rows."""
        before, self._before = self._before, self._before + len(values)
        values = plain(values)
        if self._decimal is not None or not types.is_string(values.type):
            return
        texts = trimmed(values)
        each = distinct(texts)
        rows = np.bincount(each.codes[each.codes >= 0], minlength=len(each.values))
        for kind, chosen in _kinds(each.values).items():
            if chosen.any():
                self._rows[kind] += int(rows[chosen].sum())
                self._examples[kind].add(texts, each.rows(chosen, False), before)

    def decide(self) -> AmountReader:
        """How to read the column.

        Raises:
            UnclearColumn: when nothing tells which separator it uses, and there are some.
        """
        decimal, is_contested = self._decimal, False
        if decimal is None:
            point, comma = self._rows["."], self._rows[","]
            if point == comma and (point or self._rows[_EITHER]):
                shown = ", ".join(str(one) for one in self._examples.values() if one)
                raise UnclearColumn(
                    f"{self._name} can be read in several ways: {shown}; say what stands before "
                    'the cents: decimal = "." or decimal = ","'
                )
            decimal = "," if comma > point else "."
            is_contested = min(point, comma) > _MISTAKES * max(point, comma)
        note = f"{_WORDS[decimal]} before cents"
        return AmountReader(note, decimal, self._currency, is_contested)


_EITHER: Final = "either"
_KINDS: Final = (*SEPARATORS, _EITHER)


def _kinds(texts: pa.Array) -> dict[str, Mask]:
    """Which texts have cents behind a point, behind a comma, or behind either of them."""
    kinds = {one: _matches(texts, _CENTS.format(one)) for one in SEPARATORS}
    found = kinds | {_EITHER: np.zeros(len(texts), dtype=bool)}
    others = ~np.logical_or.reduce([_matches(texts, _WHOLE), *kinds.values()])
    for at in np.flatnonzero(others).tolist():
        written = taken_apart(texts[at].as_py())
        if written is not None and any(one in written.body for one in SEPARATORS):
            possible = fits(written.body)
            for kind in possible if len(possible) == 1 else [_EITHER] * bool(possible):
                found[kind][at] = True
    return found


def _is_doubtful(body: str) -> bool:
    return any(one in body for one in SEPARATORS) and len(fits(body)) > 1


def _matches(texts: pa.Array, pattern: str) -> Mask:
    return holds(pc.match_substring_regex(texts, pattern))
