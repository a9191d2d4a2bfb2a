"""Sessions of a made-up shop with heavy tails, whose every figure can be moved as asked.

A session looks at an item and, with a lognormal tail, at others: 41 of 100 leave after the first,
and a few look at hundreds. Each view shows a list; how much a visitor clicks is their own, and
whoever looks at more buys more often. Amounts of orders are lognormal.
"""

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.proof.clicks import Lists, Views
from valuebox.compartments.recommend.proof.kpis import BY_NAME
from valuebox.compartments.recommend.proof.sessions import CAPS, Purchases, Sessions, Watched

Floats = NDArray[np.float64]

ARMS: Final = ("popular", "personal")
DAY: Final = 86_400.0
START: Final = 20_400 * DAY
_LEVEL: Final = 0.3
_TAIL: Final = 1.3
CONVERSION: Final = 0.036
_MOST: Final = 1_000.0


class Effect(NamedTuple):
    """What the second arm's figures are multiplied by."""

    views: float = 1.0
    clicks: float = 1.0
    conversion: float = 1.0
    order_value: float = 1.0
    bounces: float = 1.0


def sessions(
    rng: np.random.Generator, days: int, a_day: int, effect: Effect, share: float = 0.5
) -> Sessions:
    """Draw sessions, as the table of sessions has them.

    Args:
        rng: What they are drawn by.
        days: How many days there are.
        a_day: Sessions of a day, on average.
        effect: What the second arm changes.
        share: Share of sessions that are in the second arm.
    """
    n = int(rng.poisson(days * a_day))
    arm = (rng.random(n) < share).astype(np.intp)
    first = START + np.sort(rng.random(n)) * days * DAY
    raw = _views(rng, arm, effect)
    views = np.minimum(raw, CAPS.views)
    lists = np.minimum(raw, float(CAPS.lists))
    likely = rng.beta(0.5, 7.0, n) * np.where(arm == 1, effect.clicks, 1.0)
    clicked = rng.binomial(lists.astype(np.int64), np.minimum(likely, 1.0)).astype(np.float64)
    seconds = np.minimum((raw - 1) * rng.lognormal(3.0, 0.8, n), CAPS.seconds)
    buys = CONVERSION * (0.5 + 0.5 * np.minimum(views, 20.0) / _mean_capped())
    # Whoever looks at more because of the list does not buy more because of that.
    if effect.views != 1.0:
        buys = np.where(arm == 1, buys * _level(effect.views), buys)
    buys = buys * np.where(arm == 1, effect.conversion, 1.0)
    orders = (rng.random(n) < buys).astype(np.float64)
    bought = orders > 0
    revenue = np.zeros(n)
    revenue[bought] = rng.lognormal(3.7, 0.7, int(bought.sum()))
    revenue[bought] *= np.where(arm[bought] == 1, effect.order_value, 1.0)
    if bought.sum() >= 100:
        cap = np.quantile(revenue[bought], CAPS.orders, method="higher")
        revenue = np.minimum(revenue, cap)
    bounced = (raw <= 1).astype(np.float64)
    if effect.bounces != 1.0:
        more = (arm == 1) & (bounced == 0)
        share_more = (effect.bounces - 1) * _bounce() / (1 - _bounce())
        bounced[more & (rng.random(n) < share_more)] = 1.0
    return Sessions(
        np.arange(n), arm, first, views, lists, clicked, np.zeros(n), seconds, bounced,
        orders, orders.copy(), revenue,
    )  # fmt: skip


def _views(rng: np.random.Generator, arm: NDArray[np.intp], effect: Effect) -> Floats:
    tail = np.exp(_LEVEL + _TAIL * rng.standard_normal(len(arm)))
    if effect.views != 1.0:
        tail = np.where(arm == 1, tail * _factor(effect.views), tail)
    found: Floats = np.minimum(1.0 + np.floor(tail), _MOST)
    return found


@cache
def _tail() -> Floats:
    draw = np.random.default_rng(0)
    return np.exp(_LEVEL + _TAIL * draw.standard_normal(2_000_000))


def _capped(factor: float, most: float) -> float:
    return float(np.minimum(1.0 + np.floor(_tail() * factor), most).mean())


@cache
def _mean_capped() -> float:
    return _capped(1.0, 20.0)


@cache
def _bounce() -> float:
    return float((_tail() < 1).mean())


@cache
def _factor(wanted: float) -> float:
    """What the tail is multiplied by so that capped views are `wanted` times as many."""
    low, high = 0.2, 5.0
    goal = wanted * _capped(1.0, CAPS.views)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _capped(middle, CAPS.views) < goal else (low, middle)
    return (low + high) / 2


@cache
def _level(wanted: float) -> float:
    """What keeps conversion as it is where views are `wanted` times as many."""
    return 1.0 / (0.5 + 0.5 * _capped(_factor(wanted), 20.0) / _mean_capped())


def as_watched(found: Sessions) -> Watched:
    """The table as if nothing had been left out."""
    return Watched(found, ARMS, np.zeros(2, dtype=np.intp), 0, CAPS, None, 0)


class Events(NamedTuple):
    """What the shop sends, of which the table of sessions is made."""

    views: Views
    lists: Lists
    purchases: Purchases


def events(rng: np.random.Generator, found: Sessions, machines: float, items: int = 500) -> Events:
    """Events as a shop would send them for such sessions, a share of which are machines.

    A machine asks for hundreds of pages, a second or so apart, in either arm alike.

    Args:
        rng: What they are drawn by.
        found: Sessions of visitors.
        machines: Share of sessions that are machines', in place of visitors.
        items: How many items the shop has.
    """
    n = len(found.arm)
    is_machine = rng.random(n) < machines
    # Heavy as crawlers are: most ask for hundreds of pages, a few for thousands.
    many = np.minimum(np.floor(rng.pareto(1.2, n) * 150 + 100), 5_000)
    counts = np.where(is_machine, many, found.views).astype(np.int64)
    owner = np.repeat(np.arange(n), counts)
    starts = np.cumsum(counts) - counts
    gap = np.where(is_machine[owner], rng.exponential(1.0, len(owner)), 0.0)
    visitor = ~is_machine[owner]
    gap[visitor] = rng.lognormal(3.0, 0.8, int(visitor.sum()))
    passed = np.cumsum(gap)
    time = found.first[owner] + passed - passed[starts[owner]]
    views = Views(
        found.session[owner], rng.integers(0, items, len(owner)), time, np.full(len(owner), -1)
    )
    # A list of one item is enough to say that there was one.
    lists = Lists(
        views.session, time + 0.2, found.arm[owner], np.arange(len(owner) + 1),
        rng.integers(0, items, len(owner)),
    )  # fmt: skip
    orders = BY_NAME["order_value"].columns(found)
    bought = np.flatnonzero((found.orders if found.orders is not None else 0) * ~is_machine)
    amount = orders[0][bought] if orders is not None else np.zeros(len(bought))
    return Events(views, lists, Purchases(found.session[bought], amount))
