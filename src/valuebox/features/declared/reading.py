"""A declaration out of its file, or everything that is wrong with it, by line."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from valuebox.errors import ValueboxError
from valuebox.features.declared.declaration import Declaration

_LARGEST: Final = 1 << 20
_NAME: Final = re.compile(r"""("(?:\\.|[^"\\])*"|'[^']*'|[A-Za-z0-9_-]+)""")
_KEY: Final = rf"\s*({_NAME.pattern}(?:\s*\.\s*{_NAME.pattern})*)\s*"
_HEADER: Final = re.compile(rf"\s*\[{_KEY}\]\s*(#.*)?")
_KINDS: Final[dict[str | int, tuple[str, ...]]] = {
    "field": ("measure", "ratio"),
    "columns": ("number", "integer", "boolean", "category"),
}
"""Names of the kinds between which pydantic chooses, by the table that these are in."""
_ASSIGNED: Final = re.compile(rf"{_KEY}=")

Declared = TypeVar("Declared", bound=BaseModel)


class BadDeclaration(ValueboxError):
    """The declaration cannot be used; the message names everything that is wrong, by line."""


def read_declaration(path: Path) -> Declaration:
    """Read and check a declaration of features; see `read`.

    Raises:
        BadDeclaration: naming everything that is wrong.
    """
    return declaration_of(_text_of(path), str(path))


def read(path: Path, model: type[Declared]) -> Declared:
    """Read and check a declaration of any kind, as its model has it.

    Raises:
        BadDeclaration: naming everything that is wrong.
    """
    return _checked(_text_of(path), str(path), model)


def _text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        BadDeclaration: naming everything that is wrong.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise BadDeclaration(f"{path}: is larger than {_LARGEST >> 20} MiB")
        # Editors of Windows put a mark before the first line.
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadDeclaration(f"{path}: there is no such file") from None
    except OSError as error:
        raise BadDeclaration(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadDeclaration(f"{path}: is no TOML: {error}") from None


def declaration_of(text: str, where: str) -> Declaration:
    """Check the text of a declaration.

    Args:
        text: TOML.
        where: What messages call it.

    Raises:
        BadDeclaration: naming everything that is wrong.
    """
    return _checked(text, where, Declaration)


def _checked(text: str, where: str, model: type[Declared]) -> Declared:
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadDeclaration(f"{where}: is no TOML: {error}") from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = Lines(text)
        wrong = dict.fromkeys(lines.told(one["loc"], one["msg"]) for one in error.errors())
        raise BadDeclaration(f"{where}: cannot be used", *(f"  {one}" for one in wrong)) from None


class Lines:
    """Where each key of a TOML file stands.

    Args:
        text: The file.
    """

    def __init__(self, text: str):
        self._lines: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        for line, written in enumerate(text.splitlines(), start=1):
            key: tuple[str, ...] = ()
            if header := _HEADER.fullmatch(written):
                key = table = tuple(_parts(header[1]))
            elif assigned := _ASSIGNED.match(written):
                key = (*table, *_parts(assigned[1]))
            for length in range(1, len(key) + 1):
                self._lines.setdefault(key[:length], line)

    def told(self, location: tuple[str | int, ...], said: str) -> str:
        """A complaint with the line that it is about.

        Args:
            location: Keys down to the place, as pydantic names it.
            said: What is wrong.
        """
        keys = list(_keys(location))
        if not keys and ": " in said:
            place, _, said = said.partition(": ")
            keys = place.split(".")
        for length in range(len(keys), 0, -1):
            if (line := self._lines.get(tuple(keys[:length]))) is not None:
                return f"line {line}: {_shown(keys)}: {said}"
        return f"{_shown(keys)}: {said}" if keys else said


def _parts(key: str) -> list[str]:
    return [one.strip("\"'") for one in _NAME.findall(key)]


def _keys(location: tuple[str | int, ...]) -> Iterator[str]:
    """The keys of a place, without the names of the kinds between which pydantic chooses."""
    for place, one in enumerate(location):
        before = location[place - 1] if place else ""
        is_kind = (place == 2 and one in _KINDS.get(location[0], ())) or (
            place > 1 and before == "count" and one in ("all", "text")
        )
        if not is_kind and one != "[key]":
            yield str(one)


def _shown(keys: Sequence[str]) -> str:
    return ".".join(f'"{one}"' if "." in one else one for one in keys)
