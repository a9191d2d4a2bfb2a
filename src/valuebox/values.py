"""What requests and answers of all compartments share: their base, and what can be stored."""

import math
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import PydanticCustomError

NO_NUL: Final = r"^[^\u0000]*$"
"""What `no_nul` lets pass, as a pattern for JSON schemas."""

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
