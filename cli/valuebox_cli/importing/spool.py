"""Rows put aside until all of a table is known."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Final

import pyarrow as pa

from valuebox_cli.importing.opened import BadSource

_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")


class Spool:
    """Batches in a temporary file, which is gone when it is closed.

    Each may have types of its own: databases do not promise that a column has a single one.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115
        self.rows = 0

    def put(self, batch: pa.RecordBatch) -> None:
        """Write a batch behind the others.

        Raises:
            BadSource: when there is no space for it.
        """
        self.rows += batch.num_rows
        try:
            with pa.ipc.new_stream(self._file, batch.schema, options=_OPTIONS) as stream:
                stream.write_batch(batch)
        except OSError as error:
            raise BadSource(f"rows cannot be put aside in a temporary file: {error}") from None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All batches, in their order."""
        self._file.flush()
        end = self._file.tell()
        self._file.seek(0)
        source = pa.PythonFile(self._file)
        while self._file.tell() < end:
            with pa.ipc.open_stream(source) as stream:
                yield from stream

    def close(self) -> None:
        """Delete the temporary file."""
        self._file.close()
