"""Rows of declarations: one for each anchor, offline, and one for a question, online."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from support.features_by_hand.blocks import duration, labels
from support.features_by_hand.currencies import refuse_mixed
from support.features_by_hand.events import (
    SECOND,
    Event,
    content_id,
    microseconds,
    moment_of,
    read,
)
from support.features_by_hand.expressions import is_true, value_of
from support.features_by_hand.fields import aggregated, field_of

DAY = 86_400 * SECOND
HOUR = 3_600 * SECOND

Row = dict[str, Any]


def rows(
    declaration: dict[str, Any],
    events: list[dict[str, Any]],
    at: datetime | None,
    now: datetime,
    id_of: Callable[[dict[str, Any], int], str] = content_id,
) -> list[Row]:
    """The rows of all anchors of an upload, in the order of (source, customer, time, id).

    Args:
        declaration: As `tomllib` reads it.
        events: In the order of the file.
        at: Before which events and anchors are taken, None for all.
        now: When targets mature where `at` is None.
        id_of: Makes an id of an event without one and of the ordinal of its content.

    Raises:
        MixedCurrencies: By rule 14.
    """
    stored = in_question(declaration, read(events, declaration.get("currency"), id_of), at)
    refuse_mixed(declaration, stored)
    known_until = microseconds(now if at is None else at)
    found = []
    for anchor in sorted(stored, key=lambda event: _row_order(declaration, event)):
        if not is_anchor(declaration, anchor):
            continue
        others = [event for event in stored if event is not anchor]
        theirs = [event for event in others if same_entity(declaration, event, anchor)]
        seen = visible(declaration, theirs, anchor)
        if not crowded_out(declaration, seen, anchor):
            found.append(
                features(declaration, seen, anchor)
                | targets(declaration, theirs, anchor, known_until)
            )
    return [in_column_order(declaration, row) for row in found]


def row_of(
    declaration: dict[str, Any],
    events: list[dict[str, Any]],
    source: str,
    customer: str | None,
    session: str | None,
    at: datetime,
    id_of: Callable[[dict[str, Any], int], str] = content_id,
) -> Row:
    """The row of an anchor that happens at a moment, from all events that are stored by now.

    Args:
        declaration: As `tomllib` reads it.
        events: All that are stored.
        source: Of the customer or the session.
        customer: None where nobody knows.
        session: In which the anchor happens, None for none.
        at: When it happens.
        id_of: As in `rows`.

    Raises:
        MixedCurrencies: By rule 14, among the customer's events alone.
    """
    types = declaration["anchor"].get("type")
    time = microseconds(at)
    anchor = Event(
        source=source,
        id=None,
        customer=customer,
        session=session,
        type=types if isinstance(types, str) else None,
        time=time,
        amount=None,
        currency=None,
        properties={},
        received_at=time,
    )
    stored = in_question(declaration, read(events, declaration.get("currency"), id_of), at)
    theirs = [event for event in stored if same_entity(declaration, event, anchor)]
    # All that is stored by now counts, whenever it was received.
    seen = within_lookback(declaration, theirs, anchor)
    refuse_mixed(declaration, seen)
    return in_column_order(declaration, features(declaration, seen, anchor))


def in_question(
    declaration: dict[str, Any], events: list[Event], at: datetime | None
) -> list[Event]:
    """Rule 12: events before `at`, of the source of the declaration where it names one."""
    source = declaration.get("source")
    return [
        event
        for event in events
        if (source is None or event.source == source)
        and (at is None or event.time < microseconds(at))
    ]


def is_anchor(declaration: dict[str, Any], event: Event) -> bool:
    """Rule 2: an anchor is an event of the type that satisfies the condition."""
    anchor = declaration["anchor"]
    types = anchor.get("type")
    if types is not None and event.type not in ([types] if isinstance(types, str) else types):
        return False
    return is_true(anchor.get("when"), event)


def entity(declaration: dict[str, Any], event: Event) -> str | None:
    """Whose the event is: the customer's, or the session's."""
    return event.session if declaration.get("of") == "session" else event.customer


def same_entity(declaration: dict[str, Any], event: Event, anchor: Event) -> bool:
    """Whether an event is of the anchor's customer; rule 13: nobody's where that is missing."""
    whose = entity(declaration, anchor)
    return (
        whose is not None and event.source == anchor.source and entity(declaration, event) == whose
    )


def visible(declaration: dict[str, Any], theirs: list[Event], anchor: Event) -> list[Event]:
    """Rules 3 and 4: what was known of the customer when the anchor happened."""
    seen = within_lookback(declaration, theirs, anchor)
    late = anchor.received_at - anchor.time > DAY
    if declaration.get("known", "received") == "happened" or late:
        return seen
    limit = min(anchor.time, anchor.received_at)
    return [event for event in seen if event.received_at <= limit]


def within_lookback(declaration: dict[str, Any], theirs: list[Event], anchor: Event) -> list[Event]:
    """Rules 2 and 4: events before the anchor, and no longer before than the lookback."""
    before = [event for event in theirs if event.time < anchor.time]
    if "lookback" not in declaration:
        return before
    since = anchor.time - duration(declaration["lookback"])
    return [event for event in before if event.time >= since]


def own_block(declaration: dict[str, Any], seen: list[Event], anchor: Event) -> list[Event]:
    """The visible events of the anchor's own block; none where it is in no block."""
    *of_seen, own = labels(declaration, [*seen, anchor])
    return [
        event
        for event, label in zip(seen, of_seen, strict=True)
        if own is not None and label == own
    ]


