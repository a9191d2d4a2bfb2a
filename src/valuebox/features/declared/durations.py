"""Lengths of time as declarations write them, such as `30 minutes`, in microseconds."""

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

SECOND: Final = 1_000_000
UNITS: Final = {
    "second": SECOND,
    "minute": 60 * SECOND,
    "hour": 3_600 * SECOND,
    "day": 86_400 * SECOND,
}
LONGEST: Final = 36_525 * UNITS["day"]
"""A hundred years: what is longer was meant otherwise."""
_WRITTEN: Final = re.compile(r"\s*([0-9]{1,20}(?:\.[0-9]{1,20})?)\s*(second|minute|hour|day)s?\s*")


def _microseconds(value: Any) -> int:
    found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    length = round(float(found[1]) * UNITS[found[2]]) if found else 0
    if not 0 < length <= LONGEST:
        raise PydanticCustomError(
            "duration",
            "Input should be a length of time such as '30 minutes', '12 hours' or '90 days'",
        )
    return length


Duration = Annotated[
    int,
    BeforeValidator(_microseconds),
    WithJsonSchema({"type": "string", "pattern": _WRITTEN.pattern, "examples": ["30 minutes"]}),
]
