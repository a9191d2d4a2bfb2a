"""PostgreSQL's binary COPY format, made from whole columns.

See "Binary Format" in the documentation of COPY. Every row is a count of fields, and every field
its length and its bytes in network order; a length of -1 is NULL.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, BigInteger, Boolean, DateTime, Float, Integer, String, Uuid
from sqlalchemy.types import TypeEngine

from valuebox.schemas.moments import JoinDates
from valuebox.store.base import UtcDateTime
from valuebox.store.ids import IdColumn
from valuebox.store.texts import Texts, Written

Octets = NDArray[np.uint8]

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
HEADER_BYTES: Final = len(_SIGNATURE)
TRAILER_BYTES: Final = len(_TRAILER)
EPOCH: Final = np.datetime64("2000-01-01", "us")
_COUNT_BYTES: Final = 2
_LENGTH_BYTES: Final = 4
_NULL: Final = -1
_ROWS: Final = 1_000
"""Rows of a part: about as much as a connection takes before the server has read it, so that the
next part is made while the server stores this one."""
_MOST_BYTES: Final = 2_000_000
"""Bytes that a part may take while it is made."""


class Field(NamedTuple):
    """The values of a column."""

    lengths: NDArray[np.int64]
    """Bytes of each value, `(n_rows,)`; -1 is NULL."""
    octets: Octets
    """Bytes of all values, one value after the other."""


def binary(columns: Sequence[tuple[TypeEngine[Any], Any]], n_rows: int) -> Iterator[bytes]:
    """Rows in the binary format that COPY takes, a part after the other.

    Args:
        columns: The type of each column of the table and its values: an array or a sequence of
            `n_rows`, or a single value for all of them. None, NaN and NaT are NULL.
        n_rows: How many rows.
    """
    fields = [_fields(kind, values) for kind, values in columns]
    yield _SIGNATURE
    for start in range(0, n_rows, _ROWS):
        yield from _rows(fields, start, min(start + _ROWS, n_rows))
    yield _TRAILER


def _rows(columns: Sequence[Callable[[int, int], Field]], start: int, stop: int) -> Iterator[bytes]:
    """Some rows: written as if all values of a column were as long as the longest, and closed up.

    A few values that are far longer than the others would take much memory so: these rows are
    written apart from the others.
    """
    fields = [column(start, stop) for column in columns]
    n_rows = stop - start
    widths = [max(int(field.lengths.max()), 0) for field in fields]
    width = _COUNT_BYTES + sum(widths) + _LENGTH_BYTES * len(fields)
    if n_rows > 1 and n_rows * width > _MOST_BYTES:
        middle = start + n_rows // 2
        yield from _rows(columns, start, middle)
        yield from _rows(columns, middle, stop)
        return
    out = np.empty((n_rows, width), dtype=np.uint8)
    holds = np.ones(out.shape, dtype=bool)
    out[:, :_COUNT_BYTES] = np.array([len(fields)], dtype=">i2").view(np.uint8)
    at = _COUNT_BYTES
    for field, longest in zip(fields, widths, strict=True):
        lengths = field.lengths.astype(">i4").view(np.uint8)
        out[:, at : at + _LENGTH_BYTES] = lengths.reshape(n_rows, -1)
        at += _LENGTH_BYTES
        values = out[:, at : at + longest]
        if len(field.octets) == values.size:
            values[:] = field.octets.reshape(values.shape)
        else:
            used = np.arange(longest) < field.lengths[:, None]
            values[used] = field.octets
            holds[:, at : at + longest] = used
        at += longest
    yield (out if holds.all() else out[holds]).tobytes()


def is_column(values: Any) -> bool:
    """Whether `values` are one for each row, and not a single one for all rows."""
    # To ask for what is usual first saves a look at all kinds of sequences.
    return isinstance(values, (list, np.ndarray)) or (
        isinstance(values, Sequence) and not isinstance(values, str)
    )


def _fields(kind: TypeEngine[Any], values: Any) -> Callable[[int, int], Field]:
    """A function that makes the fields of some rows, from one to before another."""
    encode = next(encode for known, encode in _ENCODERS if isinstance(kind, known))
    if isinstance(values, Written):
        encode = _texts
    if not is_column(values):
        one = encode([values])
        return lambda start, stop: Field(
            np.repeat(one.lengths, stop - start), np.tile(one.octets, stop - start)
        )
    if not isinstance(values, IdColumn | Texts):
        return lambda start, stop: encode(values[start:stop])
    whole = encode(values)
    ends = np.concatenate([[0], np.cumsum(np.maximum(whole.lengths, 0))])
    return lambda start, stop: Field(
        whole.lengths[start:stop], whole.octets[ends[start] : ends[stop]]
    )


def _ids(values: Sequence[UUID]) -> Field:
    if isinstance(values, IdColumn):
        octets = values.octets()
    else:
        octets = np.frombuffer(b"".join(value.bytes for value in values), dtype=np.uint8)
    return Field(np.full(len(values), 16), octets.reshape(-1))


def moments_of(values: Any) -> NDArray[np.datetime64]:
    """A column of moments as an array in UTC, NaT for None."""
    if isinstance(values, JoinDates):
        return values.array
    if not isinstance(values, np.ndarray):
        # Of texts NumPy makes moments far sooner than of Python's.
        values = [
            one and (one.astimezone(UTC).replace(tzinfo=None) if one.tzinfo else one).isoformat()
            for one in values
        ]
    return np.asarray(values, dtype="datetime64[us]")


def _moments(values: Any) -> Field:
    moments = moments_of(values)
    missing = np.isnat(moments)
    since = (moments[~missing] - EPOCH).astype(">i8")
    return Field(np.where(missing, _NULL, since.itemsize), since.view(np.uint8))


def _large(values: Any) -> Field:
    return _numbers(np.asarray(values, dtype=np.int64), ">i8")


def _small(values: Any) -> Field:
    # All 32 bits fit into a float, where None becomes NaN.
    return _numbers(np.asarray(values, dtype=np.float64), ">i4")


def _floats(values: Any) -> Field:
    return _numbers(np.asarray(values, dtype=np.float64), ">f8")


def _flags(values: Any) -> Field:
    flags = np.asarray(values, dtype=np.bool_)
    return Field(np.full(len(flags), 1), flags.view(np.uint8))


def _numbers(numbers: NDArray[Any], kind: str) -> Field:
    missing = np.isnan(numbers)
    octets = numbers[~missing].astype(kind).view(np.uint8)
    return Field(np.where(missing, _NULL, np.dtype(kind).itemsize), octets)


def _texts(values: Sequence[str | None]) -> Field:
    if isinstance(values, Texts):
        return Field(values.lengths, values.octets)
    # Most columns lack nothing, or everything: these need no look at each value.
    missing = values.count(None)
    if missing == len(values):
        return Field(np.full(len(values), _NULL), np.empty(0, dtype=np.uint8))
    given = [value or "" for value in values] if missing else cast("Sequence[str]", values)
    encoded = list(map(str.encode, given))
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    if missing:
        lengths[[value is None for value in values]] = _NULL
    return Field(lengths, np.frombuffer(b"".join(encoded), dtype=np.uint8))


def _json(values: Sequence[Any]) -> Field:
    if isinstance(values, Texts):
        return _texts(values)
    return _texts([None if value is None else json.dumps(value) for value in values])


# The first that fits: some types are special cases of others.
_ENCODERS: Final[tuple[tuple[type[TypeEngine[Any]], Callable[[Any], Field]], ...]] = (
    (Uuid, _ids),
    (UtcDateTime, _moments),
    (DateTime, _moments),
    (Boolean, _flags),
    (BigInteger, _large),
    (Integer, _small),
    (Float, _floats),
    (JSON, _json),
    (String, _texts),
)
