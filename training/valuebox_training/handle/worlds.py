"""Named worlds to try forecasts of handle on: what the simulated sportsbook goes through.

Their process is none that the model assumes: single users with habits of their own bet single
amounts, through the hours of the day, at a pace that differs from match to match.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import pandas as pd

LEADS: Final = ("mixed", "stretched", "clumps")
"""Forms of how bets come in before a match: no model should be good at one alone."""


@dataclass(frozen=True)
class World:
    """What happens to a sportsbook. Times are those of its warehouse."""

    name: str
    seed: int = 0
    bets: int = 150_000
    """Bets of the whole history, about."""
    users: int = 80_000
    """Users by the last match."""
    early_users: int = 15_800
    """Users by the first match."""
    asked: tuple[str, str] = ("2020-02-25", "2020-04-07")
    """The first and the last day on which forecasts are asked for."""
    shock: tuple[str, float] | None = None
    """When all betting changes, and by which factor."""
    recovery_days: float = 0.0
    """Days after which half of the shock is over; 0 where it stays."""
    opens: str | None = None
    """When one more province opens."""
    playoffs: float = 0.12
    """By how much each of the last five weeks of a season draws more, in logarithms."""
    lying_feed: bool = False
    late: float = 0.0
    """Share of the nights whose load comes a day late or brings part of the bets a day late."""

    leads: str = LEADS[0]
    """When bets come, of `LEADS`."""
    weeks_later: int = 0
    """By how many weeks everything is later than the schedule."""

    @property
    def later(self) -> pd.Timedelta:
        """The same as a time."""
        return pd.Timedelta(weeks=self.weeks_later)

    @property
    def days(self) -> pd.DatetimeIndex:
        """Midnights on which forecasts may be asked for."""
        return pd.date_range(*self.asked) + self.later

    def until(self, day: pd.Timestamp) -> "World":
        """The same world, so much later that it ends in the week before a day."""
        return self._later(day, self.asked[1])

    def begun(self, day: date) -> "World":
        """The same world, moved by weeks so that it is asked about from the week of a day on."""
        return self._later(pd.Timestamp(day), self.asked[0])

    def _later(self, day: pd.Timestamp, edge: str) -> "World":
        weeks = (day - pd.Timestamp(edge)) // pd.Timedelta(weeks=1)
        return replace(self, weeks_later=int(weeks))


WORLDS: Final = {
    world.name: world
    for world in (
        World("calm"),
        World("growth", early_users=7_000, users=110_000),
        World("playoffs", asked=("2019-06-18", "2019-08-01"), playoffs=0.3),
        World("lies", lying_feed=True),
        World("late", late=0.4),
        World("shock", shock=("2020-03-12T15:00", 0.45), recovery_days=25.0),
        World("province", opens="2020-02-20"),
    )
}
"""The worlds that the benchmark looks at, by name."""


def world(name: str, seed: int, bets: int | None = None, leads: str = LEADS[0]) -> World:
    """One of `WORLDS`, drawn from a seed, with so many bets that come in one of `LEADS`."""
    found = replace(WORLDS[name], seed=seed, leads=leads)
    return found if bets is None else replace(found, bets=bets)
