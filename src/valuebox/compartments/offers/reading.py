"""Decisions out of the database, with what came of them by the events of their players."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Text, and_, cast, select

from valuebox.compartments.offers.buying import Chosen
from valuebox.compartments.offers.candidates import PRICE, TYPE
from valuebox.compartments.offers.decisions import WEEK, Decisions
from valuebox.compartments.offers.happened import Codes, happened, hashes_of, microseconds_of
from valuebox.compartments.offers.objects import Objects
from valuebox.compartments.offers.rewards import rewards_of
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.facts.scanning import moment
from valuebox.features.declared.columns import coded, numbers
from valuebox.store.writing import table_of

_DECIDED: Final = table_of(OfferDecision).c
_AT_ONCE: Final = 5_000
"""Rows that are held as the database hands them out."""
_NUMBERS: Final = msgspec.json.Decoder(list[list[float]]).decode


class Read(NamedTuple):
    """Decisions that were read."""

    ids: NDArray[np.bytes_]
    """Id of each, in hexadecimal digits."""
    decisions: Decisions


class _Parts(NamedTuple):
    """Parts of the columns that stand for themselves."""

    ids: list[NDArray[Any]]
    player: list[NDArray[Any]]
    session: list[NDArray[Any]]
    time: list[NDArray[Any]]
    choice: list[NDArray[Any]]
    type: list[NDArray[Any]]
    price: list[NDArray[Any]]
    propensity: list[NDArray[Any]]


def read(
    connection: Connection, now: datetime, which: ColumnElement[bool], newest: int | None = None
) -> Read:
    """Decisions that chose something, in the order of time, and what came of them by a moment.

    Args:
        connection: In a transaction that has time enough.
        now: Events and decisions before this moment are looked at, whenever they were stored.
        which: Condition on `OfferDecision`.
        newest: Of how many of the newest decisions to read; None for all. Those of the first
            moment come together.
    """
    which = and_(_DECIDED.at < now, _DECIDED.choice.is_not(None), which)
    if newest is not None:
        which = and_(which, *_since(connection, which, newest))
    offers, known, texts = Objects(are_lists=True), Objects(), dict[str, str]()
    parts = _Parts([], [], [], [], [], [], [], [])
    for columns in _parts(connection, which):
        source, customer, session, time, choice, kind, price, *written, ids = columns
        candidates, propensities, features = written
        offers.add(candidates)
        known.add(features)
        parts.ids.append(np.array(ids, dtype=np.bytes_))
        parts.player.append(hashes_of(source, customer))
        parts.session.append(hashes_of(source, customer, session))
        parts.time.append(microseconds_of(time))
        parts.choice.append(np.array(choice, dtype=np.int64))
        # A type is one text, however many decisions chose it.
        parts.type.append(np.array([texts.setdefault(one, one) for one in kind], dtype=object))
        parts.price.append(np.array(price, dtype=np.float64))
        likely = chain.from_iterable(_NUMBERS(f"[{','.join(propensities)}]"))
        parts.propensity.append(np.fromiter(likely, dtype=np.float64))
    ids, player, session, time, choice, kind, price, propensity = map(_whole, parts)
    people, sessions = Codes(player), Codes(session)
    chosen = Chosen(people.codes, sessions.codes, time, kind, price)
    low = _moment(int(time.min())) if len(time) else now
    facts = happened(connection, low, now, people, sessions)
    rewards = rewards_of(chosen, *facts, _microseconds(now))
    properties = offers.columns()
    kinds, prices = (properties.pop(name, np.zeros(0)) for name in (TYPE, PRICE))
    decisions = Decisions(
        customer=chosen.customer,
        time=time,
        features=known.columns(),
        begins=np.concatenate([[0], np.cumsum(np.array(offers.sizes, dtype=np.int64))]),
        type=coded(kinds),
        price=numbers(prices),
        propensity=propensity.astype(np.float64),
        choice=choice.astype(np.int64),
        shown=rewards.shown,
        own=rewards.own,
        rest=rewards.rest,
        observed=np.minimum(rewards.observed, WEEK).astype(np.float64),
        properties=properties,
    )
    return Read(ids, decisions)


def _parts(connection: Connection, which: ColumnElement[bool]) -> Iterator[list[Any]]:
    """The columns of some decisions after the others."""
    query = select(
        _DECIDED.source,
        _DECIDED.customer,
        _DECIDED.session,
        moment(connection.dialect.name, _DECIDED.at),
        _DECIDED.choice,
        _DECIDED.offer_type,
        _DECIDED.offer_price,
        cast(_DECIDED.candidates, Text),
        cast(_DECIDED.propensities, Text),
        cast(_DECIDED.features, Text),
        cast(_DECIDED.id, Text),
    ).where(which)
    in_order = query.order_by(_DECIDED.at, _DECIDED.id)
    result = connection.execute(in_order, execution_options={"yield_per": _AT_ONCE})
    for rows in result.partitions():
        yield list(map(list, zip(*rows, strict=True)))


def _since(
    connection: Connection, which: ColumnElement[bool], newest: int
) -> Iterator[ColumnElement[bool]]:
    """The condition that leaves so many of the newest, where there are more."""
    first = select(_DECIDED.at).where(which).order_by(_DECIDED.at.desc()).offset(newest - 1)
    bound = connection.scalar(first.limit(1))
    if bound is not None:
        yield _DECIDED.at >= bound


def _whole(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def _microseconds(moment: datetime) -> int:
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return int(np.datetime64(naive, "us").astype(np.int64))
