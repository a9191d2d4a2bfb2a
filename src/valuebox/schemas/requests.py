"""Models of request bodies: bounded, and without any doubt about what was meant."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Self

import numpy as np
from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from valuebox.schemas.values import MAX_ROW_BYTES

_SPACE_BEFORE_COLON: Final = re.compile(rb'"[ \t\r\n]+:')
_SHORT: Final = 20_000
"""Bytes up to which they are looked through sooner than an array of them is."""


class RequestModel(BaseModel):
    """Base of everything that is read from a request's body.

    RFC 8259 leaves open which of two values counts. Parsers differ, so that a caller, or a proxy
    that looked at the body, may have meant the one that would not be stored.
    """

    max_values: ClassVar[int]
    """How many values a body may hold, by its commas: what they take to be checked is bounded."""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Like pydantic's own.

        Raises:
            ValidationError: also when there is too much in it or in one of its rows, or an
                object names a key twice.
        """
        separator = b"," if isinstance(json_data, bytes | bytearray) else ","
        if json_data.count(separator) > cls.max_values:  # type: ignore[arg-type]
            raise ValidationError.from_exception_data(
                cls.__name__, [_too_much(cls.max_values)], hide_input=True
            )
        valid = super().model_validate_json(json_data, **options)
        if not (isinstance(json_data, bytes) and valid._names_all_of(json_data)):
            try:
                json.loads(
                    json_data, object_pairs_hook=_refuse_twice, parse_int=str, parse_float=str
                )
            except _Twice:
                raise ValidationError.from_exception_data(
                    cls.__name__, [_where(json_data)], hide_input=True
                ) from None
        # No row is larger than all of them.
        if len(json_data) > MAX_ROW_BYTES and (found := list(valid.outsized())):
            raise ValidationError.from_exception_data(
                cls.__name__, [_outsized(where) for where in found], hide_input=True
            )
        return valid

    @classmethod
    def read(cls, body: bytes) -> "RequestModel":
        """What a body holds: this model, or another that holds the same and is made sooner.

        Raises:
            ValidationError: as `model_validate_json`.
        """
        return cls.model_validate_json(body)

    @property
    def n_rows(self) -> int:
        """How many rows were sent, which count against limits: those of a list, or a single one."""
        return len(self.root) if isinstance(self, RootModel) else 1

    def nested(self) -> Iterable[Mapping[str, Any]]:
        """Objects below this, or below the objects in it, whose names callers choose."""
        return ()

    def outsized(self) -> Iterable[tuple[str | int, ...]]:
        """Where rows hold more of their own than is stored: paths as in pydantic's errors."""
        return ()

    def _names_all_of(self, body: bytes) -> bool:
        """Whether `body`, of which this was made, certainly names each key once.

        Every name in JSON is followed by a colon, so that one that was sent twice shows in the
        count. In doubt it is not certain: texts may look like names, and objects hold others.
        """
        objects = [self] if not isinstance(self, RootModel) else self.root
        sizes = [len(one.model_fields_set) for one in objects]
        sizes += [len(one) for one in self.nested()]
        return body.count(b"{") == len(sizes) and names_at_most(body, sum(sizes))


def names_at_most(body: bytes, count: int) -> bool:
    """Whether JSON certainly has no more than `count` names in all of its objects together.

    Each is a text with a colon behind it. In doubt it is not certain: texts may look like names.
    """
    if len(body) <= _SHORT:
        named, may_be_apart = body.count(b'":'), True
    else:
        octets = np.frombuffer(body, np.uint8)
        before = octets[np.flatnonzero(octets[1:] == ord(":"))]
        named = int(np.count_nonzero(before == ord('"')))
        may_be_apart = bool((before <= ord(" ")).any())
    return named <= count and not (may_be_apart and _SPACE_BEFORE_COLON.search(body))


class Decoded(RequestModel):
    """Rows of a body that were decoded without a model for each, by column."""

    max_values = 0

    columns: Any
    rows: int

    @classmethod
    def of(cls, columns: Any, rows: int | None = None) -> "Decoded":
        """What holds `columns`, of as many rows as these have, or `rows`."""
        return cls.model_construct(columns=columns, rows=len(columns) if rows is None else rows)

    @property
    def n_rows(self) -> int:
        """How many rows were sent."""
        return self.rows


class Nothing(RequestModel):
    """An object in which nothing is looked at."""

    max_values = 1_000


class _Twice(Exception):
    """An object names a key twice."""


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Twice


def _too_much(allowed: int) -> InitErrorDetails:
    message = "Input should hold at most {allowed} values, separated by commas"
    kind = PydanticCustomError("too_much", message, {"allowed": allowed})
    return InitErrorDetails(type=kind, input=None)


def _outsized(where: tuple[str | int, ...]) -> InitErrorDetails:
    message = "Input should leave a row with at most {allowed} bytes of its own values, as JSON"
    kind = PydanticCustomError("row_too_large", message, {"allowed": MAX_ROW_BYTES})
    return InitErrorDetails(type=kind, loc=where, input=None)


def _where(json_data: str | bytes | bytearray) -> InitErrorDetails:
    # As tuples objects keep both values, and differ from arrays.
    body = json.loads(json_data, object_pairs_hook=tuple, parse_int=str, parse_float=str)
    rows = enumerate(body) if isinstance(body, list) else [(None, body)]
    found = [(row, path) for row, one in rows if (path := _path(one)) is not None]
    row, path = found[0]
    return InitErrorDetails(
        type=PydanticCustomError("key_twice", "Input should name this once, not several times"),
        loc=path if row is None else (row, *path),
        input=None,
    )


def _path(value: Any) -> tuple[str | int, ...] | None:
    """Where in `value` a key is named the second time, or None."""
    if isinstance(value, list):
        inner: list[tuple[Any, Any]] = list(enumerate(value))
    elif isinstance(value, tuple):
        inner = list(value)
        seen = set()
        for name, _ in inner:
            if name in seen:
                return (name,)
            seen.add(name)
    else:
        return None
    for name, item in inner:
        if (path := _path(item)) is not None:
            return (name, *path)
    return None
