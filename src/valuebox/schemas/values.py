"""What requests and answers of all compartments share: their base, and what can be stored."""

import math
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import PydanticCustomError, to_json

NO_NUL: Final = r"^[^\u0000]*$"
"""What `no_nul` lets pass, as a pattern for JSON schemas."""

MAX_ROW_BYTES: Final = 65_536
"""Bytes, as JSON, of what callers name themselves in a row; all else has bounds of its own."""

_LONGEST_NAME: Final = 100
MAX_USER_ID: Final = 2**63 - 1
"""The largest whole number that a column of ids holds."""

_PLAIN: Final = {int, bool, type(None)}


class Model(BaseModel):
    """Base of what comes in and goes out."""

    model_config = ConfigDict(
        allow_inf_nan=False,
        extra="forbid",
        hide_input_in_errors=True,
        ser_json_inf_nan="null",
    )


def no_nul(value: str) -> str:
    """Refuse what PostgreSQL has no text for."""
    if "\0" in value:
        raise PydanticCustomError("nul", "Input should not hold NUL characters")
    return value


def storable(value: JsonValue) -> JsonValue:
    """Refuse what JSON columns cannot hold: NaN, infinities, NUL characters."""
    if isinstance(value, str):
        no_nul(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise PydanticCustomError("finite_number", "Input should be a finite number")
    elif isinstance(value, dict):
        for key, item in value.items():
            no_nul(key)
            # Most values hold nothing to look at: asking each would take longer than the rest.
            if type(item) not in _PLAIN:
                storable(item)
    elif isinstance(value, list):
        for item in value:
            storable(item)
    return value


def outsized(own: Mapping[str, JsonValue]) -> str | None:
    """The name that takes most of a row's own values, where these are too large; else None."""
    if len(to_json(own)) <= MAX_ROW_BYTES:
        return None
    largest = max(own, key=lambda name: len(to_json(name)) + len(to_json(own[name])))
    return largest[:_LONGEST_NAME]
