"""Expressions of declarations, worked out for an event by walking Python's syntax tree."""

import ast
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from support.features_by_hand.events import OWN, Event
from support.features_by_hand.values import calculated, compared, holds, number, plain, text, truth

OPERATORS = {
    **{ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="},
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%"},
}
CONVERSIONS: dict[str, Callable[[Any], Any]] = {"number": number, "true": truth, "text": text}
SEARCHES: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}
# A text constant, in which backquotes mean nothing, or a name in backquotes.
QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`([^`]+)`""")


class Block:
    """What `split.when` may ask of the block that an event may join; outside of it, nothing.

    Args:
        before: The event before in the block.
        told: The value of `block(NAME)` by its name.
    """

    def __init__(self, before: Event, told: Callable[[str], Any]) -> None:
        self.before = before
        self.told = told


# Windows of many anchors ask the same of the same event.
@lru_cache(maxsize=100_000)
def value_of(expression: str, event: Event, block: Block | None = None) -> Any:
    """The value of an expression for an event; None where it is missing.

    Args:
        expression: As the declaration writes it.
        event: Whose names it uses.
        block: Only in `split.when`.
    """
    tree, names = parsed(expression)
    return plain(_value(tree, names, event, block))


def is_true(expression: str | None, event: Event, block: Block | None = None) -> bool:
    """Whether a condition is true of an event; without a condition, it is."""
    return expression is None or holds(value_of(expression, event, block))


def names_in(expression: str) -> set[str]:
    """The names that an expression uses."""
    tree, names = parsed(expression)
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {names.get(name, name) for name in found}


@cache
def parsed(expression: str) -> tuple[ast.expr, dict[str, str]]:
    """The tree of an expression, and what its placeholders for names in backquotes stand for."""
    names: dict[str, str] = {}

    def unquoted(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        placeholder = f"quoted_name_{len(names)}_"
        names[placeholder] = found[1]
        return placeholder

    return ast.parse(QUOTED.sub(unquoted, expression).strip(), mode="eval").body, names


def named(event: Event, name: str) -> Any:
    """The value of a name: the event's own first, else a member of its properties."""
    return plain(event.own(name) if name in OWN else event.properties.get(name))


def _value(node: ast.expr, names: dict[str, str], event: Event, block: Block | None) -> Any:
    def of(part: ast.expr) -> Any:
        return _value(part, names, event, block)

    match node:
        case ast.Constant(value=constant):
            return plain(constant)
        case ast.Name(id=name):
            return named(event, names.get(name, name))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(holds(of(part)) for part in parts)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(holds(of(part)) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return not holds(of(part))
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return calculated(-1.0, "*", of(part))
        case ast.UnaryOp(op=ast.UAdd(), operand=part):
            return number(of(part))
        case ast.BinOp(left=left, op=operator, right=right):
            return calculated(of(left), OPERATORS[type(operator)], of(right))
        case ast.IfExp(test=condition, body=yes, orelse=no):
            return of(yes) if holds(of(condition)) else of(no)
        case ast.Compare(left=left, ops=operators, comparators=rights):
            sides = [left, *rights]
            return all(
                _compares(of(one), operator, other, of)
                for one, operator, other in zip(sides, operators, rights, strict=False)
            )
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name), *_]) if block and (
            function in ("previous", "block")
        ):
            name = names.get(name, name)
            return named(block.before, name) if function == "previous" else block.told(name)
        case ast.Call(func=ast.Name(id=function), args=[part, *rest]):
            return _called(function, of(part), [of(other) for other in rest])
        case _:
            raise ValueError(f"not an expression: {ast.dump(node)}")


def _compares(
    left: Any, operator: ast.cmpop, right: ast.expr, of: Callable[[ast.expr], Any]
) -> bool:
    if not isinstance(operator, (ast.In, ast.NotIn)):
        return compared(left, OPERATORS[type(operator)], of(right))
    assert isinstance(right, (ast.Tuple, ast.List))
    among = any(compared(left, "==", of(constant)) for constant in right.elts)
    return among if isinstance(operator, ast.In) else left is not None and not among


def _called(function: str, value: Any, rest: list[Any]) -> Any:
    if function in CONVERSIONS:
        return CONVERSIONS[function](value)
    if function == "missing":
        return value is None
    if function == "abs":
        amount = number(value)
        return None if amount is None else abs(amount)
    written = text(value)
    if function == "lower":
        return None if written is None else written.lower()
    return written is not None and SEARCHES[function](written, rest[0])
