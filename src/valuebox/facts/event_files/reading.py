"""Events out of files: as `POST /v1/events` takes them, or with a column for each property."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa

from valuebox.facts.event_files.columns import are_all_named, as_json, columns_batch
from valuebox.facts.event_files.normal import events_of
from valuebox.facts.event_files.rows import PROPERTIES, Row, Rows
from valuebox.features.declared.declaration import OWN
from valuebox.features.declared.events import Events
from valuebox.files.packed import begins_with, unpacked
from valuebox.files.problems import BadFile, Problems
from valuebox.files.source import Source, open_source

_NO_JSON: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_ROWS_AT_ONCE: Final = 50_000
_AT_ONCE: Final = 1 << 19
_LOOKED_AT: Final = 512
_BYTES: Final = 150
"""Bytes of an event in a text, about."""
_PACKED: Final = 15
"""Bytes of an event in a text that is compressed, about."""


def read_events(paths: Sequence[Path], properties: Iterable[str]) -> Events:
    """Read files of events, all of them as one upload.

    Args:
        paths: JSON lines, a JSON array, CSV or Parquet; what a file is shows in its content.
            Texts may be compressed.
        properties: Names of the properties that are kept.

    Raises:
        BadFile: naming the rows that cannot be used.
    """
    kept = list(properties)
    return events_of(batches_of(paths, kept), kept)


def batches_of(paths: Sequence[Path], properties: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Events of files batch by batch; see `read_events` and `valuebox.facts.event_files.normal`."""
    rows = Rows(properties)
    for path in paths:
        problems = Problems()
        above = 0
        source = path.name.split(".")[0]
        opened = _opened(path)
        if opened is not None and _has_ids(opened):
            wanted = [one for one in opened.names if one in (*OWN, *properties)]
            for table in opened.batches(_AT_ONCE, wanted, frozenset(wanted) - {"id"}):
                found = columns_batch(as_json(table), properties, source, problems, above)
                above += table.num_rows
                if found is not None:
                    yield found
        else:
            for objects in _objects(path, opened):
                found = rows.batch(objects, source, problems, above)
                above += len(objects)
                if found is not None:
                    yield found
        problems.raise_for(path)


def likely_events(paths: Sequence[Path]) -> int:
    """How many events there are in files, about: of texts their size says it."""
    found = 0
    for path in paths:
        opened = _opened(path)
        rows = None if opened is None else opened.users
        found += path.stat().st_size // _bytes_of_event(path) if rows is None else rows
    return found


def _bytes_of_event(path: Path) -> int:
    with unpacked(path) as file:
        return _BYTES if file.read(_LOOKED_AT) == begins_with(path) else _PACKED


def _opened(path: Path) -> Source | None:
    """A file of columns; None for JSON, and for an empty file."""
    try:
        begin = _begin(path)
    except OSError as error:
        raise BadFile(f"{path}: cannot be read: {error.strerror}") from None
    if begin in (b"{", b"[") or not (begin or path.is_dir()):
        return None
    source = open_source(path)
    source.check_twice()
    return source


def _begin(path: Path) -> bytes:
    if path.is_dir():
        return b""
    with unpacked(path) as file:
        return file.read(_LOOKED_AT).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]


def _has_ids(source: Source) -> bool:
    """Whether all events have ids: those without get one of everything that a row says."""
    if "id" not in source.names or PROPERTIES in source.names:
        return False
    return all(are_all_named(as_json(table)) for table in source.batches(_AT_ONCE, ["id"]))


def _objects(path: Path, source: Source | None) -> Iterator[list[Row]]:
    """The rows of a file as objects, some at once."""
    if source is not None:
        for table in source.batches(_ROWS_AT_ONCE, source.names):
            yield [
                {name: value for name, value in row.items() if value is not None and value != ""}
                for row in as_json(table).to_pylist()
            ]
    elif _begin(path) == b"[":
        yield from _of_array(path)
    else:
        yield from _of_lines(path)


def _of_lines(path: Path) -> Iterator[list[Row]]:
    decoder = msgspec.json.Decoder(Row)
    found: list[Row] = []
    with unpacked(path) as file:
        for line, text in enumerate(file, start=1):
            content = text.lstrip(b"\xef\xbb\xbf").strip()
            if not content:
                continue
            try:
                found.append(decoder.decode(content))
            except _NO_JSON as error:
                raise BadFile(f"{path}: line {line:,} is no JSON object: {error}") from None
            if len(found) == _ROWS_AT_ONCE:
                yield found
                found = []
    if found:
        yield found


def _of_array(path: Path) -> Iterator[list[Row]]:
    found: list[Any]
    with unpacked(path) as file:
        content = file.read()
    try:
        found = msgspec.json.decode(content.lstrip(b"\xef\xbb\xbf"), type=list[Row])
    except _NO_JSON as error:
        raise BadFile(f"{path}: is no JSON array of objects: {error}") from None
    for start in range(0, len(found), _ROWS_AT_ONCE):
        yield found[start : start + _ROWS_AT_ONCE]
