"""What expressions are worth for every event: by the different values that there are."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared import scalars
from valuebox.features.declared.columns import Coded, Column, Read, coded, taken
from valuebox.features.declared.scalars import Scalar
from valuebox.features.declared.worth import Worth, asked_by, asks, of_event
from valuebox.schemas.expressions import Expression

Holds = Callable[[Read, int], NDArray[np.bool_]]
"""Whether an expression is true of each of so many events."""
Worths = Callable[[Read, int], Column]
"""What an expression is worth for each of so many events."""
_SIGNS: Final = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


@dataclass(frozen=True)
class OfEvents:
    """A checked expression, ready to be worked out for many events."""

    column: Worths
    holds: Holds


def of_events(whole: Expression, node: ast.expr) -> OfEvents:
    """What works out a checked expression for many events."""
    match node:
        case ast.BoolOp():
            parts = [of_events(whole, one).holds for one in node.values]
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return _truths(lambda read, count: join.reduce([one(read, count) for one in parts]))
        case ast.UnaryOp(op=ast.Not()):
            holds = of_events(whole, node.operand).holds
            return _truths(lambda read, count: ~holds(read, count))
        case ast.Compare(
            left=left, ops=[sign], comparators=[ast.Constant(value=int() | float() as bound)]
        ) if (
            type(sign) in _SIGNS
            and not isinstance(bound, bool)
            and (asked := asks(whole, left)) is not None
        ):
            by_value = _leaf([asked], of_event(whole, node))
            return _truths(_beyond(asked, _SIGNS[type(sign)], float(bound), by_value.holds))
    if (asked := asks(whole, node)) is not None:
        return OfEvents(_whole_column(asked), _truth_of(asked))
    return _leaf(asked_by(whole, node), of_event(whole, node))


def _leaf(names: Sequence[str], worth: Worth) -> OfEvents:
    """An expression that is worked out for every combination of values that there is."""

    def results(read: Read, count: int) -> tuple[NDArray[Any], Iterator[Scalar]]:
        columns = [coded(read(name)) for name in names]
        codes, combinations = _combinations(columns, count)
        rows = (dict(zip(names, one, strict=True)) for one in combinations)
        return codes, (worth(row.__getitem__) for row in rows)

    def column(read: Read, count: int) -> Column:
        codes, found = results(read, count)
        return taken(Coded.of(found), codes)

    def holds(read: Read, count: int) -> NDArray[np.bool_]:
        codes, found = results(read, count)
        truths: NDArray[np.bool_] = np.array(
            [scalars.true(one) is True for one in found], dtype=np.bool_
        )[codes]
        return truths

    return OfEvents(column, holds)


def _truth_of(name: str) -> Holds:
    def holds(read: Read, _: int) -> NDArray[np.bool_]:
        found = coded(read(name))
        return found.mapped([scalars.true(one) is True for one in found.values], False, np.bool_)

    return holds


def _beyond(name: str, sign: Any, bound: float, by_value: Holds) -> Holds:
    """Whether numbers are on a side of a bound: of amounts nearly every one may be different."""

    def holds(read: Read, count: int) -> NDArray[np.bool_]:
        column = read(name)
        if isinstance(column, Coded):
            return by_value(read, count)
        found: NDArray[np.bool_] = sign(column, bound)
        return found

    return holds


def _truths(holds: Holds) -> OfEvents:
    return OfEvents(
        lambda read, count: Coded(holds(read, count).astype(np.int32), [False, True]), holds
    )


def _whole_column(name: str) -> Worths:
    return lambda read, _: read(name)


def _combinations(
    columns: Sequence[Coded], count: int
) -> tuple[NDArray[Any], list[tuple[Scalar, ...]]]:
    """Different combinations of the values of some columns, and the place of that of each event."""
    if not columns:
        return np.zeros(count, dtype=np.int64), [()]
    known = [[*one.values, None] for one in columns]
    if len(columns) == 1:
        # The code of what is missing is -1, which picks the last.
        return columns[0].codes, [(value,) for value in known[0]]
    whole: NDArray[Any] = np.zeros(count, dtype=np.int64)
    rows = np.zeros(1, dtype=np.int64)
    for one in columns:
        most = len(rows) * (len(one.values) + 1)
        rows, whole = _first_and_place(whole * (len(one.values) + 1) + one.codes + 1, most)
    picked = [one.codes[rows].tolist() for one in columns]
    values = [[each[code] for code in codes] for each, codes in zip(known, picked, strict=True)]
    return whole, list(zip(*values, strict=True))


def _first_and_place(numbers: NDArray[Any], most: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where each different number is found, and which of these each is.

    Args:
        numbers: Not negative.
        most: What all of them are smaller than.
    """
    if most > len(numbers):
        _, rows, place = np.unique(numbers, return_index=True, return_inverse=True)
        return rows, place
    row = np.full(most, -1, dtype=np.int64)
    row[numbers] = np.arange(len(numbers))
    there = np.flatnonzero(row >= 0)
    found = np.empty(most, dtype=np.int64)
    found[there] = np.arange(len(there))
    return row[there], found[numbers]
