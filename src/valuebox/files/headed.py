"""Files of rows with known columns: read strictly, within the same bounds as requests."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from valuebox.features.heading import Heading, Known
from valuebox.files.problems import BadFile, Problems
from valuebox.schemas.columns import Column, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from valuebox.files.source import Source

_BATCH: Final = 100_000


@dataclass(frozen=True)
class HeadedFile:
    """A file with the columns that it has to have."""

    source: "Source"
    heading: Heading

    @property
    def path(self) -> Path:
        """The path as it was given."""
        return self.source.path

    def warnings(self) -> list[str]:
        """What is strange about the columns of the file, in sentences that name it."""
        return [f"{self.path}: {told}" for told in self.heading.warnings()]


def open_headed(
    path: Path,
    known: Known,
    required: Sequence[str],
    strict: bool,
    optional: Collection[str] = (),
) -> HeadedFile:
    """Look at the columns of a file: CSV, which may be compressed, Parquet, or a folder of it.

    Args:
        path: Of the file.
        known: The columns that are known.
        required: Columns that must be there.
        strict: Whether a file is refused that lacks a feature.
        optional: Columns of which no row needs a value, as whoever lacks one of them is told.

    Raises:
        BadFile: when it cannot be read, or lacks a column.
    """
    # Arrow is no part of the service, which reads no files.
    from valuebox.files.source import open_source

    source = open_source(path)
    names = source.names
    if lacking := [name for name in required if name not in names]:
        pairs = [(name, known.meant_by(name)) for name in names]
        meant = [f'"{name}" for {other}' for name, other in pairs if other in lacking]
        hint = f" (is {', '.join(meant)} meant?)" if meant else ""
        empty = ", ".join(name for name in lacking if name in optional)
        raise BadFile(
            f"{path}: lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; "
            f"it has {', '.join(names)}{hint}",
            *([f"where nobody knows {empty}: columns without any value will do"] if empty else []),
        )
    source.check_twice()
    file = HeadedFile(source, known.heading(names))
    if strict and (told := file.warnings()):
        raise BadFile(*told, "refused, because of --strict")
    return file


def all_rows(file: HeadedFile, known: "Mapping[str, Column]", unique: str | None) -> pd.DataFrame:
    """Read all rows of a file and check every value.

    An empty field and a literal `NA` mean missing. Columns that are not known are kept as text, as
    far as they can be told as text.

    Args:
        file: See `open_headed`.
        known: The columns that are known, by name.
        unique: The column of which a value may appear only once, if any.

    Returns:
        One row per row of the file, in its order, with types as of `typed`.

    Raises:
        BadFile: naming every kind of problem with its first rows; rows count from 1 below the
            header.
    """
    # Arrow is no part of the service, which reads no files.
    from valuebox.files.checks import checked

    problems = Problems()
    frames: list[pd.DataFrame] = []
    rows = 0
    few = frozenset(name for name, column in known.items() if isinstance(column.kind, Text))
    for batch in file.source.batches(_BATCH, file.source.names, few):
        found, bad = checked(batch, rows, known)
        problems.update(bad)
        rows += batch.num_rows
        if not problems:
            frames.append(pd.DataFrame({name: _plain(values) for name, values in found.items()}))
    if not rows:
        raise BadFile(f"{file.path}: holds no users, only a header")
    all_ = pd.DataFrame() if problems else pd.concat(frames, ignore_index=True)
    if unique and not problems:
        problems.add(all_[unique].duplicated(keep=False), f"{unique} appears more than once")
    problems.raise_for(file.path)
    return all_


def _plain(values: Any) -> Any:
    """Texts as they are, None where they are missing."""
    if isinstance(values, pd.Categorical) or values.dtype == object:
        texts = pd.Series(values, dtype=object)
        return texts.where(texts.notna(), None)
    return values
