"""Tables of features out of any number of events: bucket by bucket, here or on a cluster."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from valuebox.facts.event_files.normal import events_of
from valuebox.facts.event_files.reading import batches_of
from valuebox.facts.event_files.spreading import read_stream, read_streams, spread
from valuebox.features.declared.building import Counts, Table, added, build, latest
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events, once
from valuebox.features.declared.table_bins import TableBins
from valuebox_cli.features.folders import folder_beside
from valuebox_cli.features.pieces import piece_of
from valuebox_cli.features.sampling import bins_of
from valuebox_cli.features.writing import Pieces, write_pieces
from valuebox_cli.terminal.console import writing
from valuebox_training.sharing import Shared, processors

if TYPE_CHECKING:
    from distributed import Client

AT_ONCE: Final = 6_000_000
"""Events that are worked out at once where nothing else is asked for; some 1.7 GB of memory."""
IN_BUCKET: Final = 2_500_000
"""Events of a bucket where there are more."""


@dataclass(frozen=True)
class Question:
    """What is worked out, and as of when."""

    declared: Declaration
    at: datetime | None
    now: datetime
    counts_bins: bool = False
    """Whether it is told how many rows are in which bins."""

    def of_files(self, paths: Sequence[Path]) -> Iterator[pa.RecordBatch]:
        """The events of files, with what the declaration reads of them.

        Raises:
            BadFile: naming the rows that cannot be used.
        """
        return batches_of(paths, self.declared.properties)

    def table(self, events: Events) -> Table:
        """Rows of all anchors of some events."""
        return build(self.declared, events, self.at, self.now)


class Written(NamedTuple):
    """What there is to say of a table that was written."""

    counts: Counts
    bins: TableBins | None


class Worked(NamedTuple):
    """What came of a bucket."""

    rows: bytes
    counts: Counts


def bucket_count(events: int, asked: int | None, client: "Client | None") -> int:
    """How many buckets events are spread over; 1 for none.

    Args:
        events: How many there are, about.
        asked: Number that was asked for; None to go by the number of events.
        client: Of a Dask cluster, whose workers all have something to do.
    """
    if asked is not None:
        return asked
    return max(processors(client), 1 if events <= AT_ONCE else -(-events // IN_BUCKET))


def write_at_once(question: Question, batches: Iterable[pa.RecordBatch], to: Path) -> Written:
    """Write the table of events that fit into memory; see `write_spread`."""
    table = question.table(once(events_of(batches, question.declared.properties)))
    piece = piece_of(table)
    return _written(question, added([table.counts]), lambda: [piece], to)


def _written(question: Question, counts: Counts, pieces: Pieces, to: Path) -> Written:
    write_pieces(pieces, to)
    bins = None
    if question.counts_bins:
        bins = bins_of(pieces(), counts.anchors, question.declared.features)
    return Written(counts, bins)


class Told(NamedTuple):
    """Who is told how far it is."""

    read: Callable[[int], object]
    """Number of events, after each batch that was read."""
    worked: Callable[[int, int], object]
    """Buckets that are done, and all of them."""


def write_spread(
    question: Question,
    batches: Iterator[pa.RecordBatch],
    to: Path,
    buckets: int,
    told: Told,
    client: "Client | None" = None,
) -> Written:
    """Write the table of any number of events; it is the same for any number of buckets.

    Args:
        question: What is worked out.
        batches: Events as `valuebox.facts.event_files.normal` has them.
        to: The file to write; a folder beside it is needed in between.
        buckets: Over how many files events are spread.
        told: Who is told how far it is.
        client: Of a Dask cluster that works buckets out; None does it here.

    Raises:
        BadFile: naming the rows that cannot be used.
        ValueboxError: naming the file, when it or the folder cannot be written.
        SeveralCurrencies: where amounts would be added that have no sum.
    """
    of = question.declared.of
    with writing(to), folder_beside(to) as folder:
        files, events = spread(batches, of, buckets, folder, told.read)
        counts: list[Counts] = []
        pieces = []
        for number, found in enumerate(_each(client, question, files)):
            told.worked(number + 1, len(files))
            pieces.append(folder / f"rows-{number}")
            pieces[-1].write_bytes(found.rows)
            whole = added([*counts, found.counts])
            counts = [replace(whole, late=latest(whole.late, events))]

        def rows() -> Iterator[pa.RecordBatch]:
            return (one for file in pieces for one in read_stream(file))

        return _written(question, counts[0], rows, to)


def _each(client: "Client | None", question: Question, files: Sequence[Path]) -> Iterator[Worked]:
    """What came of each bucket, in order; a bucket is removed once it is worked out."""
    found = (
        (_worked(question, read_stream(file)) for file in files)
        if client is None
        else Shared(client, worked, question).each(files, Path.read_bytes)
    )
    for file, one in zip(files, found, strict=True):
        yield one
        file.unlink()


def worked(question: Question, content: bytes) -> Worked:
    """Work out a bucket.

    Args:
        question: What is worked out.
        content: Events, as `spread` has written them.
    """
    return _worked(question, read_streams(pa.BufferReader(content)))


def _worked(question: Question, batches: Iterator[pa.RecordBatch]) -> Worked:
    table = question.table(events_of(batches, question.declared.properties))
    sink = pa.BufferOutputStream()
    piece = piece_of(table)
    with pa.ipc.new_stream(sink, piece.schema) as stream:
        stream.write_batch(piece)
    return Worked(sink.getvalue().to_pybytes(), table.counts)
