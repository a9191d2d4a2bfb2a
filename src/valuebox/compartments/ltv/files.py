"""Files of users: read strictly, checked against the same bounds as requests, problems by row.

`valuebox train`, `evaluate` and `score` read through here, so that they take and refuse the same.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.compartments.ltv.user import COLUMNS as COLUMNS
from valuebox.compartments.ltv.user import REQUIRED as REQUIRED
from valuebox.compartments.ltv.user import TARGET as TARGET
from valuebox.compartments.ltv.user import USERS
from valuebox.features.encoder import Columns
from valuebox.features.shape import Shape
from valuebox.files.headed import HeadedFile, all_rows, open_headed
from valuebox.files.problems import BadFile as BadFile
from valuebox.files.problems import Problems as Problems
from valuebox.statistics.outliers import outlying

if TYPE_CHECKING:
    import pyarrow as pa

UserFile = HeadedFile
"""A file of users with the columns that it has to have."""


def open_users(
    path: Path,
    required: Sequence[str] = REQUIRED,
    strict: bool = False,
    shape: Shape = USERS,
) -> UserFile:
    """Look at the columns of a file, as a model takes them; see `headed.open_headed`.

    Raises:
        BadFile: when it cannot be read, or lacks a column.
    """
    return open_headed(path, shape.names, required, strict, shape.optional)


def read_users(
    path: Path, required: Iterable[str] = REQUIRED, unique: bool = False
) -> pd.DataFrame:
    """Read a file of users and check every value; see `open_users` and `all_users`."""
    return all_users(open_users(path, tuple(required)), unique)


def all_users(file: UserFile, unique: bool = False, shape: Shape = USERS) -> pd.DataFrame:
    """Read all users of a file and check every value; see `headed.all_rows`.

    Args:
        file: See `open_users`.
        unique: Whether a user_id may appear only once.
        shape: The columns of the users.

    Returns:
        One row per user in file order: `user_id` int64, `join_date` datetime64, flags and
        amounts float64 with NaN for missing, everything else str or None. A known column that is
        absent is missing for everybody.

    Raises:
        BadFile: naming every kind of problem with its first rows; rows count from 1 below the
            header.
    """
    users = all_rows(file, shape.known, "user_id" if unique else None)
    for name in shape.columns:
        if name not in users:
            users[name] = None if name in shape.categorical else np.nan
    return users


def checked(
    users: "pa.Table", rows_before: int, shape: Shape = USERS
) -> tuple[NDArray[np.int64], Columns, Problems]:
    """Check a batch of users.

    Args:
        users: As `Source.batches` gives them, with the columns of the shape alone.
        rows_before: Rows of the file above the batch.
        shape: The columns of the users.

    Returns:
        The ids, `(n_users,)`; the columns that `LtvModel.predict` takes; and what cannot be
        used of either, in which case they mean nothing.
    """
    # Arrow is no part of the service, which reads no files.
    from valuebox.files import checks

    found, problems = checks.checked(users, rows_before, shape.known)
    del found["join_date"]
    return found["user_id"], found, problems


def outliers(path: Path, users: pd.DataFrame) -> list[str]:
    """A sentence that names users with a target so far from all others that it must be wrong."""
    problems = Problems()
    found = outlying(users[TARGET].to_numpy(dtype=float))
    problems.add(found, "target is beyond what the others lead to expect")
    return [f"{path}: {line}" for line in problems.lines()]


def columns_of(users: pd.DataFrame) -> dict[str, Any]:
    """The frame's features as the encoder takes them: arrays by column name."""
    return {name: users[name].to_numpy() for name in users.columns}
