"""Input models that refuse JSON in which an object names a key twice."""

import json
from typing import Any, Self

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


class UniqueKeys(BaseModel):
    """Base of everything that is read from a request's body.

    RFC 8259 leaves open which of two values counts. Parsers differ, so that a caller, or a proxy
    that looked at the body, may have meant the one that would not be stored.
    """

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Like pydantic's own.

        Raises:
            ValidationError: also when an object names a key twice.
        """
        valid = super().model_validate_json(json_data, **options)
        try:
            json.loads(json_data, object_pairs_hook=_refuse_twice, parse_int=str, parse_float=str)
        except _Twice:
            raise ValidationError.from_exception_data(
                cls.__name__, [_where(json_data)], hide_input=True
            ) from None
        return valid


class _Twice(Exception):
    """An object names a key twice."""


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Twice


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
