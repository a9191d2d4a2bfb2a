"""Files of raw events: an array of JSON, or an object of it in each line."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from valuebox.files.packed import begins_with, check_text, readable, unpacked
from valuebox.files.problems import BadFile
from valuebox_cli.importing.opened import BATCH, BadSource
from valuebox_cli.importing.sources import PACKED

ENDINGS: Final = (".json", ".jsonl", ".ndjson")
_MARK: Final = b"\xef\xbb\xbf"
_LONGEST: Final = 4 << 20
"""Bytes of a line: far more than is stored of an event."""
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])


def is_raw(path: Path) -> bool:
    """Whether a file is called as one of JSON, which may be compressed."""
    name = path.with_suffix("") if path.suffix.lower() in PACKED else path
    return name.suffix.lower() in ENDINGS


def raw_files(given: str) -> list[Path]:
    """The files of raw events that a source names: itself, or those in a folder, in order.

    Raises:
        BadSource: when there are none.
    """
    path = Path(given)
    if not path.exists():
        raise BadSource(f"{given}: there is no such file or folder")
    files = sorted(filter(is_raw, path.iterdir())) if path.is_dir() else [path]
    if not files or not all(map(is_raw, files)):
        endings = ", ".join((*ENDINGS, *(f"{ENDINGS[1]}{one}" for one in PACKED)))
        raise BadSource(f"{given}: a mapping of raw events is for files that end in {endings}")
    return files


def batches(path: Path) -> Iterator[list[bytes]]:
    """What stands for each event of a file, at most `BATCH` at a time.

    Of an array all is held in memory, of lines a batch.

    Raises:
        BadFile: when it is neither, or cannot be read to its end.
    """
    check_text(path, begins_with(path))
    with readable(path), unpacked(path) as text:
        batch: list[bytes] = []
        for one in _each(path, text):
            batch.append(one)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _each(path: Path, text: IO[bytes]) -> Iterator[bytes]:
    begin = text.readline(_LONGEST).removeprefix(_MARK)
    while begin.isspace():
        begin = text.readline(_LONGEST)
    if begin.lstrip().startswith(b"["):
        try:
            found = _ARRAY.decode(begin + text.read())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadFile(f"{path}: begins as an array of JSON, and is none: {error}") from None
        yield from map(bytes, found)
        return
    if begin:
        try:
            msgspec.json.decode(begin, type=msgspec.Raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadFile(
                f"{path}: is neither an array of JSON nor an object of it in each line"
            ) from None
    line, row = begin, 1
    while line:
        if not line.endswith(b"\n") and len(line) >= _LONGEST:
            raise BadFile(f"{path}: line {row:,} is longer than {_LONGEST:,} bytes")
        if not line.isspace():
            yield line
        line, row = text.readline(_LONGEST), row + 1
