"""A made-up game, lived through day by day: decisions, what players do, and what becomes known.

The features are those that a declaration gives of events: counts and sums of windows, attributes,
and figures of the last session; sums of days end with the day before the decision.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from benchmarks.offers.players import Floats, Places, Players

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.decisions import DAY, WEEK, Decisions
from valuebox.features.declared.columns import Coded, Column

EPOCH: Final = 1_600_000_000_000_000
_OFTEN: Final = 12
"""Sessions of a bot on a day."""


class Learner(Protocol):
    """Whoever decides."""

    def learn(self, decisions: Decisions, now: int) -> None:
        """Look at the decisions so far, at the start of a day."""

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """How likely each candidate is chosen; only those who may cheat look at the truth."""


class Regret(NamedTuple):
    """Expected money that was left, by day: what the oracle, the policy and chance would get."""

    oracle: Floats
    policy: Floats
    chance: Floats

    def over(self, days: slice) -> float:
        """Regret of some days as a share: 0 is the oracle's, 1 that of chance."""
        oracle, policy, chance = (one[days].sum() for one in self)
        return float((oracle - policy) / (oracle - chance))


class _Batch(NamedTuple):
    """Decisions of one round, each of another player."""

    player: Places
    time: Floats
    features: dict[str, Any]
    candidates: Candidates
    propensity: Floats
    choice: Places
    own: Floats
    known: Floats
    """When the own purchase becomes known."""


