"""The table of sessions: what each was shown, did and bought."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.proof.clicks import Lists, Views, clicked
from valuebox.compartments.recommend.proof.crediting import credited
from valuebox.compartments.recommend.proof.robots import PACE, Pace, robots
from valuebox.statistics.arrays import Codes, Floats, Mask

_PAUSE: Final = 1_800.0
"""Seconds without a view that count as engagement at most."""
_ENOUGH: Final = 100
"""Orders that it takes to say which amount is an outlier."""


class Purchases(NamedTuple):
    """Orders, in any order, `(n_orders,)` each."""

    session: NDArray[np.int64]
    """A number for each session, the same as in `Views`."""
    amount: Floats
    """What was paid, in one currency; NaN where that is not told."""


class Caps(NamedTuple):
    """What a session counts at most, so that a few do not decide."""

    views: float = 50
    lists: int = 50
    """Lists of a session that are looked at: its first."""
    seconds: float = 3_600
    orders: float = 0.99
    """Share of orders beyond whose amount larger ones are cut, of all arms together."""


CAPS: Final = Caps()


class Sessions(NamedTuple):
    """Sessions that were shown lists, in order of their first moment, `(n,)` each."""

    session: NDArray[np.int64]
    """The caller's number."""
    arm: Codes
    first: Floats
    """First moment that is known of it: a view or a list; seconds since 1970."""
    views: Floats
    lists: Floats
    clicked: Floats
    """Lists that were clicked, told or inferred."""
    inferred: Floats
    """Lists among `clicked` of which nobody tells so."""
    seconds: Floats
    """From the first view to the last; longer pauses count as half an hour."""
    bounced: Floats
    """1 for a session of one view, or none; 0 elsewhere."""
    orders: Floats | None
    """None where the shop does not tell purchases, which is not the same as none."""
    priced: Floats | None
    """Orders whose amount is told."""
    revenue: Floats | None
    """What these brought, each cut at the cap."""
    credits: Floats | None = None
    """Clicks credited to either ranking of interleaved lists, `(n, 2)`; None without such lists."""
    began: Codes | None = None
    """Which of them had the first pick; see `crediting.Credits`."""

    def where(self, chosen: Mask | Codes | slice) -> "Sessions":
        """Some of the sessions."""
        return Sessions._make(None if one is None else one[chosen] for one in self)


@dataclass(frozen=True)
class Watched:
    """Sessions of all arms, and what was left out of them."""

    sessions: Sessions
    arms: tuple[str, ...]
    robots: Codes
    """Sessions of machines, by arm, which are left out."""
    several_arms: int
    """Sessions with lists of several arms, which are left out."""
    caps: Caps
    order_cap: float | None
    """Amount at which orders were cut; None where none could be."""
    cut: int
    """Sessions of which anything was cut."""
    credits_are_told: bool = False
    """Whether clicks that are credited to a ranking are those that the shop tells."""

    @property
    def counts(self) -> Codes:
        """Sessions of each arm, `(n_arms,)`."""
        return np.bincount(self.sessions.arm, minlength=len(self.arms))


def watched(
    views: Views,
    lists: Lists,
    purchases: Purchases | None,
    arms: tuple[str, ...],
    caps: Caps = CAPS,
    pace: Pace = PACE,
) -> Watched:
    """Put views, lists and purchases together, a row for each session that was shown a list.

    Sessions that were shown none are in no arm, and left out; so are those of machines.

    Args:
        views: Views of items.
        lists: Lists of the experiment.
        purchases: Orders; None where the shop tells none.
        arms: Names of arms; `lists.arm` are positions in it.
        caps: What a session counts at most.
        pace: What is called a machine.
    """
    numbers = np.unique(lists.session)
    n = len(numbers)
    of_list = np.searchsorted(numbers, lists.session)
    shown = np.full(n, np.inf)
    np.minimum.at(shown, of_list, lists.time)
    arm, highest = np.full(n, len(arms)), np.full(n, -1)
    np.minimum.at(arm, of_list, lists.arm)
    np.maximum.at(highest, of_list, lists.arm)
    order = _ordered(numbers, views.session, views.time)
    of_view = np.searchsorted(numbers, views.session[order])
    time = views.time[order]
    first = shown.copy()
    np.minimum.at(first, of_view, time)
    seen = np.bincount(of_view, minlength=n).astype(np.float64)
    seconds = _engaged(of_view, time, n)
    told, inferred = clicked(views, lists)
    counted = _first_lists(of_list, lists.time, caps.lists)
    orders, priced, revenue, cap = _bought(numbers, purchases, caps.orders)
    shown_lists, hits, guesses = (
        np.bincount(of_list[counted & which], minlength=n).astype(np.float64)
        for which in (np.ones_like(told), told | inferred, inferred)
    )
    won = None if lists.team is None else credited(views, lists, lists.team, of_list, counted, n)
    table = Sessions(
        session=numbers,
        arm=arm,
        first=first,
        views=np.minimum(seen, caps.views),
        lists=shown_lists,
        clicked=hits,
        inferred=guesses,
        seconds=np.minimum(seconds, caps.seconds),
        bounced=(seen <= 1).astype(np.float64),
        orders=orders,
        priced=priced,
        revenue=revenue,
        credits=None if won is None else won.clicks,
        began=None if won is None else won.began,
    )
    several = arm != highest
    machine = robots(of_view, time, shown, pace) & ~several
    cut = (seen > caps.views) | (seconds > caps.seconds)
    kept = np.flatnonzero(~several & ~machine)
    return Watched(
        sessions=table.where(kept[np.argsort(first[kept], kind="stable")]),
        arms=arms,
        robots=np.bincount(arm[machine], minlength=len(arms)),
        several_arms=int(several.sum()),
        caps=caps,
        order_cap=cap,
        cut=int(cut[kept].sum()),
        credits_are_told=won is not None and won.is_told,
    )


def _ordered(
    numbers: NDArray[np.int64], session: NDArray[np.int64], time: Floats
) -> NDArray[np.intp]:
    """Views of known sessions, each session's together and in order of time."""
    known = np.flatnonzero(np.isin(session, numbers))
    return known[np.lexsort((time[known], session[known]))]


def _engaged(session: Codes, time: Floats, n: int) -> Floats:
    gaps = np.minimum(np.diff(time), _PAUSE)
    own = session[1:] == session[:-1]
    return np.bincount(session[1:][own], gaps[own], n).astype(np.float64)


def _first_lists(session: Codes, time: Floats, most: int) -> Mask:
    """Which lists are among the first of their session."""
    order = np.lexsort((time, session))
    sorted_ = session[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_, sorted_)
    found = np.empty(len(order), dtype=bool)
    found[order] = rank < most
    return found


def _bought(
    numbers: NDArray[np.int64], purchases: Purchases | None, share: float
) -> tuple[Floats | None, Floats | None, Floats | None, float | None]:
    if purchases is None:
        return None, None, None, None
    known = np.isin(purchases.session, numbers)
    of = np.searchsorted(numbers, purchases.session[known])
    amount = purchases.amount[known]
    is_priced = ~np.isnan(amount)
    cap = None
    if is_priced.sum() >= _ENOUGH:
        cap = float(np.quantile(amount[is_priced], share, method="higher"))
        amount = np.minimum(amount, cap)
    n = len(numbers)
    return (
        np.bincount(of, minlength=n).astype(np.float64),
        np.bincount(of[is_priced], minlength=n).astype(np.float64),
        np.bincount(of[is_priced], amount[is_priced], n).astype(np.float64),
        cap,
    )
