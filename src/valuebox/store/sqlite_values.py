"""What SQLite keeps of Python's values, made from whole columns.

The same texts and numbers that SQLAlchemy's types would make one by one, so that it reads them
again: moments as texts in UTC, JSON as text, UUIDs as 32 hexadecimal digits.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import repeat
from typing import Any, Final, cast

import numpy as np
from sqlalchemy import JSON, DateTime, Uuid
from sqlalchemy.types import TypeEngine

from valuebox.store import copying
from valuebox.store.base import UtcDateTime
from valuebox.store.texts import Texts, Written

_FEW: Final = 50
"""Moments up to which Python writes them faster than NumPy."""


def as_json(value: Any) -> str:
    """JSON with letters as they are: before 3.45 SQLite finds no key that is written in escapes."""
    return json.dumps(value, ensure_ascii=False)


def values(columns: Sequence[tuple[TypeEngine[Any], Any]]) -> Iterable[tuple[Any, ...]]:
    """What the driver takes, row by row.

    Args:
        columns: The type of each column of the table and its values, as `copying.binary` takes
            them; at least one has a value for each row.
    """
    return zip(*(_column(kind, given) for kind, given in columns), strict=False)


def _column(kind: TypeEngine[Any], given: Any) -> Iterable[Any]:
    encode = next((encode for known, encode in _ENCODERS if isinstance(kind, known)), _plain)
    return encode(given) if copying.is_column(given) else repeat(encode([given])[0])


def _moments(given: Any) -> Sequence[Any]:
    if isinstance(given, list) and len(given) <= _FEW:
        return [None if one is None else _of_moment(one) for one in given]
    moments = copying.moments_of(given)
    texts: list[str | None] = np.char.replace(
        np.datetime_as_string(moments, unit="us"), "T", " "
    ).tolist()
    if not (missing := np.isnat(moments)).any():
        return texts
    return [None if gone else one for one, gone in zip(texts, missing.tolist(), strict=True)]


def _of_moment(moment: datetime) -> str:
    naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return naive.isoformat(" ", "microseconds")


def _json(given: Sequence[Any]) -> Sequence[str | None]:
    if isinstance(given, Texts):
        return given.listed()
    if isinstance(given, Written):
        return given
    return [None if one is None else as_json(one) for one in given]


def _ids(given: Sequence[Any]) -> Sequence[str | None]:
    return [None if one is None else one.hex for one in given]


def _plain(given: Any) -> Sequence[Any]:
    if isinstance(given, Texts):
        return given.listed()
    if isinstance(given, np.ndarray):
        given = [None if one != one else one for one in given.tolist()]
    return cast("Sequence[Any]", given)


_ENCODERS: Final[tuple[tuple[type[TypeEngine[Any]], Callable[[Any], Sequence[Any]]], ...]] = (
    (Uuid, _ids),
    (UtcDateTime, _moments),
    (DateTime, _moments),
    (JSON, _json),
)
