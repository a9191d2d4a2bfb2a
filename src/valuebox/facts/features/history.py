"""Stored events by column, as declarations read them: of some customers, or all there are."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, Text, and_, bindparam, cast, select, true

from valuebox.facts.scanning import EVENTS, moment
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events
from valuebox.features.declared.scalars import scalar
from valuebox.store.base import UtcDateTime

_CHUNK: Final = 500
"""Customers that one statement asks for: more make it slow to prepare."""
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any] | None).decode
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

    def counts(self, declared: Declaration, asked: Sequence[Asked]) -> list[int]:
        """How many of the events are of each who was asked about."""
        if len(asked) == 1:
            return [len(self.id)]
        whose = self.customer if declared.of == "customer" else self.session
        found = Counter(zip(self.source, whose, strict=True))
        return [found[one.source, one.id] for one in asked]

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
            objects.extend({} if one is None else _OBJECT(one) or {} for one in written)
        return Coded.of([scalar(one.get(name)) for one in objects])

    return column


def events_of(
    connection: Connection, declared: Declaration, asked: Sequence[Asked], at: datetime
) -> Stored:
    """What some customers or sessions did before a moment, within the lookback."""
    since = EPOCH
    if declared.lookback is not None:
        since = max(at - timedelta(microseconds=declared.lookback), EPOCH)
    ids: dict[str, list[str]] = {}
    for one in asked:
        ids.setdefault(one.source, []).append(one.id)
    query = _query(connection.dialect.name, declared.of)
    whole = None
    for source, them in ids.items():
        if declared.source is not None and source != declared.source:
            continue
        for start in range(0, len(them), _CHUNK):
            some = {"source": source, "ids": them[start : start + _CHUNK], "at": at, "since": since}
            found = _stored(connection.execute(query, some).all())
            whole = found if whole is None else _joined(whole, found)
    return _stored([]) if whole is None else whole


@cache
def _query(dialect: str, of: str) -> Select[Any]:
    """The question for events of some of a source, made once: making it takes as long as asking."""
    column = EVENTS.customer if of == "customer" else EVENTS.session
    return _columns(dialect).where(
        EVENTS.source == bindparam("source"),
        column.in_(bindparam("ids", expanding=True)),
        EVENTS.time < bindparam("at", type_=UtcDateTime),
        EVENTS.time >= bindparam("since", type_=UtcDateTime),
    )


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
    query = _columns(connection.dialect.name).where(condition)
    return _stored(connection.execute(query).all())


def _columns(dialect: str) -> Select[Any]:
    return select(
        EVENTS.source,
        EVENTS.id,
        EVENTS.customer,
        EVENTS.session,
        EVENTS.type,
        moment(dialect, EVENTS.time),
        moment(dialect, EVENTS.received_at),
        EVENTS.amount,
        EVENTS.currency,
        cast(EVENTS.properties, Text),
    )


def _stored(rows: Sequence[Any]) -> Stored:
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
