"""CSV files: checked record by record, then parsed by Arrow."""

import csv as plain
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa
from pyarrow import csv

from valuebox.files.layout import AS_USUAL, UTF_8, WHITESPACE, Layout, Recoded
from valuebox.files.packed import check_text, unpacked
from valuebox.files.problems import BadFile
from valuebox.files.records import Marks, Records, marks, stray_quote

# Every value of a block is alive at once, in several forms.
_BLOCK: Final = 4 << 20
# Of a row, in bytes: what is longer has a quote that is never closed, most likely.
_LONGEST: Final = 4 << 20
_MARK: Final = b"\xef\xbb\xbf"
_OTHERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


class Readable(Protocol):
    """The bytes of a file."""

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes, or nothing at the end."""
        ...


@dataclass(frozen=True)
class CsvFile:
    """A CSV file with a header that can be used."""

    path: Path
    names: list[str]
    """Names of the columns, in the order of the file; empty where the header names none."""
    layout: Layout = AS_USUAL
    block: int = _BLOCK
    """Bytes that are read at once."""

    def batches(
        self, columns: Sequence[str], size: int = 0, few: frozenset[str] = frozenset()
    ) -> Iterator[pa.RecordBatch]:
        """All rows in file order, as text; what is empty is an empty text.

        Args:
            columns: Names of those to read.
            size: Is not looked at: some megabytes come at once.
            few: Is not looked at.

        Raises:
            BadFile: naming rows that are no whole records.
        """
        records = Records(self.names, self.layout.mark)
        with _opened(self.path, self.layout) as file:
            _, rest = _header(self.path, file, self.layout, self.block)
            for block, found in _blocks(file, rest, self.layout.mark, self.block):
                above = records.count
                good, rows = records.check(block, found)
                if not (found.ends.size or records.problems):
                    raise BadFile(
                        f"{self.path}: row {above + 1:,} has no end within {_LONGEST >> 20} MiB: "
                        "is a quote never closed?"
                    )
                # After the first problem nothing is handed out, but all of them are named.
                if rows and not records.problems:
                    yield from self._parsed(good, rows, found.is_split, above, columns)
                elif not rows and records.problems:
                    # Without knowing which quotes are open there are no records to count.
                    break
        records.problems.raise_for(self.path)

    def _parsed(
        self, block: bytes, rows: int, is_split: bool, above: int, columns: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        # Names that are empty may be there several times.
        names = [name or f"\0{position}" for position, name in enumerate(self.names)]
        table = csv.read_csv(
            # Of one mark at the very start Arrow says nothing: ours, and none of the first value.
            pa.BufferReader(_MARK + block),
            csv.ReadOptions(block_size=len(_MARK) + len(block) + 1, column_names=names),
            csv.ParseOptions(delimiter=chr(self.layout.mark), newlines_in_values=is_split),
            csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=list(columns),
                strings_can_be_null=False,
            ),
        )
        if table.num_rows != rows:
            raise BadFile(
                f"{self.path}: below row {above:,} there are {rows:,} rows, of which "
                f"{table.num_rows:,} can be read"
            )
        yield from table.to_batches()


def open_csv(path: Path, layout: Layout = AS_USUAL) -> CsvFile:
    """Look at the header of a file.

    Raises:
        BadFile: when there is none, or the file is no text of fields with delimiters between them.
    """
    with _opened(path, layout) as file:
        names, _ = _header(path, file, layout)
    return CsvFile(path, names, layout)


@contextmanager
def _opened(path: Path, layout: Layout) -> Iterator[Readable]:
    with unpacked(path) as file:
        as_usual = layout.encoding == UTF_8 and layout.delimiter != WHITESPACE
        yield file if as_usual else Recoded(path, file, layout)


def _header(
    path: Path, file: Readable, layout: Layout, size: int = _BLOCK
) -> tuple[list[str], bytes]:
    """The names in the first record, and what was read beyond it."""
    data = b""
    while chunk := _chunk(file, size):
        data += chunk
        # Blank lines above it count for nothing.
        text = data.removeprefix(_MARK).lstrip(b"\r\n")
        ends = marks(text, layout.mark).ends
        if ends.size or len(data) >= _LONGEST:
            break
    check_text(path, data)
    if not data.removeprefix(_MARK).strip():
        raise BadFile(f"{path}: is no CSV file with a header: it is empty")
    if layout.names is not None:
        return list(layout.names), text
    end = int(ends[0]) + 1 if ends.size else len(text)
    return _names(path, text[:end], layout.mark), text[end:]


def _names(path: Path, header: bytes, delimiter: int) -> list[str]:
    line = header.rstrip(b"\r\n")
    if b"\0" in line:
        raise BadFile(f"{path}: is no CSV file with a header: its first line holds NUL")
    if stray_quote(line, marks(line, delimiter).quotes, delimiter) is not None:
        raise BadFile(f"{path}: the header has a quote out of place, or never closed")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise BadFile(f"{path}: the header is no UTF-8 (byte 0x{byte:02x})") from None
    lines = io.StringIO(text, newline="")
    names = next(plain.reader(lines, delimiter=chr(delimiter), strict=True))
    if len(names) == 1:
        for mark, what in _OTHERS.items():
            if mark in text:
                wanted = _OTHERS.get(chr(delimiter), repr(chr(delimiter)))
                raise BadFile(f"{path}: its fields are separated by {what}, and not by {wanted}")
    return names


def _blocks(
    file: Readable, data: bytes, delimiter: int, size: int
) -> Iterator[tuple[bytes, Marks]]:
    """Whole records, some megabytes at a time, and where their marks lie.

    The last block is what is left, be it whole or not; one without an end is too long.
    """
    while True:
        chunk = _chunk(file, size)
        data += chunk
        if not chunk:
            if data:
                data += b"" if data.endswith((b"\n", b"\r")) else b"\n"
                yield data, marks(data, delimiter)
            return
        found = marks(data, delimiter)
        if not found.ends.size:
            if len(data) >= _LONGEST:
                yield data, found
                return
            continue
        end = int(found.ends[-1]) + 1
        yield data[:end], _up_to(found, end)
        data = data[end:]


def _up_to(found: Marks, end: int) -> Marks:
    commas = found.commas[: found.commas.searchsorted(end)]
    quotes = found.quotes[: found.quotes.searchsorted(end)]
    return Marks(found.ends, commas, quotes, found.is_split)


def _chunk(file: Readable, size: int) -> bytes:
    """So many bytes, or one more where they would end between a CR and its LF."""
    chunk = file.read(size)
    return chunk + file.read(1) if chunk.endswith(b"\r") else chunk
