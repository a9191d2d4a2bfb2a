"""Features worked out by valuebox, in the shape of those by hand, and how both are compared."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from support.features_by_hand.events import microseconds, moment_of
from valuebox.facts.content_ids import Ordinals, content_ids, plainly
from valuebox.facts.event_files.reading import read_events
from valuebox.features.declared.building import build, listed
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import once

Row = dict[str, Any]


def id_of(event: Row, ordinal: int) -> str:
    """The id of an event without one, for those by hand.

    Args:
        event: As it was sent.
        ordinal: How many of the same content came before.
    """
    content = tuple(event.get(name) or None for name in ("source", "customer", "session", "type"))
    properties = event.get("properties")
    time = np.datetime64(moment_of(microseconds(event["time"])).replace(tzinfo=None), "us")
    amount = event.get("amount")
    (made,) = content_ids(
        [(*content, None if amount is None else float(amount), event.get("currency") or None)],
        [plainly(properties) if properties else None],
        np.array([time]),
        Ordinals(),
    )
    return f"{made}/#{ordinal + 1}" if ordinal else made


def worked_out(
    declaration: dict[str, Any],
    events: list[dict[str, Any]],
    at: datetime | None,
    now: datetime,
    folder: Path,
) -> list[Row]:
    """Rows of all anchors of events that stand in a file."""
    file = folder / "events.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in events))
    declared = Declaration.model_validate(declaration)
    table = build(declared, once(read_events([file], declared.properties)), at, now)
    columns = [listed(one) for one in table.columns.values()]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def differing(one: list[Row], other: list[Row]) -> list[tuple[Any, Any, str, Any, Any]]:
    """Where two lists of rows differ: numbers to the last bit, moments by when they are."""
    if [row.get("anchor_id") for row in one] != [row.get("anchor_id") for row in other]:
        return [("anchors", len(one), "", len(other), "")]
    return [
        (row.get("anchor_id"), row.get("time"), name, value, then.get(name, "absent"))
        for row, then in zip(one, other, strict=True)
        for name, value in row.items()
        if not _same(name, value, then.get(name, "absent"))
    ]


def _same(name: str, one: Any, other: Any) -> bool:
    if name in ("time", "matures"):
        return _moment(one) == _moment(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
