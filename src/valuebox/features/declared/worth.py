"""What expressions are worth, of one event."""

import ast
import math
from collections.abc import Callable
from typing import Final

from valuebox.features.declared import scalars
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


def asks(whole: Expression, node: ast.expr) -> str | None:
    """What a node asks of the data by itself; None where it works something out."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in (PREVIOUS, BLOCK):
            return f"{node.func.id}({whole.name(node.args[0])})"
        return None
    return whole.name(node)


def asked_by(whole: Expression, node: ast.expr) -> list[str]:
    """Everything that an expression asks of the data, each once."""
    found: dict[str, None] = {}
    left: list[ast.expr] = [node]
    while left:
        one = left.pop()
        if (asked := asks(whole, one)) is not None:
            found[asked] = None
            continue
        children = one.args if isinstance(one, ast.Call) else ast.iter_child_nodes(one)
        left += [child for child in children if isinstance(child, ast.expr)]
    return list(found)


Worth = Callable[[Get], Scalar]
"""What an expression is worth, of one event."""


def of_event(whole: Expression, node: ast.expr) -> Worth:
    """A function that works out a checked expression for one event."""
    if (asked := asks(whole, node)) is not None:
        name = asked
        return lambda get: get(name)
    match node:
        case ast.Constant():
            constant = scalars.scalar(node.value)
            return lambda _: constant
        case ast.Tuple() | ast.List():
            # What is right of `in` has no value of its own.
            return lambda _: None
        case ast.BoolOp():
            parts = [_condition(whole, one) for one in node.values]
            join = all if isinstance(node.op, ast.And) else any
            return lambda get: join(holds(get) for holds in parts)
        case ast.UnaryOp(op=ast.Not()):
            condition = _condition(whole, node.operand)
            return lambda get: not condition(get)
        case ast.UnaryOp():
            return _signed(of_event(whole, node.operand), isinstance(node.op, ast.USub))
        case ast.BinOp():
            one, other = of_event(whole, node.left), of_event(whole, node.right)
            return _reckoned(ARITHMETIC[type(node.op)], one, other)
        case ast.Compare():
            return _chained(whole, node)
        case ast.IfExp():
            test = _condition(whole, node.test)
            body, orelse = of_event(whole, node.body), of_event(whole, node.orelse)
            return lambda get: body(get) if test(get) else orelse(get)
        case ast.Call(func=ast.Name(id=function)):
            first, *rest = (of_event(whole, one) for one in node.args)
            if not rest:
                of_one = OF_ONE[function]
                return lambda get: of_one(first(get))
            (second,), of_two = rest, OF_TWO[function]
            return lambda get: of_two(first(get), second(get))
    raise AssertionError(node)


def _condition(whole: Expression, node: ast.expr) -> Callable[[Get], bool]:
    worth = of_event(whole, node)
    return lambda get: scalars.true(worth(get)) is True


def _signed(worth: Worth, is_negative: bool) -> Worth:
    def of(get: Get) -> Scalar:
        found = scalars.number(worth(get))
        return -found if is_negative and found is not None else found

    return of


def _reckoned(reckon: Callable[[float, float], float], one: Worth, other: Worth) -> Worth:
    def of(get: Get) -> Scalar:
        left, right = scalars.number(one(get)), scalars.number(other(get))
        if left is None or right is None:
            return None
        try:
            found = reckon(left, right)
        except (ZeroDivisionError, OverflowError):
            return None
        return found if math.isfinite(found) else None

    return of


def _chained(whole: Expression, node: ast.Compare) -> Worth:
    """A comparison, or several of which each begins with what the one before ends with."""
    sides = [of_event(whole, one) for one in (node.left, *node.comparators)]
    links: list[Callable[[Get, Scalar, Worth], bool]] = [
        _among(whole, how, other)
        if isinstance(how, ast.In | ast.NotIn)
        else _sign(SIGNS[type(how)])
        for how, other in zip(node.ops, node.comparators, strict=True)
    ]

    def of(get: Get) -> bool:
        left = sides[0](get)
        for link, right in zip(links, sides[1:], strict=True):
            if not link(get, left, right):
                return False
            left = right(get)
        return True

    return of


def _sign(sign: str) -> Callable[[Get, Scalar, Worth], bool]:
    return lambda get, left, right: scalars.compared(sign, left, right(get))


def _among(
    whole: Expression, how: ast.cmpop, several: ast.expr
) -> Callable[[Get, Scalar, Worth], bool]:
    listed = several.elts if isinstance(several, ast.Tuple | ast.List) else []
    parts, is_negated = [of_event(whole, one) for one in listed], isinstance(how, ast.NotIn)

    def holds(get: Get, left: Scalar, _: Worth) -> bool:
        is_in = any(scalars.equal(left, one(get)) for one in parts)
        return left is not None and is_in is not is_negated

    return holds
