"""Raw events of files into the database, as the service stores those of requests."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from valuebox.facts import repository
from valuebox.facts.content_ids import Ordinals
from valuebox.facts.raw.lines import objects_of
from valuebox.facts.raw.reading import RawEventsRead, RawReader
from valuebox.store.engine import Store
from valuebox_cli.importing.found import Found, Rows
from valuebox_cli.importing.raw_files import batches
from valuebox_cli.importing.run import Imported, Progress
from valuebox_cli.importing.storing import SHOWN, Advance, Stored, ahead


class _Batch(NamedTuple):
    read: RawEventsRead
    reasons: dict[int, str]
    """Why rows cannot be stored, by their position among those of the batch."""
    total: int


def run_raw(
    files: list[Path], reader: RawReader, source: str, store: Store, progress: Progress
) -> Imported:
    """Import raw events, in transactions of a batch each.

    Each file is an upload of its own: events of several that say the same are one.

    Args:
        files: Of JSON.
        reader: By whose mapping they are read.
        source: That they come from, where they do not say so themselves.
        store: Where to.
        progress: Told how far it is.

    Raises:
        ValueboxError: when a file cannot be read to its end.
    """
    done = Imported(source)
    store.expect_many_rows()
    for file in files:
        progress.begin(f"storing {file.name}", None)
        done.events.append(_store(file, reader, source, store, progress.advance))
    return done


def _store(file: Path, reader: RawReader, source: str, store: Store, advance: Advance) -> Stored:
    done = Stored(Found(file.name))
    for batch in ahead(_read(file, reader, source)):
        rows = Rows(batch.total, done.found)
        by_reason: dict[str, list[int]] = defaultdict(list)
        for row, reason in batch.reasons.items():
            by_reason[reason].append(row)
        for reason, which in by_reason.items():
            mask = np.zeros(batch.total, dtype=bool)
            mask[which] = True
            rows.refuse(mask, reason)
        events = batch.read.events
        if len(events):
            with store.writing() as session:
                added, doubled, differing = repository.add_events(session, events)
            unchanged = len(events) - added - len(doubled) - len(differing)
            counts = {"added": added, "unchanged": unchanged, "doubled": len(doubled)}
            done.counts.update(counts | {"differing": len(differing)})
            shown = differing[: SHOWN - len(done.differing)]
            done.differing += [events.id[row] for row in shown]
        done.found.rows += batch.total
        advance(batch.total)
    done.check(done.found.rows)
    return done


def _read(file: Path, reader: RawReader, source: str) -> Iterator[_Batch]:
    ordinals = Ordinals()
    for lines in batches(file):
        found = objects_of(lines)
        reasons = {row: one for row, one in enumerate(found) if isinstance(one, str)}
        rows = [row for row in range(len(found)) if row not in reasons]
        read = reader.read([one for one in found if not isinstance(one, str)], source, ordinals)
        for mistake in read.mistakes:
            reasons.setdefault(rows[mistake.row], f"{mistake.field}: {mistake.message}")
        yield _Batch(read, reasons, len(lines))
