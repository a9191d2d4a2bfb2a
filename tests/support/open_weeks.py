"""A small sportsbook in the middle of a week: what was asked of it in the last days."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from support import matches
from support.sums import some_time_ago
from valuebox.compartments.handle.desk import Desk
from valuebox.compartments.handle.feed import Feed, FeedSaid
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.settling import settle
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox_cli.handle.cleaning import clean
from valuebox_cli.handle.storing import store_clean
from valuebox_training.handle.feeds import says
from valuebox_training.handle.simulate import Sportsbook, simulate
from valuebox_training.handle.warehouse import Warehouse
from valuebox_training.handle.worlds import World

AHEAD = pd.Timedelta(days=14)
"""How far from today the matches go that are known."""


class Told(Feed):
    """A feed that says what is true of a simulated sportsbook, or nothing."""

    def __init__(self, is_silent: bool = False):
        self._is_silent = is_silent
        self.at = matches.midnight(0)
        """What time it is, on the clock of the warehouse."""

    def ask(self) -> FeedSaid:
        """What it says."""
        if self._is_silent:
            return FeedSaid(CLOCK.moment(), None, None, "The feed did not answer in time.", 2.0)
        content = says(_sportsbook(), self.at, np.random.default_rng(0))
        return FeedSaid(CLOCK.moment(), content, json.dumps(content), None, 0.04)


@cache
def _sportsbook() -> Sportsbook:
    world = World("under way", bets=25_000, users=3_000, early_users=800)
    return simulate(world.until(pd.Timestamp(matches.today()) + AHEAD))


def under_way(
    store: Store,
    nights: Sequence[int] = (-9, -4, -2, 0),
    hours: Sequence[float] = (0.4,),
    feed: Told | None = None,
) -> None:
    """Store loads of some nights, what was asked after each, and what has come true since.

    Args:
        store: Where to.
        nights: Days from today, of loads.
        hours: When somebody asked after each, as parts of a day.
        feed: The live feed.
    """
    model, source, before = HandleModel.load(matches.tag()), Warehouse(_sportsbook()), None
    of = replace(matches.steps(store, desk=Desk(store, model)), feed=feed)
    for night in nights:
        at = matches.midnight(night)
        parts = source.events(at), source.users(before, at), source.wagers(before, at)
        with some_time_ago():
            store_clean(store, clean(*parts, matches.ZONE), matches.moment(night))
            for part in hours:
                if feed is not None:
                    feed.at = at + np.timedelta64(int(24 * part), "h")
                matches.ask(store, replace(of, now=matches.moment(night + part)))
        before = at
    with store.writing() as session:
        settle(session, CLOCK.moment())
