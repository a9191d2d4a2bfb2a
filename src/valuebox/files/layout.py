"""How the bytes of a CSV file are laid out, where that is not as RFC 4180 has it in UTF-8."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from valuebox.files.problems import BadFile

UTF_8: Final = "utf-8"
WHITESPACE: Final = "whitespace"
"""The delimiter of files whose fields stand below one another, with blanks between them."""

_BLANKS: Final = re.compile(rb"[ \t]+")
_EDGES: Final = re.compile(rb"(?m)^\t+|\t+(?=\r?$)")


@dataclass(frozen=True)
class Layout:
    """How records are written."""

    delimiter: str = ","
    """What stands between fields: one character, or `WHITESPACE`."""
    encoding: str = UTF_8
    names: tuple[str, ...] | None = None
    """Names of the columns, where the file has no header."""

    @property
    def mark(self) -> int:
        """The byte between fields, once the file is read."""
        return ord("\t" if self.delimiter == WHITESPACE else self.delimiter)


AS_USUAL: Final = Layout()


class Recoded:
    """A file whose bytes become UTF-8, with a single mark between fields, as they are read.

    Args:
        path: Of the file, for what is said of it.
        file: Its bytes.
        layout: What they are.
    """

    def __init__(self, path: Path, file: IO[bytes], layout: Layout):
        self._path, self._layout = path, layout
        self._pieces = self._read(file)
        self._waiting = b""

    def read(self, size: int) -> bytes:
        """Read at least one byte and at most `size`, or nothing at the end."""
        while len(self._waiting) < size and (piece := next(self._pieces, None)) is not None:
            self._waiting += piece
        found, self._waiting = self._waiting[:size], self._waiting[size:]
        return found

    def _read(self, file: IO[bytes]) -> Iterator[bytes]:
        decode = codecs.getincrementaldecoder(self._layout.encoding)().decode
        left = b""
        while True:
            chunk = file.read(1 << 20)
            try:
                # Half of a surrogate pair cannot be stored, and would not be UTF-8.
                data = left + decode(chunk, final=not chunk).encode()
            except UnicodeError:
                raise BadFile(f"{self._path}: is no {self._layout.encoding}") from None
            if self._layout.delimiter != WHITESPACE:
                yield data
            else:
                end = data.rfind(b"\n") + 1 if chunk else len(data)
                data, left = data[:end], data[end:]
                yield _EDGES.sub(b"", _BLANKS.sub(b"\t", data))
            if not chunk:
                return
