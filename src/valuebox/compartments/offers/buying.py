"""Which purchases are of offers, and by which decision: in its session, or in a later one.

A purchase in the session of a decision, from its moment on, is of the offer that says so
(`purchase_source`), or that says nothing of it and has the offer's type as `sku`, or its price. A
purchase in a session without a decision, or of what another decision has offered, belongs to the
newest decision within a week before it that has offered the same to the player: its type is the
`sku`, or its price is the same where the `sku` is no such type. It has to say that it is of an
offer, or to say nothing and be alike in both.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.decisions import WEEK
from valuebox.features.declared.columns import Column, coded
from valuebox.features.declared.events import Events
from valuebox.statistics.arrays import Floats, Mask

OF_OFFER: Final = "offer"
"""What the property `purchase_source` of a purchase says where the offer itself was bought."""
CENT: Final = 0.005
"""Prices that are no further apart are the same."""


class Chosen(NamedTuple):
    """The offers that were chosen, `(n_decisions,)` each; customers and sessions by code."""

    customer: NDArray[np.int64]
    session: NDArray[np.int64]
    """Code of the session within the customer's, such that both together are one decision's."""
    time: NDArray[np.int64]
    """Microseconds since 1970."""
    type: NDArray[Any]
    """Type of the offer as a text; empty where nothing was chosen."""
    price: Floats


class Purchases(NamedTuple):
    """Purchases of players who were decided about, `(n,)` each."""

    time: NDArray[np.int64]
    money: Floats
    customer: NDArray[np.int64]
    """Code of the player."""
    decision: NDArray[np.int64]
    """The decision of the session; -1 for none."""
    sku: NDArray[Any]
    """What was bought, as a text; empty where nothing says so."""
    is_of_offer: Mask
    """Whether the purchase says that it is of an offer."""
    is_unsaid: Mask
    """Whether it says nothing of where it comes from."""

    def taken(self, rows: NDArray[np.intp]) -> "Purchases":
        """Some of the purchases, by their positions."""
        return Purchases._make(one[rows] for one in self)


def purchases_of(
    events: Events,
    rows: NDArray[np.intp],
    money: Floats,
    customer: NDArray[np.int64],
    decision: NDArray[np.int64],
) -> Purchases:
    """Purchases among events.

    Args:
        events: Of any type.
        rows: Which of them are purchases, `(n,)`.
        money: What was paid, `(n,)`.
        customer: Code of the player, `(n,)`.
        decision: The decision of the session, `(n,)`; -1 for none.
    """
    source = texts(events.read("purchase_source"))[rows]
    sku = texts(events.read("sku"))[rows]
    return Purchases(
        events.time[rows], money, customer, decision, sku, source == OF_OFFER, source == ""
    )


def decisions_of(chosen: Chosen, bought: Purchases) -> NDArray[np.int64]:
    """The decision whose offer each purchase is of, `(n,)`; -1 for none."""
    here = bought.decision
    if not len(chosen.time):
        return np.full(len(here), -1)
    age = bought.time - chosen.time[here]
    is_here = (here >= 0) & (age >= 0) & (age < WEEK) & (chosen.type[here] != "")
    is_named = is_here & (bought.sku == chosen.type[here])
    is_priced = is_here & (np.abs(bought.money - chosen.price[here]) < CENT)
    is_own = is_here & (bought.is_of_offer | (bought.is_unsaid & (is_named | is_priced)))
    found = np.where(is_own, here, -1)
    # Bought in another session, or in this one what another has offered.
    rows = np.flatnonzero((bought.is_of_offer & ~is_named) | (bought.is_unsaid & ~is_own))
    if len(rows):
        earlier = _earlier(chosen, bought.taken(rows), is_own[rows])
        found[rows] = np.where(earlier >= 0, earlier, found[rows])
    return found


def _earlier(chosen: Chosen, bought: Purchases, is_own: Mask) -> NDArray[np.int64]:
    """The newest decision that has offered the player the same within a week; -1 for none.

    Args:
        chosen: All decisions.
        bought: Purchases.
        is_own: Which of them are of the decision of their session unless they name another offer.
    """
    theirs = np.flatnonzero(np.isin(chosen.customer, bought.customer) & (chosen.type != ""))
    known: dict[str, int] = {}
    kinds = [known.setdefault(one, len(known)) for one in chosen.type[theirs].tolist()]
    skus = [known.get(one, -1) for one in bought.sku.tolist()]
    named = _newest(chosen, theirs, bought, np.array(kinds), np.array(skus))
    is_priced = np.abs(bought.money - chosen.price[named]) < CENT
    found = np.where((named >= 0) & (bought.is_of_offer | is_priced), named, -1)
    cents = np.rint(100 * chosen.price[theirs]).astype(np.int64)
    paid = np.rint(100 * bought.money).astype(np.int64)
    priced = _newest(chosen, theirs, bought, cents, paid)
    is_left = bought.is_of_offer & (named < 0) & ~is_own
    return np.where(is_left, priced, found)


def _newest(
    chosen: Chosen,
    theirs: NDArray[np.intp],
    bought: Purchases,
    offered: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The newest decision of each player, within a week, that has offered what is wanted.

    Args:
        chosen: All decisions.
        theirs: Positions of the decisions that are looked at.
        bought: Purchases.
        offered: What each of these decisions has offered, as a number.
        wanted: What was bought, as a number, below 0 for what nobody has offered.
    """
    if not len(theirs):
        return np.full(len(wanted), -1)
    values, code = np.unique(np.concatenate([offered, wanted]), return_inverse=True)
    key = np.concatenate([chosen.customer[theirs], bought.customer]) * len(values) + code
    of_decision, of_purchase = key[: len(theirs)], key[len(theirs) :]
    order = np.lexsort((chosen.time[theirs], of_decision))
    ordered = theirs[order]
    count = count_before(of_decision[order], chosen.time[ordered], of_purchase, bought.time + 1)
    last = np.maximum(count - 1, 0)
    newest = ordered[last]
    is_same = (count > 0) & (of_decision[order][last] == of_purchase)
    is_recent = bought.time - chosen.time[newest] < WEEK
    return np.where(is_same & is_recent & (wanted >= 0), newest, -1)


def texts(column: Column) -> NDArray[Any]:
    """Values as texts, empty where one is missing."""
    found = coded(column)
    told: NDArray[Any] = np.array([*map(str, found.values), ""], dtype=object)[found.codes]
    return told


def count_before(
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
    ahead = np.cumsum(is_event)
    found = np.empty(len(whose), dtype=np.int64)
    found[order[~is_event] - count] = ahead[~is_event]
    return found
