"""The table that a declaration makes of events, and what there is to say of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from pydantic import BaseModel

from valuebox.features.declared.columns import Coded, Column, values
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events
from valuebox.features.declared.table import rows_of


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


@dataclass(frozen=True)
class Table:
    """Rows by column, in the order in which they are written."""

    columns: dict[str, Column | np.ndarray[Any, Any]]
    """Texts and values as in `Column`, moments as `datetime64[us]` in UTC."""
    manifest: Manifest

    def __len__(self) -> int:
        return self.manifest.anchors


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
        "anchor_id": Coded.of(events.id[found.event].tolist()),
        "source": Coded(events.source.codes[found.event], events.source.values),
        declared.of: Coded(theirs.codes[found.event], theirs.values),
        "time": events.time[found.event].astype("datetime64[us]"),
        **found.columns,
    }
    if found.matures is not None:
        columns["matures"] = found.matures.astype("datetime64[us]")
    late = events.received - events.time
    manifest = Manifest(
        name=declared.name,
        version=declared.version,
        hash=declared.hash,
        at=at,
        made_at=now,
        events=len(events),
        anchors=len(found.event),
        imported=found.imported,
        lateness=float(np.quantile(late, 0.99)) / 1e6 if len(late) else None,
        columns=declared.features,
        targets=declared.targets,
        missing={name: _missing(column) for name, column in found.columns.items()},
    )
    return Table(columns, manifest)


def _missing(column: Column) -> float:
    if isinstance(column, Coded):
        return float((column.codes < 0).mean()) if len(column.codes) else 0.0
    return float(np.isnan(column).mean()) if len(column) else 0.0


def microseconds(moment: datetime) -> int:
    """A moment with a zone in microseconds since 1970."""
    return int(np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us").astype(np.int64))


def listed(column: Any) -> list[Any]:
    """The values of a column of a table, for JSON: moments as texts with a Z."""
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        return [f"{one}Z" for one in np.datetime_as_string(column, unit="us").tolist()]
    count = len(column.codes) if isinstance(column, Coded) else len(column)
    return values(column, np.arange(count))
