"""What values of events mean in declarations: as numbers, as texts, as truths, and compared.

Raw events have numbers and truths as texts. Every rule about single values stands here; columns
follow from them.
"""

import math
import operator
import re
from collections.abc import Callable
from typing import Any, Final

Scalar = str | float | int | bool | None
"""A value of an event; None where it is missing. Lists and objects are missing."""

_PLAIN: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_TRUE: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE: Final = frozenset({"0", "false", "f", "no", "n", "off"})
ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def scalar(value: Any) -> Scalar:
    """A value as JSON has it; None for whatever counts as missing."""
    if value.__class__ is str or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int) else None


def number(value: Scalar) -> float | None:
    """The number that a value is, or that a text says; None where it is none."""
    if isinstance(value, str):
        if "_" in value:
            return None
        try:
            found = float(value)
        except ValueError:
            return None
    elif value is None:
        return None
    else:
        try:
            found = float(value)
        except OverflowError:
            return None
    return found if math.isfinite(found) else None


def true(value: Scalar) -> bool | None:
    """Whether a value says yes; None where it says neither yes nor no."""
    if isinstance(value, str):
        said = value.strip().lower()
        return True if said in _TRUE else False if said in _FALSE else None
    return bool(value) if value in (0, 1) else None


def text(value: Scalar) -> str | None:
    """A value as text: whole numbers without a point, truths as JSON writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    return str(value) if isinstance(value, int) else value


def identity(value: Scalar) -> str | float | None:
    """What equal values share: the number that a value is, or plainly says, or else its text.

    Whole numbers stay exact, so that ids of twenty digits are told apart; `07` and `5e3` are texts,
    since what is written so is rather a code than a number.
    """
    if isinstance(value, str):
        if not _PLAIN.fullmatch(value) or number(value) is None:
            return value
        return _of_float(float(value)) if "." in value else int(value)
    if isinstance(value, bool):
        return text(value)
    return _of_float(value) if isinstance(value, float) else value


def _of_float(value: float) -> float:
    return int(value) if value.is_integer() else value


def equal(one: Scalar, other: Scalar) -> bool:
    """Whether two values are the same; nothing is the same as what is missing."""
    if one is None or other is None:
        return False
    if isinstance(one, bool) or isinstance(other, bool):
        said = true(one)
        return said is not None and said == true(other)
    return identity(one) == identity(other)


def compared(sign: str, one: Scalar, other: Scalar) -> bool:
    """Whether a comparison holds; with what is missing none does.

    Args:
        sign: One of == != < <= > >=.
        one: Its left side.
        other: Its right side.
    """
    if one is None or other is None:
        return False
    if sign == "==":
        return equal(one, other)
    if sign == "!=":
        either = isinstance(one, bool) or isinstance(other, bool)
        if either and (true(one) is None or true(other) is None):
            return False
        return not equal(one, other)
    if not (isinstance(one, bool) or isinstance(other, bool)):
        numbers = number(one), number(other)
        if None not in numbers:
            return ORDERS[sign](*numbers)
    return isinstance(one, str) and isinstance(other, str) and ORDERS[sign](one, other)
