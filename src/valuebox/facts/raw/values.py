"""Values of raw events, many of which are texts of what they mean, read column by column."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from valuebox.facts.decoding import MAX_AMOUNT
from valuebox.facts.raw.mapping import EPOCHS, ISO
from valuebox.schemas.moments import FIRST_YEAR, LAST_YEAR, Moment, plain_times, with_zone

Wrong = dict[int, str]
"""What is wrong with some rows of a column, and what is expected, by the position of the row."""

_NONE: Final = type(None)
_WHOLE: Final = 2**53
"""Up to this, a number without digits behind the point is one that was meant as such."""
_DAY: Final = len("2017-08-14")
_NANO: Final = 1_000
"""Nanoseconds in a microsecond."""
_MOMENT: Final[TypeAdapter[datetime]] = TypeAdapter(Moment)
_LAST: Final = int(np.datetime64(str(LAST_YEAR + 1), "us").astype(np.int64))


def texts(values: Sequence[Any], longest: int, wrong: Wrong) -> list[str | None]:
    """Ids and names; whole numbers have no point, and empty texts are missing.

    Args:
        values: Of each row, None where one is missing.
        longest: Characters that one may have.
        wrong: Takes the rows whose value is none.
    """
    if not set(map(type, values)) <= {str, _NONE}:
        values = [_text(value, row, wrong) for row, value in enumerate(values)]
    distinct = set(values)
    if "" in distinct:
        values = [value or None for value in values]
    if max((len(one) for one in distinct if one), default=0) > longest:
        message = f"Input should have at most {longest} characters"
        for row, value in enumerate(values):
            if value is not None and len(value) > longest:
                wrong[row] = message
    return list(values)


def _text(value: Any, row: int, wrong: Wrong) -> str | None:
    if isinstance(value, str | None):
        return value
    if isinstance(value, bool | list | dict):
        wrong[row] = "Input should be a text"
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return str(int(value))
    return repr(value)


def number(value: Any, decimal: str = ".") -> float | None:
    """A number, or the text of one; None where a value is neither.

    Args:
        value: Any.
        decimal: What stands before the digits behind the point in texts.
    """
    if isinstance(value, str):
        text = value.strip()
        # Python's own numbers may have underscores between their digits.
        if "_" in text or (decimal != "." and "." in text):
            return None
        value = text.replace(decimal, ".")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def amounts(values: Mapping[int, Any], decimal: str, wrong: Wrong) -> dict[int, float]:
    """Amounts of money, by row; empty texts are missing.

    Args:
        values: By row; None where one is missing.
        decimal: What stands before cents in texts.
        wrong: Takes the rows whose value is no amount.
    """
    found = {}
    for row, value in values.items():
        if value is None or value == "":
            continue
        amount = number(value, decimal)
        if amount is None or abs(amount) > MAX_AMOUNT:
            wrong[row] = f"Input should be an amount such as 9{decimal}99, up to 10¹² either way"
        else:
            found[row] = amount
    return found


def currencies(values: Sequence[str | None], wrong: Wrong) -> list[str | None]:
    """Codes of currencies in capital letters.

    Args:
        values: Texts, None where one is missing.
        wrong: Takes the rows whose value is none.
    """
    known = {one: None if one is None else one.strip().upper() for one in set(values)}
    for row, value in enumerate(values):
        code = known[value]
        if code is not None and not (len(code) == 3 and code.isascii() and code.isalpha()):
            wrong[row] = "Input should be a currency as in ISO 4217, such as USD"
    return [known[value] for value in values]


def moments(
    values: Sequence[Any], written: str, zone: ZoneInfo, wrong: Wrong
) -> NDArray[np.datetime64]:
    """Moments, `(n_rows,) datetime64[us]` in UTC; NaT where one is missing or wrong.

    Args:
        values: Of each row.
        written: The format of a mapping.
        zone: Of those that come without one.
        wrong: Takes the rows whose value is missing or no moment.
    """
    if written == ISO and zone.key == "UTC" and set(map(type, values)) == {str}:
        with suppress(ValueError):
            return plain_times(values)
    found = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[us]")
    for row, value in enumerate(values):
        if value is None or value == "":
            wrong[row] = "Field required"
            continue
        try:
            found[row] = _moment(value, written, zone)
        except ValidationError as error:
            wrong[row] = error.errors(include_url=False)[0]["msg"]
        except ValueError as error:
            wrong[row] = str(error)
    return found


def _moment(value: Any, written: str, zone: ZoneInfo) -> Any:
    """A moment as NumPy takes one.

    Raises:
        ValueError: saying what is expected.
    """
    if written in EPOCHS:
        return np.datetime64(_since_1970(value, written), "us")
    if written == ISO:
        if not isinstance(value, str):
            return _naive(_MOMENT.validate_python(value))
        told = _MOMENT.validate_python(with_zone(value, zone))
        if len(value) <= _DAY:
            # A day has no zone: what is on that day both here and there.
            told = max(told, _MOMENT.validate_python(value))
        return _naive(told)
    try:
        shown = datetime.strptime(str(value), written)
    except ValueError:
        raise ValueError(f"Input should be a moment written as {written}") from None
    if not FIRST_YEAR < shown.year < LAST_YEAR:
        raise ValueError(f"Input should be in the years {FIRST_YEAR + 1} to {LAST_YEAR - 1}")
    return _naive(shown if shown.tzinfo else shown.replace(tzinfo=zone))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _since_1970(value: Any, unit: str) -> int:
    told, scale = number(value), EPOCHS[unit]
    found = None
    if told is not None:
        text = str(value).strip()
        # Floats have no digits left for the last microseconds.
        whole = int(text) * scale // _NANO if text.isdecimal() else None
        found = round(told * scale / _NANO) if whole is None else whole
    if found is None or not 0 <= found < _LAST:
        raise ValueError(
            f"Input should be a number since 1970 as {unit} says, in the years {FIRST_YEAR} to "
            f"{LAST_YEAR}"
        )
    return found
