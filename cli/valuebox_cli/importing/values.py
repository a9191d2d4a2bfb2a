"""Values as sources have them, made into those of facts: texts, moments, amounts, JSON."""

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.facts.schemas import MAX_AMOUNT
from valuebox.moments import FIRST_YEAR, LAST_YEAR

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d")
_ZONED: Final = re.compile(r"([Zz]|[+-]\d\d:?(\d\d)?)$")
_SIGNS: Final = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_UNIT: Final = r"([$€£¥]|[A-Za-z]{3})?"
_PRICE: Final = re.compile(rf"{_UNIT}\s*([+-]?[\d.,' ]*\d[.,]?)\s*{_UNIT}")
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_BEFORE_TIME: Final = len("2013-05-02T")


def as_text(value: Any) -> str | None:
    """An id, or a name; whole numbers without a point, blank texts as missing."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None or value != value:
        return None
    if isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


def as_moments(values: Sequence[Any], zone: ZoneInfo) -> NDArray[np.datetime64]:
    """Moments in UTC, `datetime64[us]`: NaT for what is none, or in no year from 1970 to 2199.

    Args:
        values: Dates and moments, texts in ISO 8601, or numbers: seconds since 1970.
        zone: Of those that come without one.
    """
    texts = pd.Series([_moment_text(value) for value in values], dtype=object)
    naive = ~texts.map(_has_zone).to_numpy(dtype=bool)
    moments = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True)
    moments = moments.dt.tz_localize(None).astype("datetime64[us]")
    if zone.key != "UTC" and naive.any():
        # What a clock showed twice is taken for the first time, what it never showed for later.
        own = moments[naive].dt.tz_localize(
            zone, ambiguous=np.ones(naive.sum(), dtype=bool), nonexistent="shift_forward"
        )
        moments[naive] = own.dt.tz_convert(None)
    good = moments.dt.year.between(FIRST_YEAR, LAST_YEAR)
    return moments.where(good).to_numpy(dtype="datetime64[us]")


def _moment_text(value: Any) -> str | None:
    if isinstance(value, datetime):
        return None if value != value else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        value = value.strip()
        # Pandas would take a year alone, or digits.
        return value if _MOMENT.match(value) else None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(float(value), ZoneInfo("UTC")).isoformat()
        except (ValueError, OverflowError, OSError):
            return None
    return None


def _has_zone(text: str | None) -> bool:
    return text is not None and _ZONED.search(text, _BEFORE_TIME) is not None


class Amount(NamedTuple):
    """Money as it was written."""

    value: float
    """NaN where it cannot be read."""
    currency: str | None
    """If it was written there."""
    plain: bool
    """Whether it was a number, and not a text that had to be understood."""


NO_AMOUNT: Final = Amount(math.nan, None, True)
UNREADABLE: Final = Amount(math.nan, None, False)


def as_amount(value: Any) -> Amount:
    """An amount of money: a number, or a text such as `7`, `$7.50`, `1,234.50 USD`, `7,5 €`."""
    if value is None or value != value:
        return NO_AMOUNT
    if isinstance(value, str):
        if not (written := value.strip()):
            return NO_AMOUNT
        try:
            return _bounded(float(written), None, plain=True)
        except ValueError:
            return _priced(written)
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _bounded(float(value), None, plain=True)
    return UNREADABLE


def _priced(written: str) -> Amount:
    match = _PRICE.fullmatch(written)
    if match is None or (match[1] and match[3]):
        return UNREADABLE
    unit = match[1] or match[3]
    currency = unit and _SIGNS.get(unit, unit.upper())
    number = re.sub("[ ']", "", match[2])
    if "," in number:
        is_decimal = number.rfind(",") > number.rfind(".") and not _THOUSANDS.fullmatch(number)
        number = (
            number.replace(".", "").replace(",", ".") if is_decimal else number.replace(",", "")
        )
    try:
        return _bounded(float(number), currency, plain=False)
    except ValueError:
        return UNREADABLE


def _bounded(value: float, currency: str | None, plain: bool) -> Amount:
    return Amount(value, currency, plain) if abs(value) <= MAX_AMOUNT else UNREADABLE


def as_json(value: Any) -> Any:
    """A value as JSON has it; None where it is missing."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): as_json(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    return str(value)
