"""Whose items of interleaved lists were clicked, by session."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.proof.clicks import (
    Lists,
    Views,
    items_inferred,
    items_told,
    owners,
)
from valuebox.compartments.recommend.proof.interleaving import FIRST, NOBODY, SECOND
from valuebox.statistics.arrays import Codes, Floats, Mask


class Credits(NamedTuple):
    """What either ranking is credited with, of some sessions in any order."""

    clicks: Floats
    """Different listed items that were clicked, of the first ranking and of the second, `(n, 2)`.
    """
    began: Codes
    """Which ranking had the first pick of the session's first list; `NOBODY` without a pick."""
    is_told: bool
    """Whether clicks are those that the shop tells; otherwise they are inferred."""


def credited(
    views: Views, lists: Lists, team: NDArray[np.int8], session: Codes, counted: Mask, n: int
) -> Credits:
    """Add up by session what either ranking of its lists is credited with.

    Where any view tells which list it came from, these clicks alone count: what is inferred is
    also what visitors would have looked at anyway, which is popular items above all.

    Args:
        views: Views of items.
        lists: Lists that were shown.
        team: Who picked each listed item.
        session: Position of each list's session.
        counted: Which lists are looked at.
        n: How many sessions there are.
    """
    places = items_told(views, lists)
    is_told = bool(len(places))
    if not is_told:
        places = items_inferred(views, lists)
    owner = owners(lists, places)
    clicks = [
        np.bincount(session[owner[hit]], minlength=n).astype(np.float64)
        for one in (FIRST, SECOND)
        for hit in (counted[owner] & (team[places] == one),)
    ]
    return Credits(np.stack(clicks, axis=1), _began(lists, team, session, n), is_told)


def _began(lists: Lists, team: NDArray[np.int8], session: Codes, n: int) -> Codes:
    began = np.full(n, NOBODY)
    picked = np.flatnonzero(team != NOBODY)
    owner, first = np.unique(owners(lists, picked), return_index=True)
    # The earliest list is written last, and stays.
    order = np.argsort(-lists.time[owner], kind="stable")
    began[session[owner[order]]] = team[picked[first[order]]]
    return began
