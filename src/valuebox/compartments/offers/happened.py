"""What players did after decisions, out of the database by column: rewards are worked out of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Text, cast, select

from valuebox.compartments.offers.objects import Objects, codes_of, together
from valuebox.compartments.offers.rewards import TYPES
from valuebox.facts.scanning import EVENTS, moment
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.events import Events

_READ: Final = ("offer_type", "offer_price", "offer_purchased", "sku", "purchase_source")
_AT_ONCE: Final = 5_000
"""Rows that are held as the database hands them out."""


def hashes_of(*columns: Sequence[str | None]) -> NDArray[np.int64]:
    """A number that stands for the texts of each row, in this process alone.

    A million rows are held in 8 MB so; of five million, two have the same number with a chance
    below one in a million.
    """
    rows = zip(*columns, strict=True)
    return np.fromiter(map(hash, rows), dtype=np.int64, count=len(columns[0]))


class Codes:
    """Codes of different keys, in the order in which they come first.

    Args:
        hashes: Of all that have a code, as `hashes_of` makes them.
    """

    def __init__(self, hashes: NDArray[np.int64]):
        self._known, first, place = np.unique(hashes, return_index=True, return_inverse=True)
        self._code = np.empty(len(first), dtype=np.int64)
        self._code[np.argsort(first)] = np.arange(len(first))
        self.codes = self._code[place]
        """The code of each."""

    def of(self, hashes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The codes of keys, -1 for those that have none."""
        if not len(self._known):
            return np.full(len(hashes), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._known, hashes), len(self._known) - 1)
        return np.where(self._known[place] == hashes, self._code[place], -1)


class Happened(NamedTuple):
    """Events, and whose they are."""

    events: Events
    """Of sources, ids and currencies nothing is known."""
    customer: NDArray[np.int64]
    """Code of each event's player, -1 for others."""
    session: NDArray[np.int64]
    """Code of its session, -1 for others."""


def happened(
    connection: Connection, since: datetime, before: datetime, people: Codes, sessions: Codes
) -> Happened:
    """Read what offers and purchases say of players.

    Args:
        connection: In a transaction that has time enough.
        since: Events from this moment on are looked at.
        before: Events before this one.
        people: Codes by source and customer.
        sessions: Codes by source, customer and session.
    """
    query = select(
        EVENTS.source,
        EVENTS.customer,
        EVENTS.session,
        EVENTS.type,
        moment(connection.dialect.name, EVENTS.time),
        EVENTS.amount,
        cast(EVENTS.properties, Text),
    ).where(EVENTS.type.in_(TYPES), EVENTS.time >= since, EVENTS.time < before)
    whose: list[list[NDArray[np.int64]]] = [[], []]
    moments, amounts = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    types, told = [], Objects(only=_READ)
    result = connection.execute(query, execution_options={"yield_per": _AT_ONCE})
    for rows in result.partitions():
        source, customer, session, kind, time, amount, properties = zip(*rows, strict=True)
        whose[0].append(people.of(hashes_of(source, customer)))
        whose[1].append(sessions.of(hashes_of(source, customer, session)))
        moments.append(microseconds_of(time))
        amounts.append(np.array(amount, dtype=np.float64))
        types.append(codes_of(kind))
        told.add([one if one not in (None, "null") else "{}" for one in properties])
    when, read = np.concatenate(moments), told.columns()
    nobody, absent = Coded.constant(None, len(when)), np.full(len(when), np.nan)
    events = Events(
        nobody,
        np.full(len(when), "", dtype=object),
        nobody,
        nobody,
        together(types),
        when,
        when,
        np.concatenate(amounts),
        nobody,
        lambda name: read.get(name, absent),
    )
    none = [np.zeros(0, dtype=np.int64)]
    return Happened(events, *(np.concatenate(none + codes) for codes in whose))


def microseconds_of(moments: Sequence[str]) -> NDArray[np.int64]:
    """Moments in UTC, as databases write them, in microseconds since 1970."""
    return np.array(moments, dtype="datetime64[us]").astype(np.int64)
