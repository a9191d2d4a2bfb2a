"""Plain values of expressions: texts, numbers, booleans, and None for what is missing."""

import math
import re
from typing import Any

TRUE_TEXTS = ("1", "true", "t", "yes", "y", "on")
FALSE_TEXTS = ("0", "false", "f", "no", "n", "off")
WHOLE = 1e21


def plain(value: Any) -> Any:
    """A value as it is, None where the value counts as missing: lists, objects, NaN, infinities."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, bool, int, float)) else None


def number(value: Any) -> float | None:
    """`number(x)`: the finite number that a value is or spells."""
    if value is None or (isinstance(value, str) and "_" in value):
        return None
    try:
        read = float(value.strip() if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def truth(value: Any) -> bool | None:
    """`true(x)`: True or False, and None for what says neither."""
    if isinstance(value, str):
        spelt = value.strip().lower()
        return True if spelt in TRUE_TEXTS else False if spelt in FALSE_TEXTS else None
    if value is None or value not in (0, 1):
        return None
    return bool(value)


def text(value: Any) -> str | None:
    """`text(x)`: a value written out, whole numbers without a point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE:
        return str(int(value))
    if isinstance(value, float):
        return repr(value)
    return None if value is None else str(value)


def holds(value: Any) -> bool:
    """Whether a value used as a condition is true; a missing one is not."""
    return truth(value) is True


def spelt_number(value: Any) -> float | None:
    """The number that is compared: numbers and texts that are numbers, never booleans."""
    return None if isinstance(value, bool) else number(value)


PLAINLY = re.compile(r"-?(0|[1-9][0-9]*)([.][0-9]+)?")


def key_of(value: Any) -> float | str | None:
    """What makes two values the same: the number that is plainly written, else the text.

    Whole numbers are compared exactly: ids may have more digits than a float holds.
    """
    if isinstance(value, str) and PLAINLY.fullmatch(value) and number(value) is not None:
        value = float(value) if "." in value else int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return text(value) if isinstance(value, bool) else value


def compared(left: Any, operator: str, right: Any) -> bool:
    """Whether a comparison with ==, !=, <, <=, > or >= is true."""
    if left is None or right is None:
        return False
    if isinstance(left, bool) or isinstance(right, bool):
        one, other = truth(left), truth(right)
        if one is None or other is None or operator not in ("==", "!="):
            return False
        return (one == other) is (operator == "==")
    if operator in ("==", "!="):
        return (key_of(left) == key_of(right)) is (operator == "==")
    numbers = spelt_number(left), spelt_number(right)
    if None not in numbers:
        return _ordered(*numbers, operator)
    both_texts = isinstance(left, str) and isinstance(right, str)
    return both_texts and _ordered(left, right, operator)


def _ordered(left: Any, right: Any, operator: str) -> bool:
    if operator in ("<", "<="):
        return bool(left < right or (operator == "<=" and left == right))
    return bool(left > right or (operator == ">=" and left == right))


def calculated(left: Any, operator: str, right: Any) -> float | None:
    """The result of +, -, *, / or %; None where a side is missing or no finite number results."""
    one, other = number(left), number(right)
    if one is None or other is None:
        return None
    if operator in "/%" and other == 0:
        return None
    if operator == "+":
        result = one + other
    elif operator == "-":
        result = one - other
    elif operator == "*":
        result = one * other
    elif operator == "/":
        result = one / other
    else:
        result = one % other
    return result if math.isfinite(result) else None
