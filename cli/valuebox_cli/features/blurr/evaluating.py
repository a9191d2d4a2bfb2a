"""Expressions of Blurr's files worked out as Python does, node by node; nothing is ever executed.

What fails in Python fails here as well, since Blurr then keeps the value before.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from dateutil import parser

from valuebox_cli.features.blurr.documents import Refused, Said

Env = Mapping[str, Any]
Worked = Callable[[Env], Any]
Known = None | frozenset[str] | dict[str, "Known"]
"""What may follow a name: anything, some fields, or some names with more behind."""
FAILURES: Final = (
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    LookupError,
)
"""What an expression may end with; Blurr takes it as no value."""
_MOST_BITS: Final = 10_000
_LONGEST: Final = 1_000_000
_MOST_DIGITS: Final = 1_000
_BINARY: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_UNARY: Final[dict[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_COMPARED: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, several: one in several,
    ast.NotIn: lambda one, several: one not in several,
}


def _rounded(value: Any, digits: int | None = None) -> Any:
    # Ten to the power of what is asked for could take any time.
    if digits is not None and abs(digits) > _MOST_DIGITS:
        raise OverflowError
    return round(value, digits)


_BUILT_IN: Final[dict[str, Callable[..., Any]]] = {
    "round": _rounded,
    **{one.__name__: one for one in (int, float, str, bool, len, abs, min, max, sum, any, all)},
}
_IMPORTED: Final[dict[str, tuple[Callable[..., Any], int]]] = {
    "dateutil.parser.parse": (parser.parse, 1),
    "datetime.datetime.strptime": (datetime.strptime, 2),
    "datetime.datetime.fromisoformat": (datetime.fromisoformat, 1),
    "datetime.datetime.fromtimestamp": (datetime.fromtimestamp, 2),
    "datetime.datetime.utcfromtimestamp": (lambda seconds: datetime.fromtimestamp(seconds, UTC), 1),
}
"""Functions of modules, and how many arguments each needs."""
_PARTS: Final = {
    datetime: ("year", "month", "day", "hour", "minute", "second"),
    timedelta: ("days", "seconds"),
}
_METHODS: Final[dict[type, tuple[str, ...]]] = {
    str: ("lower", "upper", "strip", "lstrip", "rstrip", "split", "startswith", "endswith"),
    datetime: ("date", "isoformat", "strftime", "weekday", "isoweekday", "timestamp"),
    date: ("isoformat", "strftime", "weekday", "isoweekday"),
    timedelta: ("total_seconds",),
    dict: ("get",),
}
_ALL_METHODS: Final = frozenset(name for several in _METHODS.values() for name in several)


class State(NamedTuple):
    """Fields by name."""

    values: Mapping[str, Any]


class Several(NamedTuple):
    """Blocks of a window: each of their fields is a list."""

    blocks: list[Mapping[str, Any]]


def worked(said: Said, names: Mapping[str, Known], imports: Mapping[str, str]) -> Worked:
    """Make a function of an expression.

    Args:
        said: The expression.
        names: Names that it may use, and what may follow each.
        imports: What each imported name is.

    Raises:
        Refused: where it has no meaning here, or Blurr would stop.
    """
    return _Working(said, names, imports).of(said.tree)


class _Working:
    def __init__(self, said: Said, names: Mapping[str, Known], imports: Mapping[str, str]):
        self._said, self._names, self._imports = said, names, imports

    def of(self, node: ast.expr) -> Worked:
        """A function of a part of the expression."""
        match node:
            case ast.Constant(value=str() | int() | float() | None) as constant:
                return lambda _: constant.value
            case ast.Name(id=name):
                if name not in self._names:
                    raise self._refused(node, f"{name} is not known there, at which Blurr stops")
                return lambda env: env[name]
            case ast.Attribute() | ast.Subscript():
                return self._part(node)
            case ast.BoolOp():
                return _joined(isinstance(node.op, ast.And), [self.of(one) for one in node.values])
            case ast.UnaryOp() if type(node.op) in _UNARY:
                how, operand = _UNARY[type(node.op)], self.of(node.operand)
                return lambda env: how(operand(env))
            case ast.BinOp() if type(node.op) in _BINARY:
                return _reckoned(node.op, self.of(node.left), self.of(node.right))
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp():
                test, body, other = (self.of(one) for one in (node.test, node.body, node.orelse))
                return lambda env: body(env) if test(env) else other(env)
            case ast.Tuple() | ast.List():
                parts = [self.of(one) for one in node.elts]
                return lambda env: [part(env) for part in parts]
            case ast.Call(keywords=[]):
                return self._called(node)
        raise self._refused(node)

    def _part(self, node: ast.Attribute | ast.Subscript) -> Worked:
        self._known(node)
        whole = self.of(node.value)
        if isinstance(node, ast.Attribute):
            name = node.attr
            return lambda env: _attribute(whole(env), name)
        at = self.of(node.slice)

        def picked(env: Env) -> Any:
            found, key = whole(env), at(env)
            if isinstance(found, State | Several):
                return _attribute(found, key)
            return found.get(key) if isinstance(found, dict) else found[key]

        return picked

    def _known(self, node: ast.expr) -> Known:
        """What may follow a part of the expression."""
        match node:
            case ast.Name(id=name):
                return self._names.get(name)
            case (
                ast.Attribute(value=whole, attr=name)
                | ast.Subscript(value=whole, slice=ast.Constant(value=str(name)))
            ):
                known = self._known(whole)
                if isinstance(known, frozenset | dict) and name not in known:
                    raise self._refused(node, f"{name} is not known there, at which Blurr stops")
                is_record = isinstance(whole, ast.Name) and known is None
                if isinstance(node, ast.Attribute) and is_record and hasattr(dict, name):
                    raise self._refused(
                        node,
                        f"{name} is a method of it there; write {whole.id}['{name}']",  # type: ignore[attr-defined]
                    )
                return known[name] if isinstance(known, dict) else None
        return None

    def _compared(self, node: ast.Compare) -> Worked:
        left = self.of(node.left)
        others = [
            (_COMPARED[type(how)], self.of(one))
            for how, one in zip(node.ops, node.comparators, strict=True)
        ]

        def held(env: Env) -> Any:
            before, found = left(env), True
            for how, one in others:
                other = one(env)
                if not (found := how(before, other)):
                    break
                before = other
            return found

        return held

    def _called(self, node: ast.Call) -> Worked:
        arguments = [self.of(one) for one in node.args if not self._is_utc(one)]
        has_zone = len(arguments) < len(node.args)
        if (path := self._path(node.func)) is not None:
            if path not in _IMPORTED or len(node.args) != _IMPORTED[path][1]:
                raise self._refused(node)
            function = _IMPORTED[path][0]
            if has_zone:
                return lambda env: function(*(one(env) for one in arguments), UTC)
            return lambda env: function(*(one(env) for one in arguments))
        match node.func:
            case ast.Name(id=name) if (
                name in _BUILT_IN and name not in self._names and not has_zone
            ):
                function = _BUILT_IN[name]
                return lambda env: function(*(one(env) for one in arguments))
            case ast.Attribute(value=whole, attr=name) if name in _ALL_METHODS and not has_zone:
                of = self.of(whole)
                return lambda env: _method(of(env), name)(*(one(env) for one in arguments))
            case ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name)) if (
                name not in self._names and name not in self._imports
            ):
                raise self._refused(node, f"{name} is not known there: nothing imports it")
        raise self._refused(node)

    def _path(self, node: ast.expr) -> str | None:
        """The function of a module that is meant; None where it is none."""
        match node:
            case ast.Name(id=name) if name not in self._names:
                return self._imports.get(name)
            case ast.Attribute(value=whole, attr=name):
                before = self._path(whole)
                return None if before is None else f"{before}.{name}"
        return None

    def _is_utc(self, node: ast.expr) -> bool:
        return self._path(node) == "datetime.timezone.utc"

    def _refused(self, node: ast.expr, said: str | None = None) -> Refused:
        part = ast.unparse(node)[:60]
        return Refused.at(
            self._said.place, f"{part}: {said or 'has no meaning here, and is not executed'}"
        )


def _joined(is_and: bool, parts: list[Worked]) -> Worked:
    def found(env: Env) -> Any:
        value = None
        for one in parts:
            value = one(env)
            if bool(value) is not is_and:
                break
        return value

    return found


def _reckoned(how: ast.operator, one: Worked, other: Worked) -> Worked:
    function = _BINARY[type(how)]
    of_numbers = isinstance(how, ast.Mult | ast.Mod)

    def found(env: Env) -> Any:
        left, right = one(env), other(env)
        # A repeated text, or a padded one, could fill any memory.
        if of_numbers and not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise TypeError
        value = function(left, right)
        if (isinstance(value, int) and value.bit_length() > _MOST_BITS) or (
            isinstance(value, str | list) and len(value) > _LONGEST
        ):
            raise OverflowError
        return value

    return found


def _attribute(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, State):
        return value.values[name]
    if isinstance(value, Several):
        return [one[name] for one in value.blocks]
    if name in _PARTS.get(type(value), ()):
        return getattr(value, name)
    raise AttributeError(name)


def _method(value: Any, name: str) -> Callable[..., Any]:
    if name in _METHODS.get(type(value), ()):
        found: Callable[..., Any] = getattr(value, name)
        return found
    raise AttributeError(name)
