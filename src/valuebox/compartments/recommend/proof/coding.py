"""Rows with ids as texts, as shops tell them, into the columns of which a table is made."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.proof.clicks import ELSEWHERE, NOT_TOLD, Lists, Views
from valuebox.compartments.recommend.proof.interleaving import NOBODY
from valuebox.compartments.recommend.proof.sessions import Purchases

NOT_LISTED: Final = -1
"""Code of an item that no list has."""


class ViewRow(NamedTuple):
    """A view of an item."""

    session: str
    item: str | None
    time: float
    """Seconds since 1970."""
    via: str | None = None
    """Id of the list that was clicked; None where the shop tells none."""


class ListRow(NamedTuple):
    """A list that was shown."""

    id: str
    session: str
    time: float
    """Seconds since 1970."""
    arm: str
    items: Sequence[str]
    team: Sequence[int] | None = None
    """Which ranking picked each item, where the list is made of two; None elsewhere."""


class OrderRow(NamedTuple):
    """An order."""

    session: str
    amount: float | None
    """What was paid; None where that is not told."""


class Coded(NamedTuple):
    """Columns that belong together, as `sessions.watched` takes them."""

    views: Views
    lists: Lists
    purchases: Purchases | None
    arms: tuple[str, ...]


def coded(
    views: Iterable[ViewRow],
    lists: Iterable[ListRow],
    orders: Iterable[OrderRow] | None,
    arms: Sequence[str] = (),
) -> Coded:
    """Columns of rows; ids are compared as they are: "007" is not "7".

    Args:
        views: In any order; looked at once all lists have been.
        lists: Lists of the experiment, in any order.
        orders: In any order; None where the shop tells none. Looked at last.
        arms: Names of arms that are wanted first, in this order; others follow as they come.
    """
    sessions: dict[str, int] = {}
    items: dict[str, int] = {}
    places: dict[str, int] = {}
    names = {name: at for at, name in enumerate(arms)}

    def number(session: str) -> int:
        return sessions.setdefault(session, len(sessions))

    # Millions of rows fit as numbers, and not as Python's objects.
    shown, times, dealt = array("q"), array("d"), array("q")
    begins, listed, team = array("q", [0]), array("i"), array("b")
    is_interleaved = False
    for one in lists:
        places[one.id] = len(places)
        shown.append(number(one.session))
        times.append(one.time)
        dealt.append(names.setdefault(one.arm, len(names)))
        listed.extend(items.setdefault(item, len(items)) for item in one.items)
        begins.append(len(listed))
        is_interleaved |= one.team is not None
        team.extend([NOBODY] * len(one.items) if one.team is None else one.team)
    visitor, looked_at, when, via = array("q"), array("q"), array("d"), array("q")
    for view in views:
        visitor.append(number(view.session))
        looked_at.append(NOT_LISTED if view.item is None else items.get(view.item, NOT_LISTED))
        when.append(view.time)
        via.append(NOT_TOLD if view.via is None else places.get(view.via, ELSEWHERE))
    bought = None
    if orders is not None:
        buyer, paid = array("q"), array("d")
        for order in orders:
            buyer.append(number(order.session))
            paid.append(np.nan if order.amount is None else order.amount)
        bought = Purchases(_whole(buyer), np.array(paid))
    return Coded(
        Views(_whole(visitor), _whole(looked_at), np.array(when), _whole(via)),
        Lists(
            _whole(shown),
            np.array(times),
            _whole(dealt),
            _whole(begins),
            np.array(listed, dtype=np.int32),
            np.array(team, dtype=np.int8) if is_interleaved else None,
        ),
        bought,
        tuple(names),
    )


def _whole(numbers: "array[int]") -> NDArray[np.int64]:
    return np.array(numbers, dtype=np.int64)
