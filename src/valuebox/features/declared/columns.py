"""A value for each event, by column: numbers, or codes of the different values that there are."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.scalars import Scalar, identity, number

Positions = NDArray[np.intp]
Codes = NDArray[Any]


class ManyTexts(Sequence[str]):
    """Different texts, so many that they are kept without a Python object for each."""

    @abstractmethod
    def ranks(self) -> NDArray[np.int64]:
        """The place of each among the sorted ones, by code points."""

    @abstractmethod
    def may_be_numbers(self) -> bool:
        """Whether a text may be written as a number is."""


@dataclass(frozen=True)
class Coded:
    """Values by code: `values[codes[i]]` is that of event i, missing where the code is -1."""

    codes: NDArray[Any]
    values: Sequence[Scalar]

    @classmethod
    def of(cls, values: Iterable[Scalar]) -> Self:
        """Code values, such as texts; 1, 1.0 and true stay apart."""
        known: dict[Any, int] = {}
        codes = [
            known.setdefault(one, len(known))
            if one.__class__ is str
            else -1
            if one is None
            else known.setdefault((one.__class__, one), len(known))
            for one in values
        ]
        found = [one if one.__class__ is str else one[1] for one in known]
        return cls(np.array(codes, dtype=np.int32), found)

    @classmethod
    def constant(cls, value: Scalar, count: int) -> Self:
        """The same value for every event."""
        code = -1 if value is None else 0
        return cls(np.full(count, code, dtype=np.int32), [] if value is None else [value])

    def mapped(self, values: Iterable[Any], missing: Any, kind: Any) -> NDArray[Any]:
        """Something for each event that follows from its value, `(n_events,)`.

        Args:
            values: For each of `self.values`.
            missing: For events without a value.
            kind: Type of the array.
        """
        # The code of what is missing is -1, which picks the last.
        found: NDArray[Any] = np.array([*values, missing], dtype=kind)[self.codes]
        return found


Column = NDArray[np.float64] | Coded
"""Numbers with NaN for missing, or codes."""
Read = Callable[[str], Column]
"""The column of a name."""


def taken(column: Column, rows: Any) -> Column:
    """The values of some events, in the order of their positions."""
    if isinstance(column, Coded):
        return Coded(column.codes[rows], column.values)
    found: NDArray[np.float64] = column[rows]
    return found


def joined(parts: Sequence[Column]) -> Column:
    """The values of several columns of the same kind, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    if isinstance(first, Coded):
        codes = [one.codes for one in parts if isinstance(one, Coded)]
        return Coded(np.concatenate(codes), first.values)
    return np.concatenate([numbers(one) for one in parts])


def coded(column: Column) -> Coded:
    """A column by code."""
    if isinstance(column, Coded):
        return column
    there = ~np.isnan(column)
    values, codes = np.unique(column[there], return_inverse=True)
    found = np.full(len(column), -1, dtype=np.int64)
    found[there] = codes
    return Coded(found, values.tolist())


def numbers(column: Column) -> NDArray[np.float64]:
    """A column as numbers, `(n_events,)`; NaN where a value is none."""
    if not isinstance(column, Coded):
        return column
    found = (number(one) for one in column.values)
    return column.mapped([np.nan if one is None else one for one in found], np.nan, np.float64)


def identities(column: Column) -> Codes:
    """Codes that equal values share, `(n_events,)`; -1 where a value is missing."""
    column = coded(column)
    if isinstance(column.values, ManyTexts) and not column.values.may_be_numbers():
        return column.codes
    known: dict[Any, int] = {}
    return column.mapped(
        [known.setdefault(identity(one), len(known)) for one in column.values], -1, np.int64
    )


def values(column: Column, rows: Positions) -> list[Scalar]:
    """The values of some events as Python has them."""
    if isinstance(column, Coded):
        known = [*column.values, None]
        return [known[code] for code in column.codes[rows].tolist()]
    return [None if one != one else one for one in column[rows].tolist()]
