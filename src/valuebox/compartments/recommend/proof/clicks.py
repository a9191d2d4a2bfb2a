"""Which lists were clicked: as the shop tells it, or inferred from what was viewed next."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.statistics.arrays import Codes, Floats, Mask

WITHIN: Final = 1_800.0
"""Seconds after a list within which a view of a listed item is taken for a click."""
_AT_ONCE: Final = 1 << 20
NOT_TOLD: Final = -1
ELSEWHERE: Final = -2
"""What a view tells that came from another list than those that are looked at."""


class Views(NamedTuple):
    """Views of items, in any order, `(n_views,)` each."""

    session: NDArray[np.int64]
    """A number for each session, the same as in `Lists`."""
    item: Codes
    """Code of the item, the same as in `Lists`; negative for one that no list has."""
    time: Floats
    """Seconds since 1970."""
    via: Codes
    """Position of the list that was clicked, as the shop tells it; otherwise `NOT_TOLD`, or
    `ELSEWHERE`."""


class Lists(NamedTuple):
    """Lists that were shown, in any order, `(n_lists,)` each but for `items`."""

    session: NDArray[np.int64]
    time: Floats
    """Seconds since 1970."""
    arm: Codes
    """Position of the arm among their names."""
    begins: NDArray[np.int64]
    """Where the items of each list begin, and where the last ends, `(n_lists + 1,)`."""
    items: Codes
    """Codes of the items, list after list."""
    team: NDArray[np.int8] | None = None
    """Which ranking picked each of `items`, as `interleaving.Drafted` has it; None where none was
    picked."""


class Clicked(NamedTuple):
    """Which lists were clicked, `(n_lists,)` each; none is in both."""

    told: Mask
    """Some view says that it came from the list."""
    inferred: Mask
    """Nobody says so, and a listed item was viewed in the same session soon after."""


def clicked(views: Views, lists: Lists) -> Clicked:
    """Find the lists that were clicked.

    A view that tells its list speaks for that one alone. Any other counts for the latest list of
    its session that has the item, and was shown before it and at most half an hour ago.
    """
    told, inferred = np.zeros((2, len(lists.session)), dtype=bool)
    told[views.via[views.via >= 0]] = True
    inferred[owners(lists, items_inferred(views, lists))] = True
    return Clicked(told, inferred & ~told)


def owners(lists: Lists, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Position of the list that each of some listed items is on."""
    return np.searchsorted(lists.begins, places, side="right") - 1


def items_told(views: Views, lists: Lists) -> NDArray[np.intp]:
    """Positions among the listed items of those that some view says were clicked, each once."""
    telling = np.flatnonzero(views.via >= 0)
    via = views.via[telling]
    length = lists.begins[via + 1] - lists.begins[via]
    ends = np.cumsum(length)
    places = np.arange(ends[-1] if len(ends) else 0)
    places += np.repeat(lists.begins[via] - (ends - length), length)
    return np.unique(places[lists.items[places] == np.repeat(views.item[telling], length)])


def items_inferred(views: Views, lists: Lists) -> NDArray[np.intp]:
    """Positions among the listed items of those that were viewed soon after, and nobody tells of.

    A view counts for the latest list of its session that has the item, and was shown before it.
    """
    silent = np.flatnonzero(views.via == NOT_TOLD)
    shown = _viewed(views, silent, lists)
    owner, listed = owners(lists, shown), lists.items[shown]
    session = np.concatenate([lists.session[owner], views.session[silent]])
    item = np.concatenate([listed, views.item[silent]])
    time = np.concatenate([lists.time[owner], views.time[silent]])
    is_view = np.arange(len(session)) >= len(owner)
    # A view of the very moment comes first: on that page the list was shown.
    order = np.lexsort((~is_view, time, item, session))
    session, item, time, is_view = session[order], item[order], time[order], is_view[order]
    places = np.arange(len(order))
    latest = np.maximum.accumulate(np.where(is_view, -1, places))
    before = np.maximum(latest, 0)
    hit = is_view & (latest >= 0) & (session == session[before]) & (item == item[before])
    hit &= time - time[before] <= WITHIN
    return np.unique(shown[order[before[hit]]])


def _viewed(views: Views, silent: NDArray[np.intp], lists: Lists) -> NDArray[np.intp]:
    """Positions of items of lists that their own session has viewed, and of a few others.

    No other can have been clicked, and these are few among millions that were listed.
    """
    # A product that overflows is the same for the same pair, which is all that counts here.
    most = np.int64(max(lists.items.max(initial=0), views.item.max(initial=0)) + 1)
    pairs = np.unique(views.session[silent] * most + views.item[silent])
    found = [np.zeros(0, dtype=np.intp)]
    for start in range(0, len(lists.items) if len(pairs) else 0, _AT_ONCE):
        some = lists.items[start : start + _AT_ONCE]
        places = np.arange(start, start + len(some))
        wanted = lists.session[owners(lists, places)] * most + some
        at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        found.append(places[pairs[at] == wanted])
    return np.concatenate(found)
