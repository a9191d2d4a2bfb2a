"""Stored events by column, as declarations read them, and all that there are of them."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, Text, cast, select

from valuebox.facts.scanning import EVENTS, moment
from valuebox.features.declared.building import microseconds
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events
from valuebox.features.declared.scalars import Scalar, scalar

_OBJECT: Final = msgspec.json.Decoder(dict[str, Any] | None).decode


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
    time: Sequence[int] | NDArray[np.int64]
    """When each happened, in microseconds since 1970."""
    received: Sequence[int] | NDArray[np.int64]
    """When each was received, likewise."""
    amount: list[float | None]
    currency: list[str | None]
    properties: list[str | None]
    """Each as JSON."""
    whole: int = 0
    """Place from which on nothing is left out. Of those before only some are there."""

    def taken(self, rows: Sequence[int]) -> "Stored":
        """Some of the events, in their order."""
        return Stored.of([column[row] for row in rows] for column in self.columns)

    @classmethod
    def of(cls, columns: Iterable[Any]) -> "Stored":
        """Every column, in the order of the fields."""
        return cls._make([*columns, 0])

    @property
    def columns(self) -> tuple[Any, ...]:
        """Every column."""
        return self[:-1]

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
            np.asarray(whole.time, dtype=np.int64),
            np.asarray(whole.received, dtype=np.int64),
            amount,
            Coded.of(whole.currency),
            _properties(whole.properties),
        )


def questions(declared: Declaration, asked: Sequence[Asked], at: datetime) -> Stored:
    """What is asked about, as events that happen at a moment."""
    count, of_customers = len(asked), declared.of == "customer"
    types = declared.anchor.type
    time = [microseconds(at)] * count
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


def _joined(one: Stored, other: Stored) -> Stored:
    pairs = zip(one.columns, other.columns, strict=True)
    return Stored.of([*first, *then] for first, then in pairs)


def _properties(written: Sequence[str | None]) -> Callable[[str], Coded]:
    objects: list[dict[str, Any]] = []

    def column(name: str) -> Coded:
        if len(objects) < len(written):
            objects.extend({} if one is None else _OBJECT(one) or {} for one in written)
        return Coded.of([scalar(one.get(name)) for one in objects])

    return column


def properties_of(
    names: Sequence[str], written: Sequence[str | None]
) -> Iterator[tuple[str, list[Scalar]]]:
    """The values of some properties of every event, by name.

    Args:
        names: Which properties.
        written: All properties of each event, as JSON.
    """
    if not names:
        return
    decode, nothing, getters = _reader(tuple(names))
    objects = decode(f"[{','.join([one or '{}' for one in written])}]")
    objects = [nothing if one is None else one for one in objects]
    for name, get in zip(names, getters, strict=True):
        yield (
            name,
            [
                one if one.__class__ is str or one is None else scalar(one)
                for one in map(get, objects)
            ],
        )


class _Reader(NamedTuple):
    """What reads some properties of many objects, and passes over the others."""

    decode: Callable[[str], list[Any]]
    """Objects out of a list in JSON; None for null."""
    nothing: Any
    """What an object without any of the properties is read as."""
    getters: Sequence[Callable[[Any], Any]]
    """What each of the properties is, of an object."""


@lru_cache(256)
def _reader(names: tuple[str, ...]) -> _Reader:
    fields = {f"field_{place}": name for place, name in enumerate(names)}
    try:
        kind = msgspec.defstruct("Read", [(one, Any, None) for one in fields], rename=fields)
    except ValueError:
        # The decoder takes no names that are written in escapes.
        getters = [partial(_got, name=name) for name in names]
        return _Reader(msgspec.json.Decoder(list[dict[str, Any] | None]).decode, {}, getters)
    decoder: Any = msgspec.json.Decoder(list[kind | None])  # type: ignore[valid-type]
    return _Reader(decoder.decode, kind(), list(map(attrgetter, fields)))


def _got(one: dict[str, Any], name: str) -> Any:
    return one.get(name)


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
    columns: list[Any] = [[] for _ in Stored._fields[:-1]]
    if rows:
        columns = list(map(list, zip(*rows, strict=True)))
    for place in (5, 6):
        columns[place] = np.array(columns[place], dtype="datetime64[us]").astype(np.int64)
    return Stored.of(columns)
