"""Offers that a game has shown by its own rule, as if they had been decided about: to begin with.

What a player was shown in a session is the choice. Nobody has written down what else there was to
choose from, nor how likely the choice was: as candidates count the types that were shown to anybody
in the same week, each at its most frequent price. Models may learn from that; no policy can be
judged by it.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from valuebox.compartments.offers.buying import OF_OFFER, Chosen, count_before, texts
from valuebox.compartments.offers.candidates import PRICE, TYPE
from valuebox.compartments.offers.decisions import WEEK, Decisions
from valuebox.compartments.offers.features import declared
from valuebox.compartments.offers.rewards import PURCHASE, SHOWN, rewards_of
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.facts.features.stored import rows_of
from valuebox.facts.scanning import EVENTS
from valuebox.features.declared import table
from valuebox.features.declared.building import microseconds
from valuebox.features.declared.columns import Coded, numbers, taken
from valuebox.features.declared.events import Events
from valuebox.statistics.arrays import Floats
from valuebox.store.writing import table_of

_DECIDED: Final = table_of(OfferDecision).c


def past_decisions(connection: Connection, now: datetime) -> Decisions:
    """What was shown in sessions of which no decision is stored, and what came of it.

    Args:
        connection: In a transaction that has time enough.
        now: Events before this moment are looked at, whenever they were stored.
    """
    events = rows_of(connection, EVENTS.time < now).events()
    until = microseconds(now)
    worked = table.rows_of(declared(), events, until)
    players = _players(events)
    kinds, prices = texts(events.read(TYPE)), numbers(events.read(PRICE))
    rows = _first(events, players, kinds, prices, worked.event, _decided(connection))
    at = worked.event[rows]
    chosen = Chosen(
        players[at],
        events.session.codes[at].astype(np.int64),
        events.time[at],
        kinds[at],
        prices[at],
    )
    came = rewards_of(chosen, events, players, events.session.codes.astype(np.int64), until)
    offers = _candidates(chosen)
    return Decisions(
        customer=chosen.customer,
        time=chosen.time,
        features={name: taken(worked.columns[name], rows) for name in declared().features},
        begins=offers.begins,
        type=offers.type,
        price=offers.price,
        propensity=1.0 / np.diff(offers.begins)[offers.decision],
        choice=offers.choice,
        shown=came.shown,
        own=came.own,
        rest=came.rest,
        observed=came.observed.astype(np.float64),
        properties=_before(events, players, kinds, chosen, offers),
    )


def _players(events: Events) -> NDArray[np.int64]:
    """A code for the player of each event; -1 for nobody's."""
    codes = events.source.codes.astype(np.int64) * len(events.customer.values)
    return np.where(events.customer.codes >= 0, codes + events.customer.codes, -1)


def _decided(connection: Connection) -> set[tuple[str, str, str]]:
    """Source, customer and session of every decision."""
    query = select(_DECIDED.source, _DECIDED.customer, _DECIDED.session)
    return {(row[0], row[1], row[2]) for row in connection.execute(query)}


def _first(
    events: Events,
    players: NDArray[np.int64],
    kinds: NDArray[Any],
    prices: Floats,
    anchors: NDArray[np.intp],
    decided: set[tuple[str, str, str]],
) -> NDArray[np.intp]:
    """Positions of the anchors that count: the first offer of each session that is not decided."""
    sessions = events.session.codes[anchors]
    is_whole = (sessions >= 0) & (players[anchors] >= 0)
    is_whole &= (kinds[anchors] != "") & (prices[anchors] >= 0)
    rows = np.flatnonzero(is_whole)
    key = players[anchors[rows]] * (len(events.session.values) + 1) + sessions[rows]
    # Anchors of a player are in the order of time.
    first = rows[np.sort(np.unique(key, return_index=True)[1])]
    if not decided:
        return first
    named = [
        [str(column.values[code]) for code in column.codes[anchors[first]].tolist()]
        for column in (events.source, events.customer, events.session)
    ]
    is_new = [one not in decided for one in zip(*named, strict=True)]
    left: NDArray[np.intp] = first[np.array(is_new, dtype=bool)]
    return left


class _Offers(NamedTuple):
    """What could have been chosen from, by decision."""

    begins: NDArray[np.int64]
    type: Coded
    price: Floats
    choice: NDArray[np.int64]
    decision: NDArray[np.int64]


def _candidates(chosen: Chosen) -> _Offers:
    """Every type of the week of each decision, at its most frequent price."""
    known: dict[str, int] = {}
    kind = np.array([known.setdefault(one, len(known)) for one in chosen.type.tolist()], dtype=int)
    week = (chosen.time - chosen.time.min(initial=0)) // WEEK
    three = np.stack([week.astype(np.float64), kind.astype(np.float64), chosen.price], axis=1)
    each, often = np.unique(three, axis=0, return_counts=True)
    # The most frequent price of each week and type comes first, and is kept.
    order = np.lexsort((-often, each[:, 1], each[:, 0]))
    pair = each[order, 0] * len(known) + each[order, 1]
    offered = each[order][np.unique(pair, return_index=True)[1]]
    weeks, first, count = np.unique(offered[:, 0], return_index=True, return_counts=True)
    place = np.searchsorted(weeks, week)
    begins = np.concatenate([[0], np.cumsum(count[place])]).astype(np.int64)
    decision = np.repeat(np.arange(len(kind)), count[place])
    places = np.arange(begins[-1]) + (first[place] - begins[:-1])[decision]
    codes = offered[places, 1].astype(np.int64)
    is_chosen = codes == kind[decision]
    price = np.where(is_chosen, chosen.price[decision], offered[places, 2])
    choice = np.flatnonzero(is_chosen) - begins[:-1]
    return _Offers(begins, Coded(codes, list(known)), price, choice, decision)


def _before(
    events: Events,
    players: NDArray[np.int64],
    kinds: NDArray[Any],
    chosen: Chosen,
    offers: _Offers,
) -> dict[str, Floats]:
    """How often each player had seen and bought the type of each candidate; see `before`."""
    type_ = texts(events.type)
    source = texts(events.read("purchase_source"))
    is_bought = (type_ == PURCHASE) & ((source == "") | (source == OF_OFFER))
    return {
        "type_shown": _often(events, players, kinds, type_ == SHOWN, chosen, offers),
        "type_bought": _often(
            events, players, texts(events.read("sku")), is_bought, chosen, offers
        ),
    }


def _often(
    events: Events,
    players: NDArray[np.int64],
    named: NDArray[Any],
    which: NDArray[np.bool_],
    chosen: Chosen,
    offers: _Offers,
) -> Floats:
    known = {one: code for code, one in enumerate(offers.type.values)}
    rows = np.flatnonzero(which & (players >= 0))
    code = np.array([known.get(one, -1) for one in named[rows].tolist()], dtype=np.int64)
    rows, code = rows[code >= 0], code[code >= 0]
    key = players[rows] * len(known) + code
    order = np.lexsort((events.time[rows], key))
    whose = chosen.customer[offers.decision] * len(known) + offers.type.codes
    at = chosen.time[offers.decision]
    lookback = declared().lookback
    earliest = np.zeros_like(at) if lookback is None else at - lookback
    since, until = (
        count_before(key[order], events.time[rows][order], whose, bound) for bound in (earliest, at)
    )
    return (until - since).astype(np.float64)