@dataclass
class Game:
    """The state of a world."""

    players: Players
    seed: int
    batches: list[_Batch] = field(default_factory=list)
    purchases: list[tuple[Places, Floats, Floats, Floats]] = field(default_factory=list)
    """Players, times, amounts, and when they become known."""

    def __post_init__(self) -> None:
        setting = self.players.setting
        self.draw = np.random.default_rng([3, self.seed])
        self.bots = setting.trouble.bots
        self.real = len(self.players.activity)
        count = self.real + self.bots
        kinds = len(setting.types)
        bot = self.draw
        self.country = np.append(
            self.players.country, bot.integers(0, len(self.players.countries), self.bots)
        )
        self.facebook = np.append(self.players.facebook, np.zeros(self.bots, dtype=bool))
        self.spent = np.zeros((count, setting.days + 1))
        self.times = np.zeros((count, setting.days + 1))
        self.seen = np.zeros((count, setting.days + 1))
        self.change = np.zeros((self.real, setting.days + 9))
        self.last = np.full((count, 2), np.nan)
        self.most = np.full(count, np.nan)
        self.paid = np.full((count, 2), np.nan)
        """Price of the last offer that was bought, and of the last that was shown."""
        self.liked = np.full((count, 2), -1)
        """Type of the last offer that was bought, and of the last that was shown."""
        self.shown = np.zeros((count, kinds))
        self.bought = np.zeros((count, kinds))
        self.offers = np.zeros(count)
        self.waiting: list[tuple[float, int, int, float]] = []

    def run(self, learner: Learner) -> Regret:
        """Live through all days."""
        days = self.players.setting.days
        regret = Regret(np.zeros(days), np.zeros(days), np.zeros(days))
        for day in range(days):
            now = EPOCH + day * DAY
            if self.batches:
                learner.learn(self.decisions(now), now)
            self._hear(day)
            self._day(day, learner, regret)
        return regret

    def _day(self, day: int, learner: Learner, regret: Regret) -> None:
        draw, players = self.draw, self.players
        active = np.flatnonzero(draw.random(self.real) < players.activity)
        rounds = [active, active[draw.random(len(active)) < 0.15]]
        for number in range(_OFTEN if self.bots else 2):
            who = rounds[number] if number < len(rounds) else active[:0]
            if self.bots and number < _OFTEN:
                who = np.append(who, self.real + np.arange(self.bots))
            if len(who):
                self._round(day, number, who, learner, regret)
        who, amount = players.shopping(draw, self.change[:, day])
        time = day + draw.random(len(who))
        wild = draw.random(len(who)) < players.setting.trouble.wild
        self._purchase(who, time, np.where(wild, amount * 1000, amount), day)

    def _round(self, day: int, number: int, who: Places, learner: Learner, regret: Regret) -> None:
        draw, players = self.draw, self.players
        count = len(who)
        rounds = _OFTEN if self.bots else 2
        time = day + (number + draw.random(count)) / rounds
        lists = players.offers(draw, count, day)
        begins = np.concatenate([[0], np.cumsum([len(kinds) for kinds, _ in lists])])
        kind = np.concatenate([kinds for kinds, _ in lists])
        price = np.concatenate([prices for _, prices in lists])
        decision = np.repeat(np.arange(count), np.diff(begins))
        features = self._features(day, who)
        kinds = Coded(kind, list(players.setting.types))
        candidates = Candidates(begins, kinds, price, self._history(who[decision], kind))
        human = who[decision] < self.real
        person = np.where(human, who[decision], 0)
        chance = np.where(human, players.chance(person, kind, price, day), 0.0)
        truth = chance * (price + players.later(person, kind, price))
        propensity = learner.propensities(features, candidates, truth)
        ends = np.cumsum(propensity)
        before = ends[begins[:-1]] - propensity[begins[:-1]]
        aim = before + draw.random(count) * (ends[begins[1:] - 1] - before) * (1 - 1e-9)
        picked = np.clip(np.searchsorted(ends, aim, side="right"), begins[:-1], begins[1:] - 1)
        regret.oracle[day] += np.maximum.reduceat(truth, begins[:-1]).sum()
        regret.policy[day] += (propensity * truth).sum()
        regret.chance[day] += (np.add.reduceat(truth, begins[:-1]) / np.diff(begins)).sum()
        buys = draw.random(count) < chance[picked]
        own = np.where(buys, price[picked], 0.0)
        known = self._known(time + 0.001, buys)
        self.batches.append(
            _Batch(who, time, features, candidates, propensity, picked - begins[:-1], own, known)
        )
        self._remember(day, who, kind[picked], price[picked], (buys, known))
        some = np.flatnonzero(buys)
        self._buy(day, who[some], kind[picked][some], price[picked][some], time[some], known[some])
        games = players.games[person[begins[:-1]]]
        games = draw.poisson(np.where(who < self.real, games, 40.0))
        skill = np.where(who < self.real, players.skill[person[begins[:-1]]], 0.5)
        won = draw.binomial(games, skill)
        self.last[who, 0] = games
        self.last[who, 1] = np.divide(won, games, out=np.full(count, np.nan), where=games > 0)

    def _known(self, time: Floats, buys: Any) -> Floats:
        trouble = self.players.setting.trouble
        late = self.draw.random(len(time)) < trouble.late
        delay = np.where(late, self.draw.exponential(trouble.late_days, len(time)), 0.0)
        lost = self.draw.random(len(time)) < trouble.lost
        return np.where(buys & ~lost, time + delay, np.inf)

    def _buy(
        self, day: int, who: Places, kind: Places, price: Floats, time: Floats, known: Floats
    ) -> None:
        self.purchases.append((who, time, price, known))
        self.spent[who, day] += price
        share = self.players.dampened(who, kind, price)
        part = time - day
        for ahead in range(8):
            weight = 1 - part if ahead == 0 else part if ahead == 7 else 1.0
            np.add.at(self.change, (who, day + ahead), share * weight)
        more, when, amount = self.players.bought(self.draw, who, kind, price, time)
        self._purchase(more, when, amount, day)

    def _purchase(self, who: Places, time: Floats, amount: Floats, day: int) -> None:
        self.purchases.append((who, time, amount, self._known(time, amount > 0)))
        on = np.minimum(time.astype(int), self.spent.shape[1] - 1)
        np.add.at(self.spent, (who, on), amount)
        np.add.at(self.times, (who, on), 1)
        np.fmax.at(self.most, who, amount)

    def _remember(
        self, day: int, who: Places, kind: Places, price: Floats, bought: tuple[Any, Floats]
    ) -> None:
        self.shown[who, kind] += 1
        self.seen[who, day] += 1
        self.liked[who, 1] = kind
        self.paid[who, 1] = price
        buys, known = bought
        for place in np.flatnonzero(buys).tolist():
            one = (float(known[place]), int(who[place]), int(kind[place]), float(price[place]))
            if known[place] < day + 1:
                self._heard(*one[1:])
            elif np.isfinite(known[place]):
                self.waiting.append(one)

    def _hear(self, day: int) -> None:
        for one in self.waiting:
            if one[0] <= day:
                self._heard(*one[1:])
        self.waiting = [one for one in self.waiting if one[0] > day]

    def _heard(self, who: int, kind: int, price: float) -> None:
        self.bought[who, kind] += 1
        self.offers[who] += 1
        self.liked[who, 0], self.paid[who, 0] = kind, price
        self.most[who] = np.fmax(self.most[who], price)

    def _features(self, day: int, who: Places) -> dict[str, Any]:
        kinds = list(self.players.setting.types)
        missing = self.draw.random(len(who)) < self.players.setting.trouble.missing
        last = np.where(missing[:, None], np.nan, self.last[who])
        return {
            "country": Coded(self.country[who], list(self.players.countries)),
            "facebook_connected": Coded(self.facebook[who].astype(int), [False, True]),
            "last_session.games_played": last[:, 0],
            "last_session.win_ratio": last[:, 1],
            "prev_week.purchases_amount": self.spent[who, max(day - 7, 0) : day].sum(axis=1),
            "prev_month.purchases_amount": self.spent[who, max(day - 28, 0) : day].sum(axis=1),
            "prev_month.purchases": self.times[who, max(day - 28, 0) : day].sum(axis=1),
            "prev_week.offers_shown": self.seen[who, max(day - 7, 0) : day].sum(axis=1),
            "prev_month.offers_shown": self.seen[who, max(day - 28, 0) : day].sum(axis=1),
            "prev_quarter.offers_bought": self.offers[who],
            "prev_quarter.highest_amount": self.most[who],
            "last_bought.price": self.paid[who, 0],
            "last_bought.type": Coded(self.liked[who, 0], kinds),
        }

    def _history(self, who: Places, kind: Places) -> dict[str, Any]:
        return {"type_shown": self.shown[who, kind], "type_bought": self.bought[who, kind]}

    def decisions(self, now: int) -> Decisions:
        """All decisions so far, with what is known of them by now, in microseconds since 1970."""
        day = (now - EPOCH) / DAY
        who = np.concatenate([one.player for one in self.batches])
        time = np.concatenate([one.time for one in self.batches])
        own = np.concatenate([np.where(one.known <= day, one.own, 0.0) for one in self.batches])
        begins = np.concatenate([np.diff(one.candidates.begins) for one in self.batches])
        columns = zip(*self.purchases, strict=True)
        player, when, amount, known = (np.concatenate(one) for one in columns)
        heard = (known <= day) & (when < day)
        span = self.players.setting.days + 60.0
        key = player[heard] * span + when[heard]
        order = np.argsort(key)
        sums = np.concatenate([[0.0], np.cumsum(amount[heard][order])])
        key = key[order]
        start = np.searchsorted(key, who * span + time)
        end = np.searchsorted(key, who * span + np.minimum(time + 7, day))
        first = self.batches[0]
        return Decisions(
            customer=who.astype(np.int64),
            time=EPOCH + (time * DAY).astype(np.int64),
            features={
                name: _stacked([one.features[name] for one in self.batches])
                for name in first.features
            },
            begins=np.concatenate([[0], np.cumsum(begins)]),
            type=_stacked([one.candidates.type for one in self.batches]),
            price=np.concatenate([one.candidates.price for one in self.batches]),
            propensity=np.concatenate([one.propensity for one in self.batches]),
            choice=np.concatenate([one.choice for one in self.batches]).astype(np.int64),
            shown=np.ones(len(who), dtype=bool),
            own=own,
            rest=np.round(sums[end] - sums[start] - own, 6),
            observed=np.minimum(day - time, 7.0) / 7.0 * WEEK,
            properties={
                name: np.concatenate([one.candidates.properties[name] for one in self.batches])
                for name in first.candidates.properties
            },
        )


def _stacked(parts: list[Any]) -> Any:
    if isinstance(parts[0], Coded):
        return Coded(np.concatenate([one.codes for one in parts]), parts[0].values)
    return np.concatenate(parts)
