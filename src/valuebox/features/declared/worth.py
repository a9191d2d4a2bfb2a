"""What expressions are worth: of one event, and so of columns of them."""

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared import scalars
from valuebox.features.declared.columns import Coded, Column, Read, coded, taken
from valuebox.features.declared.scalars import Scalar
from valuebox.schemas.expressions import Expression

PREVIOUS: Final = "previous"
BLOCK: Final = "block"
SIGNS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
ARITHMETIC: Final[dict[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
    ast.Mod: lambda one, other: one % other,
}


def _about_texts(about: Callable[[str, str], bool]) -> Callable[[Scalar, Scalar], bool]:
    def of(one: Scalar, other: Scalar) -> bool:
        said, part = scalars.text(one), scalars.text(other)
        return said is not None and part is not None and about(said, part)

    return of


def _absolute(value: Scalar) -> float | None:
    found = scalars.number(value)
    return None if found is None else abs(found)


def _lower(value: Scalar) -> str | None:
    said = scalars.text(value)
    return None if said is None else said.lower()


OF_ONE: Final[dict[str, Callable[[Scalar], Scalar]]] = {
    "number": scalars.number,
    "true": scalars.true,
    "text": scalars.text,
    "missing": lambda value: value is None,
    "abs": _absolute,
    "lower": _lower,
}
OF_TWO: Final[dict[str, Callable[[Scalar, Scalar], Scalar]]] = {
    "startswith": _about_texts(str.startswith),
    "endswith": _about_texts(str.endswith),
    "contains": _about_texts(str.__contains__),
}
KNOWN: Final = ", ".join(
    ["+ - * / %", "comparisons", "in", "and", "or", "not", "if else", *OF_ONE, *OF_TWO]
)
Get = Callable[[str], Scalar]
"""The value of a name, of one event."""


def name_before(name: str) -> str:
    """How the value of the event before is asked for."""
    return f"{PREVIOUS}({name})"


def name_of_block(name: str) -> str:
    """How a field of the block so far is asked for."""
    return f"{BLOCK}({name})"


def _asked(whole: Expression, node: ast.expr) -> str | None:
    """What a node asks of the data by itself; None where it works something out."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in (PREVIOUS, BLOCK):
            return f"{node.func.id}({whole.name(node.args[0])})"
        return None
    return whole.name(node)


class OfEvent:
    """Works out a checked expression for one event."""

    def __init__(self, whole: Expression, get: Get):
        self._whole, self._get = whole, get

    def of(self, node: ast.expr) -> Scalar:
        """The value of a part of the expression."""
        if (asked := _asked(self._whole, node)) is not None:
            return self._get(asked)
        match node:
            case ast.Constant():
                return scalars.scalar(node.value)
            case ast.BoolOp(op=ast.And()):
                return all(self.holds(one) for one in node.values)
            case ast.BoolOp():
                return any(self.holds(one) for one in node.values)
            case ast.UnaryOp(op=ast.Not()):
                return not self.holds(node.operand)
            case ast.UnaryOp():
                found = scalars.number(self.of(node.operand))
                return found if found is None or isinstance(node.op, ast.UAdd) else -found
            case ast.BinOp():
                return self._reckoned(node)
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp():
                return self.of(node.body if self.holds(node.test) else node.orelse)
            case ast.Call(func=ast.Name(id=name)):
                arguments = [self.of(one) for one in node.args]
                return OF_ONE[name](*arguments) if name in OF_ONE else OF_TWO[name](*arguments)
        raise AssertionError(node)

    def holds(self, node: ast.expr) -> bool:
        """Whether a part of the expression is true."""
        return scalars.true(self.of(node)) is True

    def _reckoned(self, node: ast.BinOp) -> float | None:
        one, other = (scalars.number(self.of(part)) for part in (node.left, node.right))
        if one is None or other is None:
            return None
        try:
            found = ARITHMETIC[type(node.op)](one, other)
        except (ZeroDivisionError, OverflowError):
            return None
        return found if math.isfinite(found) else None

    def _compared(self, node: ast.Compare) -> bool:
        left = self.of(node.left)
        for how, other in zip(node.ops, node.comparators, strict=True):
            if isinstance(how, ast.In | ast.NotIn):
                is_in = any(scalars.equal(left, self.of(one)) for one in other.elts)  # type: ignore[attr-defined]
                if left is None or is_in is isinstance(how, ast.NotIn):
                    return False
                continue
            right = self.of(other)
            if not scalars.compared(SIGNS[type(how)], left, right):
                return False
            left = right
        return True


class OfColumns:
    """Works out a checked expression for every event, by the different values that there are."""

    def __init__(self, whole: Expression, read: Read, count: int):
        self._whole, self._read, self._count = whole, read, count

    def holds(self, node: ast.expr) -> NDArray[np.bool_]:
        """Whether a part of the expression is true, `(n_events,)`."""
        match node:
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                found = self.holds(node.values[0])
                for one in node.values[1:]:
                    found = join(found, self.holds(one))
                return found
            case ast.UnaryOp(op=ast.Not()):
                return ~self.holds(node.operand)
        column = coded(self.of(node))
        return column.mapped([scalars.true(one) is True for one in column.values], False, np.bool_)

    def of(self, node: ast.expr) -> Column:
        """The values of a part of the expression."""
        if (asked := _asked(self._whole, node)) is not None:
            return self._read(asked)
        if isinstance(node, ast.BoolOp) or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        ):
            return Coded(self.holds(node).astype(np.int32), [False, True])
        columns = {name: coded(self._read(name)) for name in self._asked_by(node)}
        codes, combinations = _combinations(list(columns.values()), self._count)
        rows = (dict(zip(columns, one, strict=True)) for one in combinations)
        different = Coded.of(OfEvent(self._whole, row.__getitem__).of(node) for row in rows)
        return taken(different, codes)

    def _asked_by(self, node: ast.expr) -> list[str]:
        found: dict[str, None] = {}
        left: list[ast.expr] = [node]
        while left:
            one = left.pop()
            if (asked := _asked(self._whole, one)) is not None:
                found[asked] = None
                continue
            children = one.args if isinstance(one, ast.Call) else ast.iter_child_nodes(one)
            left += [child for child in children if isinstance(child, ast.expr)]
        return list(found)


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
    whole = np.zeros(count, dtype=np.int64)
    for one in columns:
        _, rows, whole = np.unique(
            whole * (len(one.values) + 1) + one.codes, return_index=True, return_inverse=True
        )
    picked = [one.codes[rows].tolist() for one in columns]
    values = [[each[code] for code in codes] for each, codes in zip(known, picked, strict=True)]
    return whole, list(zip(*values, strict=True))
