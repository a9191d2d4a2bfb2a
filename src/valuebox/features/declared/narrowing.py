"""Types of events that an expression can be true of, such as purchases: others are not read."""

import ast
from collections.abc import Mapping
from typing import Final

from valuebox.features.declared.scalars import identity
from valuebox.schemas import expressions
from valuebox.schemas.expressions import Expression

Narrowed = Mapping[str, frozenset[str]]
"""For some names the texts of which the value has to be one."""
_ANYTHING: Final[Narrowed] = {}


def narrowed(text: str | None) -> Narrowed:
    """What has to hold of single values where a checked expression is true.

    Args:
        text: The expression; None for one that is always true.
    """
    if text is None:
        return _ANYTHING
    whole = expressions.read(text)
    return _narrowed(whole, whole.tree)


def _narrowed(whole: Expression, node: ast.expr) -> Narrowed:
    match node:
        case ast.BoolOp(op=ast.And()):
            found: dict[str, frozenset[str]] = {}
            for part in node.values:
                for name, texts in _narrowed(whole, part).items():
                    found[name] = found.get(name, texts) & texts
            return found
        case ast.BoolOp():
            first, *others = (_narrowed(whole, part) for part in node.values)
            return {
                name: texts.union(*(other[name] for other in others))
                for name, texts in first.items()
                if all(name in other for other in others)
            }
        case ast.Compare(ops=[ast.Eq()], comparators=[other]):
            return _equal(whole, node.left, [other]) or _equal(whole, other, [node.left])
        case ast.Compare(ops=[ast.In()], comparators=[ast.Tuple() | ast.List() as several]):
            return _equal(whole, node.left, several.elts)
    return _ANYTHING


def _equal(whole: Expression, node: ast.expr, others: list[ast.expr]) -> Narrowed:
    """What holds where a name has one of some values."""
    name = whole.name(node)
    texts = [one.value for one in others if isinstance(one, ast.Constant)]
    # Texts that say numbers are equal to others that say the same.
    plain = frozenset(one for one in texts if isinstance(one, str) and identity(one) == one)
    return {name: plain} if name is not None and len(texts) == len(plain) == len(others) else {}
