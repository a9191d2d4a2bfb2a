"""YAML with lines, and Python's expressions in it as trees that nobody executes."""

import ast
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from valuebox.errors import ValueboxError

_LARGEST: Final = 1 << 18
_LONGEST: Final = 2_000
_MOST_NODES: Final = 300
_DEEPEST: Final = 50


@dataclass(frozen=True)
class Place:
    """Where something stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}: line {self.line}"


class Refused(ValueboxError):
    """Something in a file that has no meaning here; the message says where and why."""

    @classmethod
    def at(cls, place: Place, said: str) -> "Refused":
        """What to raise about one place."""
        return cls(f"{place}: {said}")


class Refusals:
    """Everything that has no meaning, collected, so that a file is mended in one go."""

    def __init__(self) -> None:
        self._said: list[str] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Go on after what is refused inside."""
        try:
            yield
        except Refused as error:
            self._said += [str(one) for one in error.args if one not in self._said]

    def raise_any(self) -> None:
        """Stop where anything was refused.

        Raises:
            Refused: naming all of it.
        """
        if self._said:
            raise Refused(*self._said)


@dataclass(frozen=True)
class Said:
    """An expression as it was written."""

    text: str
    tree: ast.expr
    place: Place


class Entry:
    """A part of a document: a text, a list, or a table.

    Args:
        file: The file, as messages call it.
        node: The part, as YAML has it.
    """

    def __init__(self, file: str, node: yaml.Node):
        self.place = Place(file, node.start_mark.line + 1)
        self._node = node

    def refused(self, said: str) -> Refused:
        """What to raise about this part."""
        return Refused.at(self.place, said)

    @property
    def keys(self) -> list[str]:
        """Names of a table's parts, in order."""
        return list(self.table)

    @property
    def table(self) -> dict[str, "Entry"]:
        """The parts of a table by name.

        Raises:
            Refused: where this is none, or names a part twice.
        """
        if not isinstance(self._node, yaml.MappingNode):
            raise self.refused("should be a table of names and values")
        found: dict[str, Entry] = {}
        for key, value in self._node.value:
            name = str(key.value)
            if name in found:
                raise Refused.at(
                    Place(self.place.file, key.start_mark.line + 1), f"{name} stands there twice"
                )
            found[name] = Entry(self.place.file, value)
        return found

    @property
    def list(self) -> "list[Entry]":
        """The parts of a list.

        Raises:
            Refused: where this is none.
        """
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.refused("should be a list")
        return [Entry(self.place.file, one) for one in self._node.value]

    @property
    def value(self) -> Any:
        """A text, number, truth or nothing, as YAML reads it.

        Raises:
            Refused: where this is a list or a table.
        """
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.refused("should be a single value; an expression in brackets needs quotes")
        kind = self._node.tag.rpartition(":")[2]
        if kind not in ("bool", "int", "float", "null"):
            return self._node.value
        try:
            return yaml.SafeLoader("").construct_object(self._node)
        except (yaml.YAMLError, ValueError):
            raise self.refused("is no value that YAML knows") from None

    @property
    def text(self) -> str:
        """The value as text.

        Raises:
            Refused: where there is none.
        """
        if self.value is None or not (found := str(self.value)):
            raise self.refused("is empty")
        return found

    @property
    def number(self) -> int:
        """A whole number.

        Raises:
            Refused: where the value is none.
        """
        try:
            return int(self.text)
        except ValueError:
            raise self.refused(f"{json.dumps(self.text[:40])} is no whole number") from None

    @property
    def expression(self) -> Said:
        """An expression of Python.

        Raises:
            Refused: where this is none, or too long, too large or too deep.
        """
        text = self.text.strip()
        if len(text) > _LONGEST:
            raise self.refused(f"is longer than {_LONGEST:,} characters")
        try:
            tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self.refused(f"{text[:60]} is no expression of Python") from None
        left: list[tuple[ast.AST, int]] = [(tree, 1)]
        count = 0
        while left:
            node, depth = left.pop()
            count += 1
            if depth > _DEEPEST or count > _MOST_NODES:
                raise self.refused(f"{text[:40]}… is too large or too deep an expression")
            left += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
        return Said(text, tree, self.place)


def read_yaml(path: Path) -> Entry:
    """Read a file of YAML, of which plain values alone are made.

    Raises:
        Refused: where it cannot be read.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise Refused(f"{path}: is larger than {_LARGEST >> 10} KiB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: is no YAML: {error}") from None
    try:
        _check(str(path), text)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark or error.context_mark).line + 1
        raise Refused.at(Place(str(path), line), f"is no YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise Refused(f"{path}: is no YAML: {error}") from None
    if node is None:
        raise Refused(f"{path}: is empty")
    return Entry(str(path), node)


def _check(file: str, text: str) -> None:
    """Refuse what would take any amount of time or memory."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        place = Place(file, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            raise Refused.at(place, "references of YAML are not followed: write it out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise Refused.at(place, f"is nested more than {_DEEPEST} deep")
