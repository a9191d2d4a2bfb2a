"""Simple expressions of a mapping, such as `Quantity * UnitPrice` or `Country == "France"`.

They are worked out for whole columns at once; `valuebox.schemas.expressions` reads them.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.schemas import expressions
from valuebox.schemas.expressions import BadExpression

Kind = Literal["number", "text"]
_Kind = Literal["number", "text", "condition"]
_Result = TypeVar("_Result", bound=_Kind)
Read = Callable[[str, Kind], NDArray[Any]]
"""A column as float64 with NaN for missing, or as texts with None."""

_ARITHMETIC: Final[dict[type[ast.AST], Callable[..., Any]]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.USub: np.negative,
    ast.UAdd: np.positive,
}
_COMPARISONS: Final[dict[type[ast.AST], Callable[..., Any]]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_OF_NUMBERS: Final = {"abs": np.abs}
_OF_TEXTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}
_MISSING: Final = "missing"


class Needed(NamedTuple):
    """A column that an expression reads."""

    column: str
    kind: Kind


@dataclass(frozen=True)
class Expression:
    """An expression that has been checked."""

    text: str
    """The expression as it was written."""
    needs: frozenset[Needed]
    is_condition: bool
    """Whether the expression is true or false, and not a number."""
    read: expressions.Expression
    """The expression as a tree."""

    @property
    def is_column(self) -> bool:
        """Whether the expression is nothing but the name of a column."""
        return isinstance(self.read.tree, ast.Name | ast.Attribute)

    def evaluate(self, read: Read, count: int) -> NDArray[Any]:
        """The value for every row, `(count,)`: bool for conditions, else float64.

        What is missing makes numbers NaN, and is neither smaller nor larger than anything, nor
        equal to it.
        """
        with np.errstate(all="ignore"):
            found = _Values(self.read, read, count).of(self.read.tree)
        if self.is_condition:
            return np.broadcast_to(np.asarray(found, dtype=bool), (count,))
        return np.broadcast_to(np.asarray(found, dtype=np.float64), (count,))


def parse(text: str) -> Expression:
    """Check an expression.

    Raises:
        BadExpression: where it is none, or does more than expressions of a mapping may do.
    """
    read = expressions.read(text)
    checked = _Checked(read)
    kind = checked.kind(read.tree, "number")
    if kind == "text":
        raise BadExpression(f"{text}: is a text; numbers and conditions can be worked out")
    return Expression(text, frozenset(checked.needs), kind == "condition", read)


class _Checked:
    """Looks at every node once, and finds out what it is."""

    def __init__(self, whole: expressions.Expression):
        self.needs: set[Needed] = set()
        self._whole = whole

    def kind(self, node: ast.expr, of_column: Kind) -> _Kind:
        """What a node is; where it is a column, it is read as `of_column`."""
        if (column := self._whole.dotted(node)) is not None:
            self.needs.add(Needed(column, of_column))
            return of_column
        match node:
            case ast.Constant(value=bool()):
                raise self._refused(node)
            case ast.Constant(value=int() | float()):
                return "number"
            case ast.Constant(value=str()):
                return "text"
            case ast.UnaryOp(op=ast.Not()):
                return self._all([node.operand], "condition", "condition")
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self._all([node.operand], "number", "number")
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
                return self._all([node.left, node.right], "number", "number")
            case ast.BoolOp():
                return self._all(node.values, "condition", "condition")
            case ast.Compare(ops=[one], comparators=[other]):
                return self._comparison(node, one, other)
            case ast.Call(func=ast.Name(id=name), keywords=[]):
                return self._call(node, name)
        raise self._refused(node)

    def _comparison(
        self, node: ast.Compare, how: ast.cmpop, other: ast.expr
    ) -> Literal["condition"]:
        if isinstance(how, ast.In | ast.NotIn):
            several = other.elts if isinstance(other, ast.Tuple | ast.List) else []
            if not several or not all(isinstance(one, ast.Constant) for one in several):
                raise self._refused(node)
            of_constants = _kind_of_constants(several)
            if of_constants is None:
                raise self._refused(node)
            return self._all([node.left, *several], of_constants, "condition")
        if type(how) not in _COMPARISONS:
            raise self._refused(node)
        sides = [node.left, other]
        columns = [self._whole.dotted(one) is not None for one in sides]
        kind: Kind = "text" if any(_is_text(one) for one in sides) else "number"
        if all(columns) and isinstance(how, ast.Eq | ast.NotEq):
            kind = "text"
        return self._all(sides, kind, "condition")

    def _call(self, node: ast.Call, name: str) -> Literal["number", "condition"]:
        if name == _MISSING and len(node.args) == 1 and self._whole.dotted(node.args[0]):
            self._all(node.args, "text", "condition")
            return "condition"
        if name in _OF_TEXTS and len(node.args) == 2 and _is_text(node.args[1]):
            self._all(node.args, "text", "condition")
            return "condition"
        if name in _OF_NUMBERS and len(node.args) == 1:
            self._all(node.args, "number", "number")
            return "number"
        raise self._refused(node)

    def _all(self, nodes: list[ast.expr], wanted: _Kind, result: _Result) -> _Result:
        for node in nodes:
            if self.kind(node, "text" if wanted == "text" else "number") != wanted:
                raise self._refused(node)
        return result

    def _refused(self, node: ast.expr) -> BadExpression:
        return self._whole.refused(
            node,
            "+ - * /, comparisons, in, and, or, not, "
            + ", ".join([*_OF_NUMBERS, *_OF_TEXTS, _MISSING]),
        )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _kind_of_constants(nodes: list[ast.expr]) -> Kind | None:
    if all(_is_text(one) for one in nodes):
        return "text"
    return None if any(_is_text(one) for one in nodes) else "number"


class _Values:
    """Works out a tree that has been checked."""

    def __init__(self, whole: expressions.Expression, read: Read, count: int):
        self._whole, self._read, self._count = whole, read, count

    def of(self, node: ast.expr, kind: Kind = "number") -> Any:
        """The value of a node."""
        if (column := self._whole.dotted(node)) is not None:
            return self._read(column, kind)
        match node:
            case ast.Constant():
                return node.value
            case ast.UnaryOp(op=ast.Not()):
                return ~self.of(node.operand)
            case ast.UnaryOp():
                return _ARITHMETIC[type(node.op)](self.of(node.operand))
            case ast.BinOp():
                return _ARITHMETIC[type(node.op)](self.of(node.left), self.of(node.right))
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                return join.reduce([np.broadcast_to(self.of(one), self._count)
                                    for one in node.values])  # fmt: skip
            case ast.Compare():
                return self._compared(node)
            case ast.Call(func=ast.Name(id=name)):
                return self._called(name, node.args)
        raise AssertionError(node)

    def _compared(self, node: ast.Compare) -> Any:
        how, other = node.ops[0], node.comparators[0]
        if isinstance(how, ast.In | ast.NotIn):
            several = [one.value for one in other.elts]  # type: ignore[attr-defined]
            kind: Kind = "text" if isinstance(several[0], str) else "number"
            found = np.isin(self.of(node.left, kind), np.array(several, dtype=object))
            return ~found if isinstance(how, ast.NotIn) else found
        sides = [node.left, other]
        if not any(_is_text(one) for one in sides) and not self._are_texts(how, sides):
            return _COMPARISONS[type(how)](*(self.of(one) for one in sides))
        texts = [np.broadcast_to(np.asarray(self.of(one, "text"), object), self._count)
                 for one in sides]  # fmt: skip
        there = pd.notna(texts[0]) & pd.notna(texts[1])
        found = np.zeros(self._count, dtype=bool)
        found[there] = _COMPARISONS[type(how)](texts[0][there], texts[1][there])
        return found | ~there if isinstance(how, ast.NotEq) else found

    def _are_texts(self, how: ast.cmpop, sides: list[ast.expr]) -> bool:
        are_columns = all(self._whole.dotted(one) is not None for one in sides)
        return are_columns and isinstance(how, ast.Eq | ast.NotEq)

    def _called(self, name: str, arguments: list[ast.expr]) -> Any:
        if name in _OF_NUMBERS:
            return _OF_NUMBERS[name](self.of(arguments[0]))
        texts = self.of(arguments[0], "text")
        if name == _MISSING:
            return pd.isna(texts)
        each, codes = np.unique(np.where(pd.isna(texts), "", texts).astype(str),
                                return_inverse=True)  # fmt: skip
        wanted = self.of(arguments[1])
        return np.array([_OF_TEXTS[name](str(one), wanted) for one in each], bool)[codes] & (
            pd.notna(texts)
        )
