"""Stored events by column, as declarations read them: of some customers, or all there are."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Text, and_, cast, or_, select, true

from valuebox.facts.scanning import EVENTS, moment
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events
from valuebox.features.declared.scalars import Scalar, scalar

_CHUNK: Final = 500
"""Customers that one statement asks for: more make it slow to prepare."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Asked(NamedTuple):
    """Somebody whose features are asked for."""

    source: str
    id: str
    session: str | None
    """Session of a customer; None for none, and where sessions themselves are asked about."""
    properties: dict[str, Any] | None


class Stored(NamedTuple):
    """Rows of events as the database hands them out, by column."""

    source: list[str]
    id: list[str]
    customer: list[str | None]
    session: list[str | None]
    type: list[str | None]
    time: NDArray[np.datetime64]
    received: NDArray[np.datetime64]
    amount: list[float | None]
    currency: list[str | None]
    properties: list[str | None]
    """Each as JSON."""

    def events(self, asked: "Stored | None" = None) -> Events:
        """The events, and behind them some that were only asked about."""
        whole = self if asked is None else _joined(self, asked)
        amount = np.array([np.nan if one is None else one for one in whole.amount], np.float64)
        return Events(
            Coded.of(whole.source),
            np.array(whole.id, dtype=object),
            Coded.of(whole.customer),
            Coded.of(whole.session),
            Coded.of(whole.type),
            whole.time.astype(np.int64),
            whole.received.astype(np.int64),
            amount,
            Coded.of(whole.currency),
            _properties(whole.properties),
        )


def _joined(one: Stored, other: Stored) -> Stored:
    columns: list[Any] = []
    pairs: Iterator[tuple[Any, Any]] = zip(one, other, strict=True)
    for first, then in pairs:
        is_array = isinstance(first, np.ndarray)
        columns.append(np.concatenate([first, then]) if is_array else [*first, *then])
    return Stored._make(columns)


def _properties(written: Sequence[str | None]) -> Callable[[str], Coded]:
    objects: list[dict[str, Any]] = []

    def column(name: str) -> Coded:
        if len(objects) < len(written):
            objects.extend({} if one is None else json.loads(one) or {} for one in written)
        found: Iterator[Scalar] = (scalar(one.get(name)) for one in objects)
        return Coded.of(found)

    return column


def whose(declared: Declaration, asked: Sequence[Asked]) -> ColumnElement[bool]:
    """The condition on events of some customers or sessions."""
    column = EVENTS.customer if declared.of == "customer" else EVENTS.session
    ids: dict[str, set[str]] = {}
    for one in asked:
        ids.setdefault(one.source, set()).add(one.id)
    return or_(
        *(and_(EVENTS.source == source, column.in_(sorted(them))) for source, them in ids.items())
    )


def events_of(
    connection: Connection, declared: Declaration, asked: Sequence[Asked], at: datetime
) -> Stored:
    """What some customers or sessions did before a moment, within the lookback."""
    bounds = [EVENTS.time < at]
    if declared.lookback is not None:
        bounds.append(EVENTS.time >= max(at - timedelta(microseconds=declared.lookback), EPOCH))
    if declared.source is not None:
        bounds.append(EVENTS.source == declared.source)
    found = [
        rows_of(connection, and_(whose(declared, asked[start : start + _CHUNK]), *bounds))
        for start in range(0, len(asked), _CHUNK)
    ]
    whole = found[0]
    for one in found[1:]:
        whole = _joined(whole, one)
    return whole


def all_events(connection: Connection, declared: Declaration, at: datetime | None) -> Stored:
    """Everything that is stored, before a moment, of the source of a declaration."""
    bounds: list[ColumnElement[bool]] = [true()]
    if at is not None:
        bounds.append(EVENTS.time < at)
    if declared.source is not None:
        bounds.append(EVENTS.source == declared.source)
    return rows_of(connection, and_(*bounds))


def rows_of(connection: Connection, condition: ColumnElement[bool]) -> Stored:
    """Events that a condition holds for, in no order."""
    query = select(
        EVENTS.source,
        EVENTS.id,
        EVENTS.customer,
        EVENTS.session,
        EVENTS.type,
        moment(connection, EVENTS.time),
        moment(connection, EVENTS.received_at),
        EVENTS.amount,
        EVENTS.currency,
        cast(EVENTS.properties, Text),
    )
    rows = connection.execute(query.where(condition)).all()
    columns: list[Any] = [[] for _ in Stored._fields]
    if rows:
        columns = list(map(list, zip(*rows, strict=True)))
    for place in (5, 6):
        columns[place] = np.array(columns[place], dtype="datetime64[us]")
    return Stored._make(columns)


def questions(declared: Declaration, asked: Sequence[Asked], at: datetime) -> Stored:
    """What is asked about, as events that happen at a moment."""
    count, of_customers = len(asked), declared.of == "customer"
    types = declared.anchor.type
    time = np.full(count, np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us"))
    return Stored(
        [one.source for one in asked],
        [""] * count,
        [one.id if of_customers else None for one in asked],
        [one.session if of_customers else one.id for one in asked],
        [types[0] if len(types) == 1 else None] * count,
        time,
        time,
        [None] * count,
        [None] * count,
        [None if one.properties is None else json.dumps(one.properties) for one in asked],
    )