def last_blocks(
    declaration: dict[str, Any], seen: list[Event], anchor: Event, count: int
) -> list[Event]:
    """Rule 6: the events of the last blocks by their first event, without the anchor's own."""
    *of_seen, own = labels(declaration, [*seen, anchor])
    others = [label for label in of_seen if label is not None and label != own]
    in_order = list(dict.fromkeys(others))
    taken = in_order[-count:]
    return [event for event, label in zip(seen, of_seen, strict=True) if label in taken]


def crowded_out(declaration: dict[str, Any], seen: list[Event], anchor: Event) -> bool:
    """Rule 11: whether `most` anchors are among the visible events of the block already."""
    most = declaration["anchor"].get("most")
    if most is None:
        return False
    block = own_block(declaration, seen, anchor)
    return len([event for event in block if is_anchor(declaration, event)]) >= most


def features(declaration: dict[str, Any], seen: list[Event], anchor: Event) -> Row:
    """All columns of a row but its targets."""
    whose = entity(declaration, anchor)
    row: Row = {
        "anchor_id": anchor.id,
        "source": anchor.source,
        declaration.get("of", "customer"): whose,
        "time": moment_of(anchor.time),
    }
    for name, attribute in declaration.get("attribute", {}).items():
        row[name] = None if whose is None else aggregated(attribute, seen)
    for column in declaration["anchor"].get("columns", []):
        row[f"anchor.{column}"] = value_of(column, anchor)
    for name, window in declaration.get("window", {}).items():
        if not window.get("target"):
            # Rule 13: without a customer, features are null.
            events = None if whose is None else events_before(declaration, window, seen, anchor)
            row |= window_columns(declaration, name, events)
    return row


def events_before(
    declaration: dict[str, Any], window: dict[str, Any], seen: list[Event], anchor: Event
) -> list[Event] | None:
    """Rules 6 and 7: the events of a window before an anchor; None where features are null."""
    if "blocks" in window:
        # Rule 6: without any block every field is null.
        return last_blocks(declaration, seen, anchor, -window["blocks"]) or None
    left_out = [] if window.get("own", True) else own_block(declaration, seen, anchor)
    since = anchor.time + span(window)
    return [event for event in seen if event.time >= since and event not in left_out]


def span(window: dict[str, Any]) -> int:
    """The length of a window of time in microseconds, negative before the anchor."""
    return int(window["days"] * DAY if "days" in window else window["hours"] * HOUR)


def targets(
    declaration: dict[str, Any], theirs: list[Event], anchor: Event, known_until: int
) -> Row:
    """Rules 2 and 10: what happened after the anchor, null until the window has passed."""
    row: Row = {}
    ends = []
    for name, window in declaration.get("window", {}).items():
        if not window.get("target"):
            continue
        end = anchor.time + span(window)
        ends.append(end)
        after: list[Event] | None = [event for event in theirs if anchor.time <= event.time < end]
        if end > known_until or entity(declaration, anchor) is None:
            after = None
        row |= window_columns(declaration, name, after)
    if ends:
        row["matures"] = moment_of(max(ends))
    return row


def window_columns(declaration: dict[str, Any], name: str, events: list[Event] | None) -> Row:
    """The columns of a window; all null where its events are None."""
    window, fields = declaration["window"][name], declaration.get("field", {})
    row: Row = {}
    for field in window.get("fields", fields):
        value = None if events is None else field_of(field, fields, events)
        row[f"{name}.{field}"] = value
        if field in (caps := window.get("cap", {})):
            row[f"{name}.{field}.capped"] = None if value is None else min(value, caps[field])
    return row


def in_column_order(declaration: dict[str, Any], row: Row) -> Row:
    """A row whose windows are in the order of the declaration, `matures` last."""
    windows = list(declaration.get("window", {}))

    def position(column: str) -> int:
        if column == "matures":
            return len(windows)
        window = column.partition(".")[0]
        return windows.index(window) if "." in column and window in windows else -1

    return dict(sorted(row.items(), key=lambda item: position(item[0])))


def _row_order(declaration: dict[str, Any], event: Event) -> tuple[str, bool, str, int, str]:
    whose = entity(declaration, event)
    return event.source, whose is not None, whose or "", *event.order()
