"""Values of a column of a file, checked against the bounds of its kind and given their type."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from valuebox.files.problems import Mask
from valuebox.schemas.columns import Amount, Choice, Flag, Id, Joined, Kind, Number, Text, Whole
from valuebox.schemas.moments import FIRST_YEAR, LAST_YEAR
from valuebox.schemas.values import MAX_USER_ID

MISSING: Final = ("", "NA")
"""What a field of a file holds where nothing is known."""
Report = Callable[[Mask, str], None]
"""Function that is told which values of a column cannot be used, and why."""

# A float that is larger may stand for several whole numbers.
_EXACT: Final = 2**53
_TRUTH: Final = {"true": "1", "false": "0"}


def typed(name: str, kind: Kind | None, raw: pd.Series, report: Report) -> pd.Series:
    """Check the values of one column and give them their type.

    Args:
        name: Of the column.
        kind: Of the column; None where it is not known, and kept as text.
        raw: Text with None or NaN for missing; of flags and amounts also numbers.
        report: Told which values cannot be used, and why.

    Returns:
        Ids as int64, moments as datetime64, flags and amounts as float64 with NaN for missing,
        everything else as str or None.
    """
    match kind:
        case Id():
            return _ids(name, raw, report)
        case Joined():
            return _moments(name, raw, report)
        case Flag():
            numbers = _numbers(_of_truth(raw))
            bad = raw.notna() & ~numbers.isin([0.0, 1.0])
            report(bad, f"{name} is neither 0 nor 1")
            return numbers
        case Amount(low, high):
            numbers, what = _numbers(raw), f"amount from {low:,.0f} to {high:,.0f}"
            bad = raw.notna() & ~numbers.between(low, high)
            if isinstance(kind, Number):
                is_whole = isinstance(kind, Whole)
                bad |= is_whole & raw.notna() & (numbers % 1 != 0)
                what = f"{'whole ' * is_whole}number from {low:,g} to {high:,g}"
            report(bad, f"{name} is no {what}")
            return numbers
    return _texts(name, kind, raw, report)


def _ids(name: str, raw: pd.Series, report: Report) -> pd.Series:
    # Through Python integers: beyond 2**53 a float would merge neighbouring ids.
    parts = raw.str.extract(r"^(\d{1,19})(\.0+)?$")
    whole = parts[0].notna()
    ids = parts[0].where(whole, "0").map(int)
    # Written as a float, a large one may have been another before.
    bad = (raw.notna() & ~whole) | (ids > MAX_USER_ID)
    bad |= parts[1].notna() & (ids >= _EXACT)
    report(bad, f"{name} is no whole number from 0 to {MAX_USER_ID}")
    return ids.where(~bad, 0)


def _moments(name: str, raw: pd.Series, report: Report) -> pd.Series:
    in_utc = raw.str.replace(r" UTC$", "Z", regex=True)
    moments = pd.to_datetime(in_utc, errors="coerce", format="ISO8601", utc=True)
    moments = moments.dt.tz_localize(None)
    years = moments.dt.year
    whole = raw.str.match(r"\d{4}-\d{2}-\d{2}").fillna(False).astype(bool)
    bad = raw.notna() & ~(whole & years.between(FIRST_YEAR, LAST_YEAR))
    report(bad, f"{name} is no date such as 2019-08-01 00:00:21")
    return moments


def _texts(name: str, kind: Kind | None, raw: pd.Series, report: Report) -> pd.Series:
    present = raw.notna()
    report(present & raw.str.contains("\0", regex=False), f"{name} holds NUL")
    if isinstance(kind, Text):
        bad = present & (raw.str.len() > kind.longest)
        report(bad, f"{name} is longer than {kind.longest} characters")
    if isinstance(kind, Choice):
        report(present & ~raw.isin(kind.among), f"{name} is none of {', '.join(kind.among)}")
    return raw.where(present, None)


def _of_truth(raw: pd.Series) -> pd.Series:
    """Where a flag is told in words, as 1 or 0."""
    if raw.dtype != object:
        return raw
    return raw.map(lambda value: _TRUTH.get(value.lower(), value), na_action="ignore")


def _numbers(raw: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))
