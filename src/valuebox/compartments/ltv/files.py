"""Files of users: read strictly, checked against the same bounds as requests, problems by row.

`valuebox train`, `evaluate` and `score` read through here, so that they take and refuse the same.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from valuebox.compartments.ltv import schemas
from valuebox.compartments.ltv.features import CATEGORICAL
from valuebox.compartments.ltv.names import COLUMNS as COLUMNS
from valuebox.compartments.ltv.names import REQUIRED as REQUIRED
from valuebox.compartments.ltv.names import TARGET as TARGET
from valuebox.compartments.ltv.names import Heading, meant_by
from valuebox.compartments.ltv.outliers import outlying
from valuebox.files.problems import BadFile as BadFile
from valuebox.files.problems import Mask
from valuebox.files.problems import Problems as Problems
from valuebox.schemas.moments import FIRST_YEAR, LAST_YEAR
from valuebox.schemas.values import MAX_USER_ID

if TYPE_CHECKING:
    from valuebox.files.source import Source

MISSING: Final = ("", "NA")
Report = Callable[[Mask, str], None]

_BATCH: Final = 100_000
# A float that is larger may stand for several whole numbers.
_EXACT: Final = 2**53
_FLAGS: Final = ("hidden", "is_lp", "is_cancelled")
_TRUTH: Final = {"true": "1", "false": "0"}
_AMOUNTS: Final = {
    "STV": (0.0, schemas.MAX_AMOUNT),
    TARGET: (-schemas.MAX_AMOUNT, schemas.MAX_AMOUNT),
}


@dataclass(frozen=True)
class UserFile:
    """A file of users with the columns that it has to have."""

    source: "Source"
    heading: Heading

    @property
    def path(self) -> Path:
        """The path as it was given."""
        return self.source.path

    def warnings(self) -> list[str]:
        """What is strange about the columns of the file, in sentences that name it."""
        return [f"{self.path}: {told}" for told in self.heading.warnings()]


def open_users(path: Path, required: Sequence[str] = REQUIRED, strict: bool = False) -> UserFile:
    """Look at the columns of a file: CSV, which may be compressed, Parquet, or a folder of it.

    Args:
        path: Of the file.
        required: Columns that must be there.
        strict: Whether a file is refused that lacks a feature.

    Raises:
        BadFile: when it cannot be read, or lacks a column.
    """
    # Arrow is no part of the service, which reads no files.
    from valuebox.files.source import open_source

    source = open_source(path)
    names = source.names
    if lacking := [name for name in required if name not in names]:
        meant = [f'"{name}" for {meant_by(name)}' for name in names if meant_by(name) in lacking]
        hint = f" (is {', '.join(meant)} meant?)" if meant else ""
        raise BadFile(
            f"{path}: lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; "
            f"it has {', '.join(names)}{hint}"
        )
    source.check_twice()
    file = UserFile(source, Heading.of(names))
    if strict and (told := file.warnings()):
        raise BadFile(*told, "refused, because of --strict")
    return file


def read_users(
    path: Path, required: Iterable[str] = REQUIRED, unique: bool = False
) -> pd.DataFrame:
    """Read a file of users and check every value; see `open_users` and `all_users`."""
    return all_users(open_users(path, tuple(required)), unique)


def all_users(file: UserFile, unique: bool = False) -> pd.DataFrame:
    """Read all users of a file and check every value.

    An empty field and a literal `NA` mean missing, and so does an absent column. Columns that
    are not known are kept as text, as far as they can be told as text.

    Args:
        file: See `open_users`.
        unique: Whether a user_id may appear only once.

    Returns:
        One row per user in file order: `user_id` int64, `join_date` datetime64, flags and
        amounts float64 with NaN for missing, everything else str or None.

    Raises:
        BadFile: naming every kind of problem with its first rows; rows count from 1 below the
            header.
    """
    # Arrow is no part of the service, which reads no files.
    from valuebox.compartments.ltv.checks import checked_frame

    problems = Problems()
    frames: list[pd.DataFrame] = []
    users = pd.DataFrame()
    rows = 0
    for batch in file.source.batches(_BATCH, file.source.names, frozenset(CATEGORICAL)):
        frame, found = checked_frame(batch, rows)
        problems.update(found)
        rows += batch.num_rows
        if not problems:
            frames.append(frame)
    if not rows:
        raise BadFile(f"{file.path}: holds no users, only a header")
    if not problems:
        users = pd.concat(frames, ignore_index=True)
        if unique:
            twice = users["user_id"].duplicated(keep=False)
            problems.add(twice, "user_id appears more than once")
    problems.raise_for(file.path)
    for name in COLUMNS:
        if name not in users:
            users[name] = None if name in CATEGORICAL else np.nan
    return users


def outliers(path: Path, users: pd.DataFrame) -> list[str]:
    """A sentence that names users with a target so far from all others that it must be wrong."""
    problems = Problems()
    found = outlying(users[TARGET].to_numpy(dtype=float))
    problems.add(found, "target is beyond what the others lead to expect")
    return [f"{path}: {line}" for line in problems.lines()]


def columns_of(users: pd.DataFrame) -> dict[str, Any]:
    """The frame's features as the encoder takes them: arrays by column name."""
    return {name: users[name].to_numpy() for name in users.columns}


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
        parts = raw.str.extract(r"^(\d{1,19})(\.0+)?$")
        whole = parts[0].notna()
        ids = parts[0].where(whole, "0").map(int)
        # Written as a float, a large one may have been another before.
        bad = (present & ~whole) | (ids > MAX_USER_ID)
        bad |= parts[1].notna() & (ids >= _EXACT)
        report(bad, f"user_id is no whole number from 0 to {MAX_USER_ID}")
        return ids.where(~bad, 0)
    if name == "join_date":
        in_utc = raw.str.replace(r" UTC$", "Z", regex=True)
        moments = pd.to_datetime(in_utc, errors="coerce", format="ISO8601", utc=True)
        moments = moments.dt.tz_localize(None)
        years = moments.dt.year
        whole = raw.str.match(r"\d{4}-\d{2}-\d{2}").fillna(False).astype(bool)
        bad = present & ~(whole & years.between(FIRST_YEAR, LAST_YEAR))
        report(bad, "join_date is no date such as 2019-08-01 00:00:21")
        return moments
    if name in _FLAGS:
        numbers = _numbers(_of_truth(raw))
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


def _of_truth(raw: pd.Series) -> pd.Series:
    """Where a flag is told in words, as 1 or 0."""
    if raw.dtype != object:
        return raw
    return raw.map(lambda value: _TRUTH.get(value.lower(), value), na_action="ignore")


def _numbers(raw: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))
