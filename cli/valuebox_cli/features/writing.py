"""Tables of features into files: JSON lines, CSV or Parquet, by the name of the file."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
from pyarrow import csv, parquet

from valuebox.errors import ValueboxError
from valuebox_cli.features.pieces import objects_of, schema_of, table_of
from valuebox_cli.terminal.console import writing

KINDS: Final = (".jsonl", ".csv", ".parquet")
_AT_ONCE: Final = 50_000
_ROW_GROUP: Final = 1 << 18

Pieces = Callable[[], Iterable[pa.RecordBatch]]
"""All rows in order, which may be asked for several times."""


def check_kind(file: Path) -> None:
    """Refuse a file whose name does not say what it will be.

    Raises:
        ValueboxError: naming it.
    """
    if file.suffix not in KINDS:
        raise ValueboxError(f"{file}: should end in {', '.join(KINDS)}")


def check_is_no_input(file: Path, inputs: Iterable[Path]) -> None:
    """Refuse to write over a file that is read.

    Raises:
        ValueboxError: naming it.
    """
    if file.exists() and any(one.exists() and one.samefile(file) for one in inputs):
        raise ValueboxError(f"{file}: is the input")


def write_pieces(pieces: Pieces, file: Path) -> None:
    """Write a table; the file is there whole, or not at all, and the same however it is cut."""
    part = file.with_name(f"{file.name}.part")
    with writing(file):
        try:
            if file.suffix == ".jsonl":
                _write_lines(pieces, part)
            elif file.suffix == ".csv":
                schema = schema_of(pieces())
                with csv.CSVWriter(part, schema) as lines:
                    for piece in pieces():
                        lines.write_table(table_of(piece, schema))
            else:
                schema = schema_of(pieces())
                with parquet.ParquetWriter(part, schema) as groups:
                    for group in _groups(table_of(piece, schema) for piece in pieces()):
                        groups.write_table(group, row_group_size=_ROW_GROUP)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)


def _write_lines(pieces: Pieces, part: Path) -> None:
    encoder = msgspec.json.Encoder()
    with part.open("wb") as opened:
        for piece in pieces():
            for start in range(0, piece.num_rows, _AT_ONCE):
                opened.write(encoder.encode_lines(list(objects_of(piece.slice(start, _AT_ONCE)))))


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Rows regrouped, so many at once but for the last."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        while sum(one.num_rows for one in waiting) >= _ROW_GROUP:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, _ROW_GROUP).combine_chunks()
            waiting = [whole.slice(_ROW_GROUP)]
    whole = pa.concat_tables(waiting)
    if whole.num_rows:
        yield whole.combine_chunks()
