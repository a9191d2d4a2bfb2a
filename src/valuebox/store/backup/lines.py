r"""Rows as lines of text, as COPY of PostgreSQL writes and reads them, for SQLite.

See "Text Format" in the documentation of COPY: columns are parted by tabs, `\N` is NULL, and a
backslash stands before what would be taken for an end. Moments are in UTC. PostgreSQL writes these
lines itself; what SQLite holds is written so that PostgreSQL reads it, and the other way round.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, LargeBinary, Numeric, String, Uuid
from sqlalchemy.types import Float, TypeDecorator, TypeEngine

from valuebox.store.backup.manifest import BadBackup, Kind

NULL: Final = "\\N"
_ENDS: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HAS_ENDS: Final = re.compile(r"[\\\n\r\t]")
_WRITTEN_END: Final = re.compile(r"\\(.)")
_MEANT: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}
_OFFSET: Final = re.compile(r"[+-]00$")
_TO_A_MICROSECOND: Final = 26
_KINDS: Final[tuple[tuple[type[TypeEngine[Any]], Kind], ...]] = (
    (Uuid, "uuid"),
    (DateTime, "moment"),
    (Boolean, "flag"),
    (Integer, "integer"),
    (Float, "float"),
    (LargeBinary, "octets"),
    (JSON, "text"),
    (Date, "text"),
    (Numeric, "text"),
    (String, "text"),
)
"""The first that fits: some types are special cases of others."""


def kind_of(type_: TypeEngine[Any]) -> Kind:
    """What a column's texts have to be read as.

    Raises:
        BadBackup: for types that none of our tables, and of a package's should not, have.
    """
    plain = type_.impl_instance if isinstance(type_, TypeDecorator) else type_
    for known, kind in _KINDS:
        if isinstance(plain, known):
            return kind
    raise BadBackup(f"a column of type {type_!r} cannot be backed up")


def written(rows: Sequence[Sequence[Any]], kinds: Sequence[Kind]) -> bytes:
    """Rows of SQLite as lines; there is at least one."""
    columns = [
        _written(kind, values) for kind, values in zip(kinds, zip(*rows, strict=True), strict=True)
    ]
    lines = map("\t".join, zip(*columns, strict=True))
    return ("\n".join(lines) + "\n").encode()


def _written(kind: Kind, values: Sequence[Any]) -> Iterable[str]:
    if values.count(None) == len(values):
        return [NULL] * len(values)
    if kind == "octets":
        return [NULL if one is None else f"\\\\x{one.hex()}" for one in values]
    texts = [NULL if one is None else str(one) for one in values]
    if kind == "text" and _HAS_ENDS.search("".join(str(one) for one in values)):
        return [
            NULL if one is None else _HAS_ENDS.sub(lambda end: _ENDS[end[0]], str(one))
            for one in values
        ]
    return texts


def read(lines: Sequence[str], kinds: Sequence[Kind]) -> Iterable[Sequence[Any]]:
    """Rows as SQLite takes them, of lines without their ends; there is at least one."""
    columns = zip(*(line.split("\t") for line in lines), strict=True)
    return zip(
        *(_read(_READERS[kind], values) for kind, values in zip(kinds, columns, strict=True)),
        strict=True,
    )


def _read(reader: Callable[[str], Any], values: Sequence[str]) -> Iterable[Any]:
    return [None if one == NULL else reader(one) for one in values]


def _moment(text: str) -> str:
    """As SQLAlchemy writes it: to a microsecond, so that texts are in the order of the moments."""
    naive = _OFFSET.sub("", text)
    return naive if len(naive) == _TO_A_MICROSECOND else f"{naive:.<20}".ljust(26, "0")


def _text(text: str) -> str:
    if "\\" not in text:
        return text
    return _WRITTEN_END.sub(lambda end: _MEANT.get(end[1], end[1]), text)


_READERS: Final[dict[Kind, Callable[[str], Any]]] = {
    "uuid": lambda text: text.replace("-", ""),
    "moment": _moment,
    "flag": lambda text: int(text in ("t", "1")),
    "integer": int,
    "float": float,
    "octets": lambda text: bytes.fromhex(text[3:]),
    "text": _text,
}
