"""What is scored already, on disk: a file for every batch beside the output, joined at the end."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from valuebox.errors import ValueboxError

SCHEMA: Final = pa.schema(
    [
        ("user_id", pa.int64()),
        ("prediction", pa.float64()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
        ("model", pa.dictionary(pa.int32(), pa.string())),
    ]
)
"""Schema of the output."""

_MANIFEST: Final = "manifest.json"
_UNFINISHED: Final = "unfinished-"


class OtherRun(ValueboxError):
    """The parts that are there were made from something else."""


class Parts:
    """The folder `OUT.parts`: it outlives whatever ends the process, and goes when `OUT` is there.

    Args:
        out: The output; its suffix says which format.
        made_from: What the parts depend on: the input, the model, how many rows make one.
    """

    def __init__(self, out: Path, made_from: dict[str, Any]):
        self.out = out
        self.folder = out.with_name(f"{out.name}.parts")
        self._made_from = made_from
        self._write, self._join = (
            (_write_parquet, _join_parquet) if out.suffix == ".parquet" else (_write_csv, _join_csv)
        )

    def begin(self, fresh: bool = False) -> set[int]:
        """Make the folder, or find what an earlier start has left.

        Args:
            fresh: Throw away what is there.

        Returns:
            The numbers of the batches that are done.

        Raises:
            OtherRun: when the parts there were made from something else.
            ValueboxError: when the folder cannot be written, or is somebody else's.
        """
        manifest = self.folder / _MANIFEST
        with self._writable():
            if fresh and manifest.exists():
                self.discard()
            self.folder.mkdir(exist_ok=True)
            if not manifest.exists():
                if any(not one.name.startswith(_UNFINISHED) for one in self.folder.iterdir()):
                    raise ValueboxError(f"{self.folder}: is needed, and holds something else")
                with _whole(manifest) as file:
                    file.write(json.dumps(self._made_from, indent=1).encode())
        try:
            found = json.loads(manifest.read_bytes())
        except (OSError, ValueError):
            found = {}
        if other := [name for name, value in self._made_from.items() if found.get(name) != value]:
            told = ", ".join(f"another {name}{_shown(found.get(name))}" for name in other)
            raise OtherRun(
                f"{self.folder} holds what a run with {told} left unfinished; "
                "go on with the same, or start over with --fresh"
            )
        return {int(part.stem) for part in self.folder.iterdir() if part.stem.isdecimal()}

    def write(self, number: int, predictions: pa.Table) -> None:
        """Store the predictions of one batch, all of them or none.

        Raises:
            ValueboxError: when the disk does not take them.
        """
        with self._writable(), _whole(self._part(number)) as file:
            self._write(predictions, file)

    def finish(self, count: int, users: int) -> None:
        """Join the first `count` parts to the output, at once, and remove them.

        Args:
            count: Of the parts.
            users: How many there are in them.

        Raises:
            ValueboxError: when the disk does not take it, or users are missing.
        """
        with self._writable():
            with _whole(self.folder / "joined") as file:
                joined = self._join([self._part(number) for number in range(count)], file)
            if joined != users:
                raise ValueboxError(
                    f"{self.folder}: holds {joined:,} of {users:,} predictions; start over with "
                    "--fresh"
                )
            (self.folder / "joined").replace(self.out)
        self.discard()

    def discard(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:06d}{self.out.suffix}"

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            reason = getattr(error, "strerror", None) or error
            raise ValueboxError(f"{self.folder}: cannot be written: {reason}") from None


def _shown(value: Any) -> str:
    return f" ({value})" if isinstance(value, str | int) else ""


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that is there with all of its content, or not at all, whatever happens."""
    unfinished = path.with_name(f"{_UNFINISHED}{os.getpid()}-{path.name}")
    with unfinished.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _write_parquet(predictions: pa.Table, file: BinaryIO) -> None:
    pq.write_table(predictions, file)


def _write_csv(predictions: pa.Table, file: BinaryIO) -> None:
    text = predictions.set_column(4, "model", predictions["model"].cast(pa.string()))
    csv.write_csv(text, file, csv.WriteOptions(include_header=False, quoting_style="needed"))


def _join_parquet(parts: list[Path], file: BinaryIO) -> int:
    rows = 0
    with pq.ParquetWriter(file, SCHEMA) as writer:
        for part in parts:
            # In the folder's name there may be things that look like partitions.
            table = pq.read_table(part, schema=SCHEMA, partitioning=None)
            writer.write_table(table)
            rows += table.num_rows
    return rows


def _join_csv(parts: list[Path], file: BinaryIO) -> int:
    rows = 0
    file.write(",".join(SCHEMA.names).encode() + b"\n")
    for part in parts:
        content = part.read_bytes()
        file.write(content)
        # No name of a model goes over several lines.
        rows += content.count(b"\n")
    return rows
