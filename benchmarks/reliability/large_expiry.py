"""The oldest month of a large database expires, while somebody looks at pages."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final, NamedTuple

from benchmarks.reliability.large_pages import Visitor
from benchmarks.reliability.large_parts import Parts
from benchmarks.report import table
from benchmarks.speed.metering import Meter
from sqlalchemy import text

from valuebox.compartments.register import by_month, expiry
from valuebox.serving.replays import Replays
from valuebox.store.engine import Store, make_engine
from valuebox.store.ids import moment_of
from valuebox.store.partitions.found import partitions_of
from valuebox.store.session_settings import without_limits
from valuebox.worker.expiry import Pruning

_TABLE: Final = "ltv_features"


class Expired(NamedTuple):
    """A month that has gone."""

    told: str
    """A table, and what was seen meanwhile."""
    is_good: bool
    """Whether it has gone everywhere, all other months are whole, and pages were there."""


def expire(parts: Parts) -> Expired:
    """Drop the oldest month of predictions, then delete what else is as old."""
    store, both = parts.store, parts.databases
    replica = Store(make_engine(both.copied(parts.database_url)))
    with store.reading() as session:
        found = partitions_of(session.connection(), _TABLE)
    end = min(one.ends for one in found if one.ends is not None)
    before = moment_of(end)
    rows = counted(store)
    gone = _ending(store, before)
    meter = Meter(both.primary, store)
    visitor = Visitor(parts.url)
    keep = datetime.now(UTC) - before
    months = Pruning(
        store, keep, [one for one in expiry() if one.by_month], Replays(timedelta(days=7)).expiry
    )
    dropped = meter.taken(partial(months.prune, Event(), patient=True))
    events = counted_events(store)
    deleted = meter.taken(partial(_prune, parts.database_url, keep))
    both.catch_up()
    visitor.finish()
    left = {name: count for name, count in rows.items() if name not in gone}
    is_whole = counted(store) == counted(replica) == left
    replica.close()
    shown: list[list[object]] = [
        [what, count, f"{one.seconds:.1f}", f"{one.database:.1f}", int(one.log / 1e6)]
        for what, count, one in (
            (
                "the month of predictions, with its features",
                sum(rows[one] for one in gone),
                dropped,
            ),
            ("events of the same time, one by one", events - counted_events(store), deleted),
        )
    ]
    header = ["", "rows", "seconds", "PostgreSQL's processor, s", "log, MB"]
    return Expired(
        f"{table(header, shown)}\n\nMeanwhile {visitor.pages} pages were there, "
        f"{visitor.from_replica} of them from the replica, and {visitor.refused()} were not. "
        f"{len(left)} other months are {'whole' if is_whole else 'NOT whole'}, on the replica too.",
        is_whole and not visitor.refused(),
    )


def counted(store: Store) -> dict[str, int]:
    """How many rows are in each partition of the tables of predictions."""
    found: dict[str, int] = {}
    with store.reading() as session:
        without_limits(session.connection())
        for name in by_month():
            for one in partitions_of(session.connection(), name):
                query = text(f"SELECT count(*) FROM {one.name}")  # noqa: S608
                found[one.name] = session.execute(query).scalar_one()
    return found


def _ending(store: Store, before: datetime) -> set[str]:
    with store.reading() as session:
        every = [one for name in by_month() for one in partitions_of(session.connection(), name)]
    return {one.name for one in every if one.ends is not None and moment_of(one.ends) <= before}


def counted_events(store: Store) -> int:
    """How many events there are."""
    with store.reading() as session:
        without_limits(session.connection())
        return int(session.execute(text("SELECT count(*) FROM events")).scalar_one())


def _prune(database_url: str, keep: timedelta) -> None:
    valuebox = str(Path(sys.executable).with_name("valuebox"))
    days = str(keep / timedelta(days=1))
    command = [valuebox, "db", "prune", "--days", days, "--database-url", database_url]
    subprocess.run(command, check=True, capture_output=True)
