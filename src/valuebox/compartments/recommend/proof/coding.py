"""Rows with ids as texts, as shops tell them, into the columns of which a table is made."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from valuebox.compartments.recommend.proof.clicks import ELSEWHERE, NOT_TOLD, Lists, Views
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
        views: In any order.
        lists: Lists of the experiment, in any order.
        orders: In any order; None where the shop tells none.
        arms: Names of arms that are wanted first, in this order; others follow as they come.
    """
    sessions: dict[str, int] = {}
    items: dict[str, int] = {}
    places: dict[str, int] = {}
    names = {name: at for at, name in enumerate(arms)}
    shown = list(lists)
    begins, listed = [0], list[int]()
    for at, one in enumerate(shown):
        places[one.id] = at
        listed += [items.setdefault(item, len(items)) for item in one.items]
        begins.append(len(listed))

    def number(session: str) -> int:
        return sessions.setdefault(session, len(sessions))

    def place(via: str | None) -> int:
        return NOT_TOLD if via is None else places.get(via, ELSEWHERE)

    told = Lists(
        np.array([number(one.session) for one in shown], dtype=np.int64),
        np.array([one.time for one in shown], dtype=np.float64),
        np.array([names.setdefault(one.arm, len(names)) for one in shown], dtype=np.intp),
        np.array(begins, dtype=np.int64),
        np.array(listed, dtype=np.intp),
    )
    rows = [
        (
            number(one.session),
            NOT_LISTED if one.item is None else items.get(one.item, NOT_LISTED),
            one.time,
            place(one.via),
        )
        for one in views
    ]
    session, item, time, via = zip(*rows, strict=True) if rows else ((),) * 4
    bought = None if orders is None else list(orders)
    return Coded(
        Views(
            np.array(session, dtype=np.int64),
            np.array(item, dtype=np.intp),
            np.array(time, dtype=np.float64),
            np.array(via, dtype=np.intp),
        ),
        told,
        None
        if bought is None
        else Purchases(
            np.array([number(one.session) for one in bought], dtype=np.int64),
            np.array(
                [np.nan if one.amount is None else one.amount for one in bought], dtype=np.float64
            ),
        ),
        tuple(names),
    )
