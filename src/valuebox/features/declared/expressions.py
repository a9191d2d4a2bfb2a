"""Expressions over events, such as `type == "game_end" and true(won)`: checked, and worked out.

What an expression means is said once, for one event (`worth`). Columns are worked out by their
different values, of which there are few even among millions of events (`worths`).
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from valuebox.features.declared import scalars
from valuebox.features.declared.worth import (
    ARITHMETIC,
    BLOCK,
    KNOWN,
    OF_ONE,
    OF_TWO,
    PREVIOUS,
    SIGNS,
    Worth,
    of_event,
)
from valuebox.features.declared.worths import Holds, Worths, of_events
from valuebox.schemas import expressions
from valuebox.schemas.expressions import BadExpression

_MOST_KEPT: Final = 4_096
"""Expressions that are kept checked: those of a few declarations."""


@dataclass(frozen=True)
class Formula:
    """An expression that has been checked."""

    names: frozenset[str]
    """Columns of the event that it reads."""
    before: frozenset[str]
    """Columns of the event before that it reads."""
    block: frozenset[str]
    """Fields of the block so far that it reads."""
    of_event: Worth
    """The value, of one event: a function of a function that knows the value of each name, of
    `previous(x)` and of `block(x)`."""
    column: Worths
    """The value, of every event: a function of a function that knows the column of each name, and
    of how many events there are."""
    holds: Holds
    """Whether the expression is true of every event, `(count,)`: likewise."""


@lru_cache(_MOST_KEPT)
def formula(text: str, of_blocks: bool = False) -> Formula:
    """Check an expression.

    Args:
        text: The expression as it was written.
        of_blocks: Whether it may ask for the event before and for the block so far.

    Raises:
        BadExpression: where it is none, or does more than expressions of a declaration may do.
    """
    whole = expressions.read(text)
    found: dict[str, set[str]] = {"": set(), PREVIOUS: set(), BLOCK: set()}
    for node in _checked(whole, whole.tree, of_blocks):
        kind, name = node
        found[kind].add(name)
    many = of_events(whole, whole.tree)
    return Formula(
        names=frozenset(found[""]),
        before=frozenset(found[PREVIOUS]),
        block=frozenset(found[BLOCK]),
        of_event=of_event(whole, whole.tree),
        column=many.column,
        holds=many.holds,
    )


def _checked(
    whole: expressions.Expression, node: ast.expr, of_blocks: bool
) -> Iterator[tuple[str, str]]:
    """Kind and name of everything that an expression reads."""
    if (name := whole.name(node)) is not None:
        yield "", name
        return
    match node:
        case ast.Constant(value=str() | int() | float() | None):
            if isinstance(node.value, float | int) and scalars.number(node.value) is None:
                raise BadExpression(f"{whole.text[:40]}: has a number that is too large")
            return
        case ast.Call(func=ast.Name(id=asked), args=[argument], keywords=[]) if (
            of_blocks and asked in (PREVIOUS, BLOCK) and (name := whole.name(argument)) is not None
        ):
            yield asked, name
            return
        case ast.Call(func=ast.Name(id=asked), keywords=[]) if (
            asked in OF_ONE and len(node.args) == 1
        ) or (asked in OF_TWO and len(node.args) == 2):
            parts: Sequence[ast.expr] = node.args
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd()):
            parts = [node.operand]
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            parts = [node.left, node.right]
        case ast.BoolOp():
            parts = node.values
        case ast.IfExp():
            parts = [node.test, node.body, node.orelse]
        case ast.Compare():
            parts = [node.left]
            for how, other in zip(node.ops, node.comparators, strict=True):
                several = other.elts if isinstance(other, ast.Tuple | ast.List) else []
                is_list = bool(several) and all(map(_is_constant, several))
                if isinstance(how, ast.In | ast.NotIn) and is_list:
                    parts = [*parts, *several]
                elif type(how) in SIGNS:
                    parts = [*parts, other]
                else:
                    raise whole.refused(node, KNOWN)
        case _:
            raise whole.refused(node, KNOWN)
    for part in parts:
        yield from _checked(whole, part, of_blocks)


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant)
