"""Logs of decisions in files of others, with the propensities of what was chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from valuebox.compartments.offers.evaluation.fixed import FixedLog
from valuebox.errors import ValueboxError
from valuebox.files.source import open_source
from valuebox.statistics.arrays import Floats

PLAYERS: Final = ("cluster", "customer")
"""Columns that say whose a decision is, where none is named."""
_AT_ONCE: Final = 100_000


@dataclass(frozen=True)
class Columns:
    """Which column of a file is what."""

    action: str = "action"
    propensity: str = "propensity"
    reward: str = "reward"
    cluster: str | None = None
    """Whose a decision is; None for `cluster` or `customer` where there is one."""
    context: Sequence[str] | None = None
    """What was known; None for all other columns."""

    def of(self, path: Path, names: Sequence[str]) -> tuple[list[str], str | None]:
        """Columns with what was known, and the one that says whose a decision is.

        Raises:
            ValueboxError: where a column is not among the names.
        """
        needed = [self.action, self.propensity, self.reward, *(self.context or [])]
        needed += [self.cluster] if self.cluster else []
        if lacking := [one for one in dict.fromkeys(needed) if one not in names]:
            raise ValueboxError(
                f"{path}: has no column {', '.join(lacking)}; it has {', '.join(names)}"
            )
        cluster = self.cluster or next((one for one in PLAYERS if one in names), None)
        taken = {self.action, self.propensity, self.reward, cluster}
        if self.context is not None:
            return list(dict.fromkeys(self.context)), cluster
        return [one for one in names if one not in taken], cluster


def read_log(path: Path, columns: Columns) -> FixedLog:
    """Read a log: CSV, which may be compressed, Parquet, or a folder of it.

    Raises:
        ValueboxError: where a column is not there, or a row has no action, no reward or no
            propensity above 0 and up to 1; the message names the row, counted from 1.
    """
    source = open_source(path)
    source.check_twice()
    context, cluster = columns.of(path, source.names)
    names = [columns.action, columns.propensity, columns.reward, *([cluster] if cluster else [])]
    read = list(dict.fromkeys([*names, *context]))
    frames = [batch.to_pandas() for batch in source.batches(_AT_ONCE, read)]
    if not any(map(len, frames)):
        raise ValueboxError(f"{path}: has no rows")
    return log_of(path, pd.concat(frames, ignore_index=True), columns)


def log_of(path: Path, frame: pd.DataFrame, columns: Columns) -> FixedLog:
    """The log that a table holds.

    Args:
        path: Where the table comes from, for messages.
        frame: A row for each decision, at least one.
        columns: Which column is what.

    Raises:
        ValueboxError: see `read_log`.
    """
    context, cluster = columns.of(path, [str(name) for name in frame])
    action, actions = _actions(path, frame[columns.action])
    propensity = _numbers(path, frame, columns.propensity)
    _check(path, columns.propensity, (propensity > 0) & (propensity <= 1), "from above 0 up to 1")
    whose = np.arange(len(frame))
    if cluster is not None:
        whose, _ = pd.factorize(_there(frame[cluster]))
        _check(path, cluster, whose >= 0, "that is there")
    return FixedLog(
        context=pd.DataFrame({one: _typed(frame[one]) for one in context}, index=frame.index),
        actions=actions,
        action=action,
        propensity=propensity,
        reward=_numbers(path, frame, columns.reward),
        cluster=whose.astype(np.intp),
    )


def _actions(path: Path, column: "pd.Series[Any]") -> tuple[Any, list[Any]]:
    codes, kinds = pd.factorize(_there(column), sort=True)
    _check(path, str(column.name), codes >= 0, "that is there")
    found = [one.item() if isinstance(one, np.generic) else one for one in kinds]
    # CSV knows texts alone: whoever writes 7 means the number.
    if all(isinstance(one, str) and one.isdigit() and str(int(one)) == one for one in found):
        found = [int(one) for one in found]
    return codes.astype(np.intp), found


def _numbers(path: Path, frame: pd.DataFrame, name: str) -> Floats:
    values = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    _check(path, name, np.isfinite(values), "that is a number")
    found: Floats = values
    return found


def _typed(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of texts as numbers, where all that are there are numbers."""
    if not _is_text(column):
        return column
    there = _there(column)
    numbers = pd.to_numeric(there, errors="coerce")
    return numbers if bool((numbers.notna() == there.notna()).all()) else column


def _there(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column whose empty texts, as CSV has them, are missing."""
    return column.mask(column == "") if _is_text(column) else column


def _is_text(column: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column))


def _check(path: Path, name: str, good: Any, what: str) -> None:
    if not good.all():
        row = int(np.argmin(good)) + 1
        raise ValueboxError(f"{path}: row {row:,} has no {name} {what}")
