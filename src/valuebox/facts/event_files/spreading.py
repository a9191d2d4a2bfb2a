"""Events of any number, spread over files of whole customers that fit into memory one by one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox.facts.event_files.texts import ArrowTexts
from valuebox.features.declared.doubled import First, within

_HASH: Final = "hash"
_SHARES: Final = 16
"""Parts in which hashes are compared: equal ones are in the same."""
_SAMPLED: Final = 2_000
"""Events of a batch by which the bounds of buckets are chosen."""
_MANY: Final = ("customer", "session")
_NOBODY: Final = ""

Advanced = Callable[[int], object]


class Key(NamedTuple):
    """Whose an event is, in the order of a table."""

    source: str
    theirs: str
    """Customer or session; empty for nobody."""


def read_stream(file: Path) -> Iterator[pa.RecordBatch]:
    """The batches of a file."""
    with pa.OSFile(str(file)) as source:
        yield from read_streams(source)


def read_streams(source: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    """The batches of several of Arrow's streams, one behind the other."""
    size = source.size()
    while source.tell() < size:
        yield from pa.ipc.open_stream(source)


def spread(
    batches: Iterator[pa.RecordBatch], of: str, buckets: int, folder: Path, advanced: Advanced
) -> tuple[list[Path], int]:
    """Spread events over files, the customers of each before those of the next.

    Args:
        batches: Events as `valuebox.facts.event_files.normal` has them.
        of: Whose events stay together, `customer` or `session`.
        buckets: Number of files, or fewer where there are fewer customers.
        folder: Where they are written.
        advanced: Told the number of events after each batch that was read.

    Returns:
        Files for `read_stream`, and the number of events that were read. Of events with the same
        source and id the one that was received first is there.
    """
    whole = folder / "whole"
    with ExitStack() as stack:
        shares = [stack.enter_context((folder / f"hashes-{n}").open("wb")) for n in range(_SHARES)]
        streams = stack.enter_context(_Streams(whole))
        sample: list[Key] = []
        count = 0
        for batch in batches:
            hashes = _hashes(batch)
            sample += _keys(batch, of, max(batch.num_rows // _SAMPLED, 1))
            ordered = np.sort(hashes)
            edges = np.arange(1, _SHARES, dtype=np.uint64) << np.uint64(60)
            for share, some in zip(
                shares, np.split(ordered, np.searchsorted(ordered, edges)), strict=True
            ):
                # `tofile` would not say why it cannot.
                share.write(some.data)
            streams.add(batch.append_column(_HASH, pa.array(hashes)))
            count += batch.num_rows
            advanced(batch.num_rows)
    lost = _lost(whole, _several(folder))
    sample.sort()
    places = (len(sample) * np.arange(1, buckets) // buckets).tolist() if sample else []
    bounds = sorted({sample[place] for place in places})
    files = [folder / f"bucket-{n}" for n in range(len(bounds) + 1)]
    _distribute(whole, of, bounds, lost, files)
    whole.unlink()
    return files, count


def _several(folder: Path) -> NDArray[np.uint64]:
    """Hashes that are there several times."""
    found = [np.empty(0, np.uint64)]
    for number in range(_SHARES):
        file = folder / f"hashes-{number}"
        hashes = np.sort(np.fromfile(file, np.uint64))
        found.append(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
        file.unlink()
    return np.concatenate(found)


def _lost(whole: Path, several: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Positions of events of which another one with the same source and id came first."""
    first = First()
    above = 0
    if len(several):
        for batch in read_stream(whole):
            rows = within(batch[_HASH].to_numpy(), several)
            some = batch.take(pa.array(rows))
            first.add(
                zip(some["source"].to_pylist(), some["id"].to_pylist(), strict=True),
                some["received"].to_pylist(),
                rows + above,
            )
            above += batch.num_rows
    return np.sort(first.lost())


def _distribute(
    whole: Path, of: str, bounds: list[Key], lost: NDArray[np.int64], files: list[Path]
) -> None:
    above = 0
    with ExitStack() as stack:
        streams = [stack.enter_context(_Streams(one)) for one in files]
        for batch in read_stream(whole):
            bucket = _buckets(batch, of, bounds)
            begin, end = np.searchsorted(lost, [above, above + batch.num_rows])
            bucket[lost[begin:end] - above] = len(files)
            above += batch.num_rows
            order = np.argsort(bucket, kind="stable")
            edges = np.searchsorted(bucket[order], np.arange(len(files) + 1))
            plain = _plain(batch).take(pa.array(order[: edges[-1]]))
            for stream, start, stop in zip(streams, edges[:-1], edges[1:], strict=True):
                if stop > start:
                    stream.add(plain.slice(start, stop - start))


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch without hashes, and without dictionaries that would be written again each time."""
    batch = batch.drop_columns([_HASH])
    for name in _MANY:
        if pa.types.is_dictionary(batch[name].type):
            place = batch.schema.get_field_index(name)
            batch = batch.set_column(place, name, batch[name].cast(pa.string()))
    return batch


def _hashes(batch: pa.RecordBatch) -> NDArray[np.uint64]:
    """A number for each event that is the same where ids are."""
    return ArrowTexts(batch["id"]).hashes()


def _keys(batch: pa.RecordBatch, of: str, step: int) -> list[Key]:
    rows = pa.array(np.arange(0, batch.num_rows, step))
    source, theirs = (batch[name].take(rows).to_pylist() for name in ("source", of))
    return [Key(one, other or _NOBODY) for one, other in zip(source, theirs, strict=True)]


def _buckets(batch: pa.RecordBatch, of: str, bounds: list[Key]) -> NDArray[np.int16]:
    """The bucket of each event: how many bounds are not after it."""
    source, theirs = (_dictionary(batch[name]) for name in ("source", of))
    # Nobody's come before everybody's: null takes the last place.
    codes = theirs.indices.fill_null(len(theirs.dictionary)).to_numpy(zero_copy_only=False)
    of_source = source.indices.to_numpy(zero_copy_only=False)
    found = np.zeros(batch.num_rows, dtype=np.int16)
    for code, name in enumerate(source.dictionary.to_pylist()):
        place = np.full(len(theirs.dictionary) + 1, sum(one.source < name for one in bounds))
        for bound in bounds:
            if bound.source == name:
                is_after = pc.greater_equal(theirs.dictionary, bound.theirs)
                place[:-1] += is_after.to_numpy(zero_copy_only=False)
                place[-1] += bound.theirs == _NOBODY
        mine = of_source == code
        found[mine] = place[codes[mine]]
    return found


def _dictionary(column: pa.Array) -> pa.DictionaryArray:
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


class _Streams:
    """A file of Arrow's streams, a new one wherever the schema changes.

    Args:
        file: To write.
    """

    def __init__(self, file: Path):
        self._file = file
        self._schema: Any = None

    def __enter__(self) -> "_Streams":
        self._sink = self._file.open("wb")
        self._writer: Any = None
        return self

    def add(self, batch: pa.RecordBatch) -> None:
        """Write a batch."""
        if self._writer is None or not batch.schema.equals(self._schema, check_metadata=True):
            self._end()
            self._schema = batch.schema
            self._writer = pa.ipc.new_stream(self._sink, batch.schema)
        self._writer.write_batch(batch)

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __exit__(self, *_: object) -> None:
        self._end()
        self._sink.close()
