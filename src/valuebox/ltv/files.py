"""CSV files of users: read, checked against the same bounds as requests, problems by row."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.errors import ValueboxError
from valuebox.ltv import schemas
from valuebox.ltv.features import CATEGORICAL
from valuebox.moments import FIRST_YEAR, LAST_YEAR

REQUIRED: Final = ("user_id", "join_date")
COLUMNS: Final = (
    "user_id",
    "join_date",
    "hidden",
    "STV",
    "credit_card_level",
    "is_lp",
    "aff_type",
    "is_cancelled",
    "country_segment",
)
TARGET: Final = "target"
MISSING: Final = ("", "NA")
Mask = pd.Series | NDArray[np.bool_]
Report = Callable[[Mask, str], None]

_SHOWN: Final = 5
_FLAGS: Final = ("hidden", "is_lp", "is_cancelled")
_AMOUNTS: Final = {
    "STV": (0.0, schemas.MAX_AMOUNT),
    TARGET: (-schemas.MAX_AMOUNT, schemas.MAX_AMOUNT),
}


class BadFile(ValueboxError):
    """The file cannot be used; the message names it, the columns and the rows."""


class Problems:
    """Values of a file that cannot be used: the first rows of every kind of problem."""

    def __init__(self) -> None:
        self._rows: dict[str, list[int]] = {}
        self._counts: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, bad: Mask, what: str, rows_before: int = 0) -> None:
        """Note the rows of some users.

        Args:
            bad: Which of them have the problem, `(n_users,)`.
            what: The problem, naming the column.
            rows_before: Rows of the file above these users.
        """
        rows = np.flatnonzero(np.asarray(bad, dtype=bool))
        if rows.size:
            self._counts[what] += rows.size
            shown = self._rows.setdefault(what, [])
            shown += (rows[: _SHOWN - len(shown)] + rows_before + 1).tolist()

    def update(self, later: "Problems") -> None:
        """Note what was found further down in the file."""
        for what, rows in later._rows.items():
            shown = self._rows.setdefault(what, [])
            shown += rows[: _SHOWN - len(shown)]
        self._counts.update(later._counts)

    def raise_for(self, path: Path) -> None:
        """Refuse the file if there are any.

        Raises:
            BadFile: naming every kind of problem with its first rows; rows count from 1 below
                the header.
        """
        if self:
            listed = "".join(f"\n  - {line}" for line in self.lines())
            raise BadFile(f"{path}: some values cannot be used (rows count from 1):{listed}")

    def lines(self) -> list[str]:
        """Every kind of problem with its first rows, which count from 1."""
        return [f"{what}: {self._where(what)}" for what in self._rows]

    def _where(self, what: str) -> str:
        shown, count = self._rows[what], self._counts[what]
        more = f" and {count - len(shown):,} more" if count > len(shown) else ""
        return f"row{'s' * (count > 1)} {', '.join(map(str, shown))}{more}"


def read_users(
    path: Path, required: Iterable[str] = REQUIRED, unique: bool = False
) -> pd.DataFrame:
    """Read a CSV of users and check every value.

    An empty field and a literal `NA` mean missing, and so does an absent column. Columns that
    are not known are kept as text.

    Args:
        path: The file; UTF-8, with a header.
        required: Columns that must be there.
        unique: Whether a user_id may appear only once.

    Returns:
        One row per user in file order: `user_id` int64, `join_date` datetime64, flags and
        amounts float64 with NaN for missing, everything else str or None.

    Raises:
        BadFile: naming every kind of problem with its first rows; rows count from 1 below the
            header.
    """
    raw = _read_text(path)
    if lacking := [name for name in required if name not in raw.columns]:
        raise BadFile(
            f"{path}: lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; "
            f"it has {', '.join(raw.columns)}"
        )
    if raw.empty:
        raise BadFile(f"{path}: holds no users, only a header")
    problems = Problems()
    users = pd.DataFrame(index=raw.index)
    for name in raw.columns:
        users[name] = typed(name, raw[name], problems.add)
    for name in REQUIRED:
        problems.add(raw[name].isna(), f"{name} is missing")
    if unique:
        problems.add(users["user_id"].duplicated(keep=False), "user_id appears more than once")
    problems.raise_for(path)
    users["user_id"] = users["user_id"].astype("int64")
    for name in COLUMNS:
        if name not in users:
            users[name] = None if name in CATEGORICAL else np.nan
    return users


def columns_of(users: pd.DataFrame) -> dict[str, Any]:
    """The frame's features as the encoder takes them: arrays by column name."""
    return {name: users[name].to_numpy() for name in users.columns}


def _read_text(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(
            path,
            dtype=object,
            keep_default_na=False,
            na_values=list(MISSING),
            # Spreadsheets put a mark before the header, which would become part of a name.
            encoding="utf-8-sig",
            # A comma at the end of each row must not make the first column an index.
            index_col=False,
        )
    except FileNotFoundError:
        raise BadFile(f"{path}: there is no such file") from None
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise BadFile(f"{path}: cannot be read: {error}") from None
    except (ValueError, BadZipFile) as error:
        raise BadFile(f"{path}: is no CSV file with a header: {error}") from None


def typed(name: str, raw: pd.Series, report: Report) -> pd.Series:
    """Check the values of one column and give them their type; see `read_users`.

    Args:
        name: Of the column.
        raw: Text with None or NaN for missing; of flags and amounts also numbers.
        report: Told which values cannot be used, and why.
    """
    present = raw.notna()
    if name == "user_id":
        # Through Python integers: beyond 2**53 a float would merge neighbouring ids.
        whole = present & raw.str.fullmatch(r"\d{1,19}").fillna(False).astype(bool)
        ids = raw.where(whole, "0").map(int)
        bad = (present & ~whole) | (ids > schemas.MAX_USER_ID)
        report(bad, f"user_id is no whole number from 0 to {schemas.MAX_USER_ID}")
        return ids.where(~bad, 0)
    if name == "join_date":
        moments = pd.to_datetime(raw, errors="coerce", format="ISO8601", utc=True).dt.tz_localize(
            None
        )
        years = moments.dt.year
        whole = raw.str.match(r"\d{4}-\d{2}-\d{2}").fillna(False).astype(bool)
        bad = present & ~(whole & years.between(FIRST_YEAR, LAST_YEAR))
        report(bad, "join_date is no date such as 2019-08-01 00:00:21")
        return moments
    if name in _FLAGS:
        numbers = _numbers(raw)
        bad = present & ~numbers.isin([0.0, 1.0])
        report(bad, f"{name} is neither 0 nor 1")
        return numbers
    if name in _AMOUNTS:
        low, high = _AMOUNTS[name]
        numbers = _numbers(raw)
        bad = present & ~numbers.between(low, high)
        report(bad, f"{name} is no amount from {low:,.0f} to {high:,.0f}")
        return numbers
    report(present & raw.str.contains("\0", regex=False), f"{name} holds NUL")
    if name in CATEGORICAL:
        bad = present & (raw.str.len() > schemas.MAX_TEXT)
        report(bad, f"{name} is longer than {schemas.MAX_TEXT} characters")
    return raw.where(present, None)


def _numbers(raw: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))
