"""Expressions that people write into files, such as `Quantity * UnitPrice`, as trees.

Python's own grammar reads them, and nothing is ever executed: whoever works out a tree takes the
nodes that have a meaning there, and refuses the others with `Expression.refused`.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from valuebox.errors import ValueboxError

_LONGEST: Final = 1_000
_MOST_NODES: Final = 200
_DEEPEST: Final = 50
_QUOTED: Final = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|`([^`]+)`""")
"""A text, in which backquotes mean nothing, or a name in backquotes."""
_STAND_IN: Final = "_column_"


class BadExpression(ValueboxError):
    """An expression that cannot be used; the message shows it."""


@dataclass(frozen=True)
class Expression:
    """An expression that was read, and not checked yet."""

    text: str
    """The expression as it was written."""
    tree: ast.expr
    names: Mapping[str, str]
    """What names in backquotes are called in the tree, by how the tree has them."""
    parsed: str
    """The text of the tree, with other names for those in backquotes."""

    def name(self, node: ast.expr) -> str | None:
        """The column that a node names; None where it names none."""
        return self.names.get(node.id, node.id) if isinstance(node, ast.Name) else None

    def dotted(self, node: ast.expr) -> str | None:
        """The column that a node names, `lookup.column` included; None where it names none."""
        if isinstance(node, ast.Attribute) and (before := self.dotted(node.value)) is not None:
            return f"{before}.{self.names.get(node.attr, node.attr)}"
        return self.name(node)

    def refused(self, node: ast.AST, known: str) -> BadExpression:
        """What to raise where a node has no meaning.

        Args:
            node: The part without a meaning.
            known: What has one.
        """
        part = _as_written(ast.get_source_segment(self.parsed, node) or self.parsed, self.names)
        return BadExpression(f"{self.text}: {part[:60]} has no meaning there; known are {known}")


def read(text: str) -> Expression:
    """Read an expression; a name in backquotes may have any characters.

    Raises:
        BadExpression: where it is none, or too long, too large or too deep.
    """
    if len(text) > _LONGEST:
        raise BadExpression(f"{text[:40]}…: is longer than {_LONGEST} characters")
    names: dict[str, str] = {}
    prefix = _STAND_IN
    while prefix in text:
        prefix += "_"

    def stand_in(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        names[f"{prefix}{len(names)}"] = match[2]
        return f" {prefix}{len(names) - 1} "

    parsed = _QUOTED.sub(stand_in, text).strip()
    try:
        tree = ast.parse(parsed, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadExpression(
            f"{text}: is no expression{_where(error, parsed, names)}; a column with spaces in its "
            "name stands in backquotes"
        ) from None
    for count, depth in enumerate(_depths(tree), start=1):
        if count > _MOST_NODES:
            raise BadExpression(f"{text[:40]}…: has more than {_MOST_NODES} parts")
        if depth > _DEEPEST:
            raise BadExpression(f"{text[:40]}…: is nested more than {_DEEPEST} deep")
    return Expression(text, tree, names, parsed)


def _as_written(parsed: str, names: Mapping[str, str]) -> str:
    """A part of what was parsed, with the names that people wrote."""
    for stand_in, column in names.items():
        parsed = f"`{column}`".join(re.split(rf" ?\b{stand_in}\b ?", parsed))
    return parsed


def _where(error: Exception, parsed: str, names: Mapping[str, str]) -> str:
    """From which part on something is no expression, where that is known."""
    if not isinstance(error, SyntaxError) or not error.offset or error.lineno is None:
        return ""
    lines = parsed.splitlines(keepends=True)
    begin = sum(map(len, lines[: error.lineno - 1])) + error.offset - 1
    rest = _as_written(parsed[begin:], names).strip()
    return f" from `{rest[:60]}` on" if rest else ""


def _depths(tree: ast.AST) -> Iterator[int]:
    """How deep each node of a tree lies, without recursion."""
    left = [(tree, 1)]
    while left:
        node, depth = left.pop()
        yield depth
        left += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
