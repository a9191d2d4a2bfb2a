"""An imaginary sportsbook: who registers, who bets on which match, when, and how much."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from valuebox.errors import ValueboxError
from valuebox.statistics.arrays import Floats
from valuebox_training.handle.schedule import made_up
from valuebox_training.handle.worlds import World

_OPEN: Final = (
    ("2017-06-01", 0.34),
    ("2017-06-01", 0.28),
    ("2018-11-15", 0.22),
    ("2019-09-01", 0.12),
)
"""When provinces with users opened, and their share of these: of those with most teams first."""
_SLOTS: Final = {"mon_early": 0.55, "mon_mid": 0.85, "mon_late": 1.6, "fri": 1.7, "sun": 1.5}
_MARKET: Final = 156.0
"""Hours before a match from which on bets are taken."""
NOISE: Final = 0.16
"""How much matches draw that nothing foretells, in logarithms."""
PACE: Final = 0.13
"""How much the pace at which bets come in differs from match to match, in logarithms."""
_HOUR: Final = np.timedelta64(1, "h")


@dataclass(frozen=True)
class Sportsbook:
    """A simulated history; times are naive, on the clock of the warehouse."""

    world: World
    events: pd.DataFrame
    """As a schedule has them, with `kickoff`, when a match really begins, and `season`."""
    users: pd.DataFrame
    wagers: pd.DataFrame
    """As the warehouse has them in the end, with `event`, the position of the match."""
    strength: Floats
    """Expected handle of each match at the usual level, before chance."""
    pull: Floats
    """What chance made of it, in logarithms."""
    leads: Floats
    """Hours before a match at which bets are placed, for the expectation: `(n,)`."""

    def level(self, when: Any, known: np.datetime64) -> Floats:
        """How much is bet at moments, beside the usual level, as far as that is known by then."""
        shock = self.world.shock
        if shock is None or (pd.Timestamp(shock[0]) + self.world.later).to_datetime64() > known:
            return np.ones(len(when))
        return _level(self.world, np.asarray(when, dtype="datetime64[s]"))

    @cached_property
    def kickoff(self) -> Any:
        """When each match begins."""
        return self.events["kickoff"].to_numpy(dtype="datetime64[s]")

    @cached_property
    def stake(self) -> float:
        """Mean amount of a bet."""
        return float(self.wagers["amount"].mean())


def _level(world: World, when: Any) -> Floats:
    if world.shock is None:
        return np.ones(len(when))
    began = (pd.Timestamp(world.shock[0]) + world.later).to_datetime64()
    days = (when - began) / np.timedelta64(1, "D")
    depth = np.where(days > 0, np.log(world.shock[1]), 0.0)
    if world.recovery_days:
        depth = depth * 0.5 ** (np.maximum(days, 0) / world.recovery_days)
    level: Floats = np.exp(depth)
    return level


def simulate(world: World, schedule: pd.DataFrame | None = None) -> Sportsbook:
    """Draw a world.

    Args:
        world: What happens in it.
        schedule: Its matches, with the columns `schedule.COLUMNS`; made up where none is given.

    Raises:
        ValueboxError: when no match of the schedule is within the days that are asked about.
    """
    rng = np.random.default_rng([world.seed, len(world.name)])
    events = _events(world, made_up(world.seed) if schedule is None else schedule)
    first, last = (pd.Timestamp(day) + world.later for day in world.asked)
    events = events[events["kickoff"] < last].reset_index(drop=True)
    if not (events["kickoff"] >= first).any():
        raise ValueboxError(f"the schedule has no match from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    users = _users(world, rng, events)
    kickoff = events["kickoff"].to_numpy(dtype="datetime64[s]")
    draw = _draw(world, rng, events)
    weights = _Weights(users, events, world, rng)
    pull = rng.normal(0, NOISE, len(events))
    mass = np.array([weights.of(at).sum() for at in range(len(events))])
    per_bet = world.bets / float((mass * draw).sum())
    stake = 189_000 * len(events) / world.bets
    leads = _leads(rng, 20_000, 1.0, world.leads)
    parts = []
    for at in range(len(events)):
        count = rng.poisson(mass[at] * draw[at] * per_bet * np.exp(pull[at]) * 1.6)
        cumulated = np.cumsum(weights.of(at))
        who = np.searchsorted(cumulated, rng.uniform(0, cumulated[-1], count))
        lead = _leads(rng, count, float(np.exp(rng.normal(0, PACE))), world.leads)
        placed = kickoff[at] - (lead * 3600).astype("timedelta64[s]")
        kept = rng.uniform(0, 1.6, count) < _level(world, placed)
        kept &= placed > users["registered"].to_numpy(dtype="datetime64[s]")[who]
        parts.append(
            pd.DataFrame({"event": at, "user": who[kept], "placed": placed[kept]}, copy=False)
        )
    wagers = pd.concat(parts, ignore_index=True).sort_values("placed", ignore_index=True)
    size = weights.stake[wagers["user"]] * rng.lognormal(-0.45, 0.95, len(wagers))
    scale = stake / float(size.mean())
    wagers["amount"] = np.maximum(np.round(size * scale, 1), 0.5)
    mean = np.array([weights.amount(at) for at in range(len(events))])
    strength = mean * draw * per_bet * scale
    return Sportsbook(
        world, events, users, _told(wagers, users, events, rng), strength, pull, leads
    )


_DATES: Final = ("game_start_time", "game_day", "week_start")


def _events(world: World, schedule: pd.DataFrame) -> pd.DataFrame:
    events = schedule.copy()
    for name in _DATES:
        later = pd.to_datetime(events[name], format="mixed") + world.later
        events[name] = later.dt.strftime("%Y-%m-%d %H:%M:%S.%f").str[:-3]
    day = pd.to_datetime(events["game_day"])
    start = pd.to_datetime(events["game_start_time"], format="mixed")
    hours = (start - day).dt.total_seconds() / 3600
    clerical = (hours < 6) | (start.dt.microsecond > 0)
    usual = {"tues": 20.0, "mon_early": 13.0}
    real = events["time_slot"].map(usual).fillna(13.0).where(clerical, hours)
    events["kickoff"] = day + pd.to_timedelta(real, unit="h")
    week = pd.to_numeric(events["week_of_season"]) - 1
    first = pd.to_datetime(events["week_start"]) - pd.to_timedelta(week * 7, unit="D")
    events["season"] = (first + pd.Timedelta(days=60)).dt.year
    return events.sort_values("kickoff", ignore_index=True)


def _users(world: World, rng: np.random.Generator, events: pd.DataFrame) -> pd.DataFrame:
    opening = [*_OPEN, *([(world.opens, 0.2)] if world.opens is not None else [])]
    teams = events.groupby("home_team_location")["home_team"].nunique()
    places = dict(
        zip(teams.sort_values(ascending=False, kind="stable").index, opening, strict=False)
    )
    first, last = events["kickoff"].min(), events["kickoff"].max()
    days = (last - first).days
    rate = np.log(world.users / world.early_users) / days
    parts = []
    for place, (opens, share) in places.items():
        # Whoever registers in a province that opens does so in its first weeks above all.
        since = max((pd.Timestamp(opens) + world.later - first).days, -280)
        if since >= days:
            continue
        grid = np.arange(since, days + 1)
        joining = np.exp(rate * np.minimum(grid, days)) * (1 + 4 * np.exp(-(grid - since) / 25))
        if since > -280:
            joining[:14] *= 3
        count = rng.poisson(world.users * share * min(1, (days - since) / days + 0.2))
        day = rng.choice(grid, count, p=joining / joining.sum())
        when = first.normalize() + pd.to_timedelta(day * 24 + rng.uniform(0, 24, count), unit="h")
        parts.append(pd.DataFrame({"location": place, "registered": when.floor("s")}))
    users = pd.concat(parts, ignore_index=True).sort_values("registered", ignore_index=True)
    users["location"] = users["location"].where(rng.uniform(size=len(users)) > 0.015, None)
    users["age"] = np.round(rng.gamma(12, 3, len(users)) + 18)
    users["user_number"] = [f"U{1_000 + one}" for one in range(len(users))]
    return users


def _draw(world: World, rng: np.random.Generator, events: pd.DataFrame) -> Floats:
    """How much a match draws, by its teams, slot, week and season."""
    teams = sorted(set(events["home_team"].str.strip()) | set(events["away_team"].str.strip()))
    fame = dict(zip(teams, rng.normal(0, 0.28, len(teams)), strict=True))
    seasons = sorted(set(events["season"]))
    form = {(team, season): rng.normal(0, 0.1) for team in teams for season in seasons}
    slots = {name: np.log(value) for name, value in _SLOTS.items()}
    others = sorted(set(events["time_slot"]) - set(slots))
    slots |= {name: rng.normal(0.2, 0.15) for name in others}
    weekly = {
        key: rng.normal(0, 0.05)
        for key in sorted(set(zip(events["season"], events["week_of_season"], strict=True)))
    }
    trend = dict(zip(seasons, rng.normal(0, 0.12, len(seasons)), strict=True))
    found = []
    for one in events.itertuples():
        sides = (str(one.home_team).strip(), str(one.away_team).strip())
        value = sum(fame[team] + form[team, one.season] for team in sides)
        value += slots[str(one.time_slot)] + trend[one.season]
        value += weekly[one.season, one.week_of_season]
        value += world.playoffs * max(float(str(one.week_of_season)) - 21, 0)
        found.append(value)
    draw: Floats = np.exp(np.array(found))
    return draw


class _Weights:
    """How likely each user is to bet on a match, and how much at a time."""

    def __init__(
        self, users: pd.DataFrame, events: pd.DataFrame, world: World, rng: np.random.Generator
    ):
        self._registered = users["registered"].to_numpy(dtype="datetime64[s]")
        names = {name: code for code, name in enumerate(users["location"].dropna().unique())}
        self._place = users["location"].map(names).fillna(-1).to_numpy(dtype=np.int64)
        self._activity = rng.gamma(0.5, 2.0, len(users))
        self._stays = rng.exponential(500.0, len(users))
        self.stake = rng.lognormal(0, 0.6, len(users))
        self._kickoff = events["kickoff"].to_numpy(dtype="datetime64[s]")
        homes = events[["home_team_location", "away_team_location"]]
        self._homes = homes.map(lambda name: names.get(name, -2)).to_numpy(dtype=np.int64)

    def of(self, at: int) -> Floats:
        """The weight of each user in a match."""
        # Users are in order of registration.
        there = int(np.searchsorted(self._registered, self._kickoff[at]))
        days = (self._kickoff[at] - self._registered[:there]) / np.timedelta64(1, "D")
        keen = 1 + np.exp(-days / 30)
        local = (self._place[:there] == self._homes[at, 0]) | (
            self._place[:there] == self._homes[at, 1]
        )
        found = self._activity[:there] * keen * np.where(local, 2.5, 1.0)
        weights: Floats = np.where(days < self._stays[:there] * 2, found, 0.0)
        return weights

    def amount(self, at: int) -> float:
        """What users would bet on a match, in units of the mean bet."""
        found = self.of(at)
        return float(found @ self.stake[: len(found)])


def _leads(rng: np.random.Generator, count: int, pace: float, form: str) -> Floats:
    """Hours before a match: many late, some from the opening of the market on."""
    if form == "stretched":
        found = rng.weibull(0.55, count) * 22.0 * pace
    elif form == "clumps":
        # When the market opens, in the days before the match, and in its last hours.
        opening = _MARKET - rng.exponential(18.0 / pace, count)
        days, hours = rng.gamma(5.0, 7.0 * pace, count), rng.exponential(2.5 * pace, count)
        which = rng.uniform(size=count)
        found = np.select([which < 0.35, which < 0.8], [hours, days], opening)
    else:
        late = rng.exponential(13.0 * pace, count)
        early = rng.gamma(1.6, 34.0 * pace, count)
        found = np.where(rng.uniform(size=count) < 0.58, late, early)
    return np.where((found >= 0) & (found < _MARKET), found, rng.uniform(0, _MARKET, count))


def _told(
    wagers: pd.DataFrame, users: pd.DataFrame, events: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """The bets with all that a warehouse has of them."""
    count = len(wagers)
    odds = np.round(1 + rng.gamma(2.0, 0.6, count), 2)
    final = rng.choice(["Settled", "Void", "Cancelled"], count, p=[0.985, 0.008, 0.007])
    is_won = rng.uniform(size=count) < 0.93 / odds
    american = np.where(odds >= 2, (odds - 1) * 100, -100 / np.maximum(odds - 1, 0.01))
    return wagers.assign(
        bet_id=np.arange(1, count + 1) + 5_000_000,
        user_number=users["user_number"].to_numpy()[wagers["user"]],
        event_id=events["event_id"].to_numpy()[wagers["event"]],
        offer=rng.choice(["Spread", "Over/Under", "Outright"], count, p=[0.5, 0.3, 0.2]),
        decimal=odds,
        american=np.round(american),
        final=final,
        won=np.where(final == "Settled", np.where(is_won, "Win", "Loss"), "Void"),
    )
