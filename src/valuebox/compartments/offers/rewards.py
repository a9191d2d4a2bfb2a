"""What came of decisions, by the events of their players: the offer's own purchase, and the rest.

Money is what a player spends within seven days from the decision on, the moment itself included;
refunds subtract. The offer's own purchase belongs to its decision alone. Everything else is the
rest, which several decisions of a player have in common where their weeks overlap. What has not
been observed yet is not taken for nothing: `observed` says how much of the week has passed.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.decisions import WEEK
from valuebox.features.declared.columns import Column, coded, numbers
from valuebox.features.declared.events import Events
from valuebox.features.declared.expressions import formula

SHOWN: Final = "offer_shown"
DISMISSED: Final = "offer_dismissed"
PURCHASE: Final = "purchase"
REFUND: Final = "refund"
OF_OFFER: Final = "offer"
"""What the property `purchase_source` of a purchase says where the offer itself was bought."""
TYPES: Final = (SHOWN, DISMISSED, PURCHASE, REFUND)
_CENT: Final = 0.005
_BOUGHT: Final = formula("true(offer_purchased)")


class Chosen(NamedTuple):
    """The offers that were chosen, `(n_decisions,)` each; customers and sessions by code."""

    customer: NDArray[np.int64]
    session: NDArray[np.int64]
    """Code of the session within the customer's, such that both together are one decision's."""
    time: NDArray[np.int64]
    """Microseconds since 1970."""
    type: NDArray[Any]
    """Type of the offer as a text; empty where nothing was chosen."""
    price: NDArray[np.float64]


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
    own = _own(chosen, events, kind, decision, money)
    # What was bought was seen, whether or not the game said so.
    shown[decision[own]] = True
    of_offer = np.bincount(decision[own], money[own], len(shown))
    claimed = np.zeros(len(shown), dtype=bool)
    claimed[
        decision[(kind == TYPES.index(SHOWN)) & offered & _BOUGHT.holds(events.read, len(events))]
    ] = True
    # The game says that the offer was bought, and sends no purchase of it.
    unsent = claimed & (of_offer == 0)
    whole = _of_week(chosen, events.time, customer, money)
    return Rewards(
        shown,
        np.where(unsent, chosen.price, of_offer),
        whole - of_offer,
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
    named = _texts(kinds)
    price = numbers(events.read("offer_price"))
    is_same = (kinds.codes < 0) | (named == chosen.type[decision])
    is_near = np.isnan(price) | (np.abs(price - chosen.price[decision]) < _CENT)
    matched: NDArray[np.bool_] = found & is_same & is_near & (chosen.type[decision] != "")
    return matched


def _money(events: Events, kind: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each event brings: 0 for those that are no purchase, less than that for refunds."""
    amount = np.nan_to_num(events.amount, nan=0.0)
    is_refund = kind == TYPES.index(REFUND)
    return np.where(
        kind == TYPES.index(PURCHASE), amount, np.where(is_refund, -np.abs(amount), 0.0)
    )


def _own(
    chosen: Chosen,
    events: Events,
    kind: NDArray[np.int64],
    decision: NDArray[np.int64],
    money: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Positions of the purchases of offers: in the session of the decision, and not before it."""
    might = (kind == TYPES.index(PURCHASE)) & (decision >= 0) & (money > 0)
    might &= chosen.type[decision] != ""
    might &= events.time >= chosen.time[decision]
    source, sku = _texts(events.read("purchase_source")), _texts(events.read("sku"))
    is_priced = np.abs(money - chosen.price[decision]) < _CENT
    is_named = (sku == chosen.type[decision]) | is_priced
    return np.flatnonzero(might & ((source == OF_OFFER) | ((source == "") & is_named)))


def _texts(column: Column) -> NDArray[Any]:
    """Values as texts, empty where one is missing."""
    found = coded(column)
    texts: NDArray[Any] = np.array([*map(str, found.values), ""], dtype=object)[found.codes]
    return texts


def _of_week(
    chosen: Chosen,
    time: NDArray[np.int64],
    customer: NDArray[np.int64],
    money: NDArray[np.float64],
) -> NDArray[np.float64]:
    """All money of each decision's player within its week, exact to a millionth."""
    some = np.flatnonzero((customer >= 0) & (money != 0))
    order = some[np.lexsort((time[some], customer[some]))]
    running = np.zeros(len(order) + 1, dtype=np.int64)
    np.cumsum(np.rint(money[order] * 1e6).astype(np.int64), out=running[1:])
    first, last = (
        _before(customer[order], time[order], chosen.customer, bound)
        for bound in (chosen.time, chosen.time + WEEK)
    )
    found: NDArray[np.float64] = (running[last] - running[first]) / 1e6
    return found


def _before(
    customer: NDArray[np.int64],
    time: NDArray[np.int64],
    whose: NDArray[np.int64],
    bound: NDArray[np.int64],
) -> NDArray[np.int64]:
    """How many events, in the order of customer and time, lie before each customer's bound."""
    count = len(customer)
    both = np.concatenate([customer, whose])
    order = np.lexsort(
        (np.repeat([1, 0], [count, len(whose)]), np.concatenate([time, bound]), both)
    )
    is_event = order < count
    before = np.cumsum(is_event)
    found = np.empty(len(whose), dtype=np.int64)
    found[order[~is_event] - count] = before[~is_event]
    return found
