"""The table that a declaration makes of events, and what there is to say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from valuebox.features.declared.columns import Coded, Column, ManyTexts, values
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events, Ids
from valuebox.features.declared.table import rows_of
from valuebox.features.declared.table_bins import TableBins
from valuebox.features.declared.working import check_currencies

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
LATEST: Final = 0.99
"""Share of events by whose delay lateness is told."""


class Manifest(BaseModel):
    """What a table of features was made of, to be kept beside it."""

    name: str
    version: int
    hash: str
    """Tells the declaration from every other that means something else."""
    at: datetime | None
    """Moment before which events and anchors were taken; None for all."""
    made_at: datetime
    events: int
    """Events that were read, each once."""
    anchors: int
    imported: int
    """Anchors that were received over a day late: time alone says what was known at them."""
    lateness: float | None
    """Seconds after which 99 of 100 events had been received; None without events."""
    columns: list[str]
    targets: list[str]
    missing: dict[str, float]
    """Share of rows in which each column is missing."""
    bins: TableBins | None = None
    """How features are spread, with which answers are compared; None in older manifests."""


@dataclass(frozen=True)
class Counts:
    """What there is to say of rows, such that it can be added up."""

    events: int
    anchors: int
    imported: int
    missing: dict[str, int]
    """Rows in which each column is missing."""
    late: NDArray[np.int64]
    """Microseconds after which the latest events were received, enough of them for `LATEST`."""
    currencies: dict[str, frozenset[Any]]
    """Currencies that each measure adds up."""


@dataclass(frozen=True)
class Table:
    """Rows by column, in the order in which they are written."""

    columns: dict[str, Column | np.ndarray[Any, Any]]
    """Texts and values as in `Column`, moments as `datetime64[us]` in UTC."""
    counts: Counts

    def __len__(self) -> int:
        return self.counts.anchors


def build(declared: Declaration, events: Events, at: datetime | None, now: datetime) -> Table:
    """Work out a declaration over events.

    Args:
        declared: What to work out.
        events: Each once, in any order.
        at: Moment before which events and anchors are taken; None for all.
        now: Moment that decides which targets are known where `at` does not.
    """
    kept = np.ones(len(events), dtype=bool)
    if declared.source is not None:
        named = [one == declared.source for one in events.source.values]
        kept &= events.source.mapped(named, False, np.bool_)
    if at is not None:
        kept &= events.time < microseconds(at)
    if not kept.all():
        events = events.taken(np.flatnonzero(kept))
    found = rows_of(declared, events, microseconds(now if at is None else at))
    theirs = events.customer if declared.of == "customer" else events.session
    columns: dict[str, Any] = {
        "anchor_id": _each(events.id[found.event]),
        "source": Coded(events.source.codes[found.event], events.source.values),
        declared.of: Coded(theirs.codes[found.event], theirs.values),
        "time": events.time[found.event].astype("datetime64[us]"),
        **found.columns,
    }
    if found.matures is not None:
        columns["matures"] = found.matures.astype("datetime64[us]")
    counts = Counts(
        events=len(events),
        anchors=len(found.event),
        imported=found.imported,
        missing={name: _missing(column) for name, column in found.columns.items()},
        late=events.received - events.time,
        currencies=found.currencies,
    )
    return Table(columns, counts)


def added(counts: Sequence[Counts]) -> Counts:
    """What there is to say of rows of different customers.

    Raises:
        SeveralCurrencies: where amounts of different currencies were added up.
    """
    currencies: dict[str, frozenset[Any]] = {}
    for one in counts:
        for name, found in one.currencies.items():
            currencies[name] = currencies.get(name, frozenset()) | found
    for found in currencies.values():
        check_currencies(found)
    return Counts(
        sum(one.events for one in counts),
        sum(one.anchors for one in counts),
        sum(one.imported for one in counts),
        {name: sum(one.missing[name] for one in counts) for name in counts[0].missing},
        np.concatenate([one.late for one in counts]),
        currencies,
    )


def latest(late: NDArray[np.int64], events: int) -> NDArray[np.int64]:
    """Those of all delays that say how many events were received by when.

    Args:
        late: Delays in microseconds.
        events: Number of events that there are at most.
    """
    count = int(events * (1 - LATEST)) + 2
    return np.partition(late, len(late) - count)[-count:] if len(late) > count else late


def manifest_of(
    declared: Declaration,
    at: datetime | None,
    now: datetime,
    counts: Counts,
    bins: TableBins | None = None,
) -> Manifest:
    """What a table was made of."""
    return Manifest(
        name=declared.name,
        version=declared.version,
        hash=declared.hash,
        at=at,
        made_at=now,
        events=counts.events,
        anchors=counts.anchors,
        imported=counts.imported,
        lateness=_lateness(counts) if counts.events else None,
        columns=declared.features,
        targets=declared.targets,
        missing={
            name: count / counts.anchors if counts.anchors else 0.0
            for name, count in counts.missing.items()
        },
        bins=bins,
    )


def _lateness(counts: Counts) -> float:
    """Seconds after which 99 of 100 events had been received."""
    late = np.sort(counts.late)
    place = LATEST * (counts.events - 1)
    # Only the latest may be there.
    below = len(late) - counts.events + int(place)
    above = min(below + 1, len(late) - 1)
    return float(late[below] + (place % 1) * (late[above] - late[below])) / 1e6


def _each(ids: Ids) -> Coded:
    """Ids that are all different, or nearly so, as a column."""
    if isinstance(ids, ManyTexts):
        return Coded(np.arange(len(ids)), ids)
    return Coded.of(ids.tolist())


def _missing(column: Column) -> int:
    return int(((column.codes < 0) if isinstance(column, Coded) else np.isnan(column)).sum())


def microseconds(moment: datetime) -> int:
    """A moment with a zone in microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def listed(column: Any) -> list[Any]:
    """The values of a column of a table, for JSON: moments as texts with a Z."""
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        return [f"{one}Z" for one in np.datetime_as_string(column, unit="us").tolist()]
    count = len(column.codes) if isinstance(column, Coded) else len(column)
    return values(column, np.arange(count))
