"""What came of decisions, by the events of their players: the offer's own purchase, and the rest.

Money is what a player spends within seven days from the decision on, the moment itself included;
refunds subtract. The offer's own purchase belongs to its decision alone, which `buying` finds; it
may come in a later session. Everything else is the rest, which several decisions of a player have
in common where their weeks overlap. What has not been observed yet is not taken for nothing:
`observed` says how much of the week has passed. Sums are exact to a millionth, in whatever order
events have come.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.buying import (
    CENT,
    Chosen,
    count_before,
    decisions_of,
    purchases_of,
    texts,
)
from valuebox.compartments.offers.decisions import WEEK
from valuebox.features.declared.columns import coded, numbers
from valuebox.features.declared.events import Events
from valuebox.features.declared.expressions import formula

SHOWN: Final = "offer_shown"
DISMISSED: Final = "offer_dismissed"
PURCHASE: Final = "purchase"
REFUND: Final = "refund"
TYPES: Final = (SHOWN, DISMISSED, PURCHASE, REFUND)
_WHOLE: Final = 1e6
"""Sums are of whole millionths, which add up alike in any order."""
_BOUGHT: Final = formula("true(offer_purchased)")


@dataclass(frozen=True)
class Rewards:
    """What came of each decision, `(n_decisions,)` each."""

    shown: NDArray[np.bool_]
    """Whether the offer was seen: one that was not teaches nothing."""
    own: NDArray[np.float64]
    """Money of the offer's own purchase."""
    rest: NDArray[np.float64]
    """Other purchases, less refunds, as far as the week has been observed."""
    observed: NDArray[np.int64]
    """Microseconds of the week that have been observed."""


def rewards_of(
    chosen: Chosen,
    events: Events,
    customer: NDArray[np.int64],
    session: NDArray[np.int64],
    now: int,
) -> Rewards:
    """What came of decisions.

    Args:
        chosen: The decisions.
        events: Those of `TYPES` of their players, before `now`, each once, in any order.
        customer: Code of the player of each event, as in `chosen`; -1 for others.
        session: Code of the session of each event, as in `chosen`; -1 for others.
        now: Moment, in microseconds since 1970, until which events were observed.
    """
    kind = events.type.mapped(
        [TYPES.index(one) if one in TYPES else -1 for one in events.type.values], -1, np.int64
    )
    decision = _decision_of(chosen, customer, session)
    offered = _is_offered(chosen, events, decision)
    shown = np.zeros(len(chosen.time), dtype=bool)
    seen = decision[(kind == TYPES.index(SHOWN)) & offered]
    shown[seen] = True
    money = _money(events, kind)
    paid = np.flatnonzero((kind == TYPES.index(PURCHASE)) & (customer >= 0) & (money > 0))
    bought = purchases_of(events, paid, money[paid], customer[paid], decision[paid])
    of_whom = decisions_of(chosen, bought)
    own = of_whom >= 0
    # What was bought was seen, whether or not the game said so.
    shown[of_whom[own]] = True
    of_offer = np.bincount(of_whom[own], _millionths(bought.money[own]), len(shown))
    claimed = np.zeros(len(shown), dtype=bool)
    claimed[
        decision[(kind == TYPES.index(SHOWN)) & offered & _BOUGHT.holds(events.read, len(events))]
    ] = True
    # The game says that the offer was bought, and sends no purchase of it.
    unsent = claimed & (of_offer == 0)
    whole = _of_week(chosen, events.time, customer, money)
    return Rewards(
        shown,
        np.where(unsent, chosen.price, of_offer / _WHOLE),
        (whole - of_offer) / _WHOLE,
        np.clip(now - chosen.time, 0, WEEK),
    )


def _decision_of(
    chosen: Chosen, customer: NDArray[np.int64], session: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The decision of the session of each event; -1 for none."""
    base = int(max(chosen.session.max(initial=0), session.max(initial=0))) + 1
    key = chosen.customer * base + chosen.session
    order = np.argsort(key)
    ordered = key[order]
    wanted = np.where((customer >= 0) & (session >= 0), customer * base + session, -1)
    place = np.minimum(np.searchsorted(ordered, wanted), max(len(ordered) - 1, 0))
    if not len(ordered):
        return np.full(len(wanted), -1)
    return np.where(ordered[place] == wanted, order[place], -1)


def _is_offered(chosen: Chosen, events: Events, decision: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether what an event says of type and price is what was chosen for its session."""
    found = decision >= 0
    kinds = coded(events.read("offer_type"))
    named = texts(kinds)
    price = numbers(events.read("offer_price"))
    is_same = (kinds.codes < 0) | (named == chosen.type[decision])
    is_near = np.isnan(price) | (np.abs(price - chosen.price[decision]) < CENT)
    matched: NDArray[np.bool_] = found & is_same & is_near & (chosen.type[decision] != "")
    return matched


def _money(events: Events, kind: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each event brings: 0 for those that are no purchase, less than that for refunds."""
    amount = np.nan_to_num(events.amount, nan=0.0)
    is_refund = kind == TYPES.index(REFUND)
    return np.where(
        kind == TYPES.index(PURCHASE), amount, np.where(is_refund, -np.abs(amount), 0.0)
    )


def _of_week(
    chosen: Chosen,
    time: NDArray[np.int64],
    customer: NDArray[np.int64],
    money: NDArray[np.float64],
) -> NDArray[np.int64]:
    """All money of each decision's player within its week, in millionths."""
    some = np.flatnonzero((customer >= 0) & (money != 0))
    order = some[np.lexsort((time[some], customer[some]))]
    running = np.zeros(len(order) + 1, dtype=np.int64)
    np.cumsum(_millionths(money[order]), out=running[1:])
    first, last = (
        count_before(customer[order], time[order], chosen.customer, bound)
        for bound in (chosen.time, chosen.time + WEEK)
    )
    found: NDArray[np.int64] = running[last] - running[first]
    return found


def _millionths(money: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(money * _WHOLE).astype(np.int64)
