"""Decisions out of the database, with what came of them by the events of their players."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Text, and_, cast, select

from valuebox.compartments.offers.candidates import Candidates, column_of
from valuebox.compartments.offers.decisions import WEEK, Decisions
from valuebox.compartments.offers.rewards import TYPES, Chosen, rewards_of
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.facts.features.stored import rows_of
from valuebox.facts.scanning import EVENTS, moment
from valuebox.store.writing import table_of

_DECIDED: Final = table_of(OfferDecision).c
_CANDIDATES: Final = msgspec.json.Decoder(list[dict[str, Any]]).decode
_NUMBERS: Final = msgspec.json.Decoder(list[float]).decode
_FEATURES: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Read(NamedTuple):
    """Decisions that were read."""

    ids: list[UUID]
    decisions: Decisions


def read(connection: Connection, now: datetime, which: ColumnElement[bool]) -> Read:
    """Decisions that chose something, in the order of time, and what came of them by a moment.

    Args:
        connection: In a transaction that has time enough.
        now: Events and decisions before this moment are looked at, whenever they were stored.
        which: Condition on `OfferDecision`.
    """
    rows = connection.execute(_query(connection.dialect.name, now, which)).all()
    columns: list[Any] = list(map(list, zip(*rows, strict=True))) if rows else [[]] * 11
    *columns, ids = columns
    source, customer, session, time, choice, type_, price, offers, chances = columns[:9]
    known = [_FEATURES(one) for one in columns[9]] if rows else []
    moments = np.array(time, dtype="datetime64[us]").astype(np.int64)
    people = Codes(zip(source, customer, strict=True))
    sessions = Codes(zip(source, customer, session, strict=True))
    chosen = Chosen(
        people.codes,
        sessions.codes,
        moments,
        np.array(type_, dtype=object),
        np.array(price, dtype=np.float64),
    )
    low = _moment(int(moments.min())) if len(moments) else now
    events = rows_of(
        connection,
        and_(EVENTS.type.in_(TYPES), EVENTS.time < now, EVENTS.time >= low),
    )
    rewards = rewards_of(
        chosen,
        events.events(),
        people.of(zip(events.source, events.customer, strict=True)),
        sessions.of(zip(events.source, events.customer, events.session, strict=True)),
        int(np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us").astype(np.int64)),
    )
    candidates = Candidates.of([_CANDIDATES(one) for one in offers])
    decisions = Decisions(
        customer=people.codes,
        time=moments,
        features=_features(known),
        begins=candidates.begins,
        type=candidates.type,
        price=candidates.price,
        propensity=np.array([one for some in chances for one in _NUMBERS(some)], dtype=np.float64),
        choice=np.array(choice, dtype=np.int64),
        shown=rewards.shown,
        own=rewards.own,
        rest=rewards.rest,
        observed=np.minimum(rewards.observed, WEEK).astype(np.float64),
        properties=candidates.properties,
    )
    return Read(ids, decisions)


class Codes:
    """Codes of different keys, in the order in which they come first.

    Args:
        keys: Of all that have a code.
    """

    def __init__(self, keys: Iterable[tuple[Any, ...]]):
        self._known: dict[tuple[Any, ...], int] = {}
        known = self._known
        self.codes = np.array([known.setdefault(one, len(known)) for one in keys], dtype=np.int64)

    def of(self, keys: Iterable[tuple[Any, ...]]) -> NDArray[np.int64]:
        """The codes of keys, -1 for those that have none."""
        return np.array([self._known.get(one, -1) for one in keys], dtype=np.int64)


def _query(dialect: str, now: datetime, which: ColumnElement[bool]) -> Any:
    query = select(
        _DECIDED.source,
        _DECIDED.customer,
        _DECIDED.session,
        moment(dialect, _DECIDED.at),
        _DECIDED.choice,
        _DECIDED.offer_type,
        _DECIDED.offer_price,
        cast(_DECIDED.candidates, Text),
        cast(_DECIDED.propensities, Text),
        cast(_DECIDED.features, Text),
        _DECIDED.id,
    ).where(_DECIDED.at < now, _DECIDED.choice.is_not(None), which)
    return query.order_by(_DECIDED.at, _DECIDED.id)


def _features(known: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = {name: None for one in known for name in one}
    return {name: column_of([one.get(name) for one in known]) for name in names}


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)
