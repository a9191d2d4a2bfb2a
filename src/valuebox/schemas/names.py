"""What groups are called: values become names, and the user's own stay apart from ours.

Where a value is missing, or too rare to be listed, this package names the group itself. A value
that reads like one of these names is shown in quotes, so that no two groups share a name.
"""

import math
import unicodedata
from collections.abc import Collection
from typing import Any, Final

UNKNOWN: Final = "(unknown)"
"""The group of whoever lacks the attribute."""
NOBODY: Final = "(nobody)"
"""The group of events whose customer is not there."""
OTHERS: Final = "(others)"
"""The group of all values that are too rare to be listed."""
REFUND: Final = "(refund)"
"""The type of events that are called a purchase, and take money back."""
MISSING_SEGMENT: Final = "(missing)"
"""The segment of whoever has none."""

MAX_TAG: Final = 255
"""Letters of the tag of a model, name and version, at most."""
MAX_SEGMENT: Final = 100
"""Letters of the name of a segment at most."""

_WHOLE: Final = 1e21
"""Floats from here on are no longer written out."""
RESERVED: Final = (UNKNOWN, NOBODY, OTHERS, REFUND, MISSING_SEGMENT)
AROUND: Final = ' "\t\n\r'
"""Characters around a name that do not tell it from one of ours."""


def name_of(value: Any) -> str | None:
    """A value of an attribute or a property as text; None for what has no name, such as a list.

    Numbers are written out, and whole ones without a point, so that 20190801.0 and 20190801 are
    one name, and 23842650001 and 23842650002 are two.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < _WHOLE else repr(value)
    return str(value) if isinstance(value, (str, int)) else None


def shown(text: str) -> str:
    """A text of the user's as the name of a group: composed as in Unicode's NFC.

    What is blank or reads like a name of ours is quoted. As what is quoted already is quoted
    once more, different texts have different names.
    """
    return quoted(unicodedata.normalize("NFC", text))


def quoted(text: str) -> str:
    """A stored text as the name of a group: quoted if it is blank or reads like a name of ours."""
    bare = text.strip(AROUND).lower()
    return f'"{text}"' if not bare or bare in RESERVED else text


def meant(name: str, groups: Collection[str]) -> str:
    """The group that a question names: as it is shown, or as the user's own data has it."""
    return name if name in groups else shown(name)
