"""A made-up game played fast, without a service: features and what became known, over arrays.

The features are those that a declaration gives of events: counts and sums of windows, attributes,
and figures of the last session; sums of days end with the day before the decision.
"""

from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.decisions import DAY, WEEK, Decisions
from valuebox.features.declared.columns import Coded, Column
from valuebox_training.offers.games.game import Game, Purchases, Reaction, Regret, Round
from valuebox_training.offers.games.players import Floats, Places

EPOCH: Final = 1_600_000_000_000_000


class Learner(Protocol):
    """Whoever decides."""

    def learn(self, decisions: Decisions, now: int) -> None:
        """Look at the decisions so far, at the start of a day."""

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """How likely each candidate is chosen; only those who may cheat look at the truth."""


class _Batch(NamedTuple):
    """Decisions of one round."""

    round: Round
    features: dict[str, Any]
    candidates: Candidates
    propensity: Floats
    choice: Places
    own: Floats
    known: Floats
    """When the own purchase becomes known."""


class _Bought(NamedTuple):
    """Purchases, `(k,)` each."""

    player: Places
    time: Floats
    amount: Floats
    known: Floats
    kind: Places
    """Type of the offer; -1 for other purchases."""


class Playing:
    """A game, and what is known of its players.

    Args:
        game: One that begins.
        seed: Of what is drawn for whoever decides.
    """

    def __init__(self, game: Game, seed: int):
        self._game, self._draw = game, np.random.default_rng([5, seed])
        setting = game.players.setting
        count, kinds = game.real + setting.trouble.bots, len(setting.types)
        self._spent = np.zeros((count, setting.days))
        self._times = np.zeros((count, setting.days))
        self._seen = np.zeros((count, setting.days))
        self._last = np.full((count, 2), np.nan)
        self._most, self._paid = np.full(count, np.nan), np.full(count, np.nan)
        self._liked = np.full(count, -1)
        """Type of the last offer that was bought."""
        self._shown, self._bought = np.zeros((count, kinds)), np.zeros((count, kinds))
        self._batches: list[_Batch] = []
        self._purchases: list[_Bought] = []
        self._waiting: list[_Bought] = []

    def run(self, learner: Learner, learning: bool = True) -> Regret:
        """Live through all days.

        Args:
            learner: Who decides.
            learning: Whether the decisions so far are looked at every morning.
        """
        days = self._game.players.setting.days
        regret = Regret(days)
        for day in range(days):
            now = EPOCH + day * DAY
            if learning and self._batches:
                learner.learn(self.decisions(now), now)
            self._hear(day)
            for one in self._game.rounds(day):
                regret.add(one, self._decide(one, learner))
            self._other(self._game.others(day))
        return regret

    def other_purchases(self) -> tuple[Places, Floats, Floats]:
        """Players, times in days and amounts of purchases beside offers that ever become known."""
        every = _Bought(*map(np.concatenate, zip(*self._purchases, strict=True)))
        some = (every.kind < 0) & np.isfinite(every.known)
        return every.player[some], every.time[some], every.amount[some]

    def _decide(self, one: Round, learner: Learner) -> Floats:
        features = self._features(one)
        kinds = Coded(one.kind, list(self._game.players.setting.types))
        candidates = Candidates(one.begins, kinds, one.price, self._history(one))
        propensity = learner.propensities(features, candidates, one.truth)
        first, end = one.begins[:-1], one.begins[1:]
        ends = np.cumsum(propensity)
        before = ends[first] - propensity[first]
        aim = before + self._draw.random(len(first)) * (ends[end - 1] - before) * (1 - 1e-9)
        choice = np.clip(np.searchsorted(ends, aim, side="right"), first, end - 1) - first
        came = self._game.react(one, choice)
        own = np.where(came.buys, came.price, 0.0)
        self._batches.append(_Batch(one, features, candidates, propensity, choice, own, came.known))
        self._remember(one, came, own)
        return propensity

    def _remember(self, one: Round, came: Reaction, own: Floats) -> None:
        who = one.player
        self._shown[who, came.kind] += 1
        self._seen[who, one.day] += 1
        self._last[who, 0] = np.where(came.recorded, came.games, np.nan)
        share = np.divide(came.won, came.games, out=np.full(len(who), np.nan), where=came.games > 0)
        self._last[who, 1] = np.where(came.recorded, share, np.nan)
        some = np.flatnonzero(came.buys)
        columns = (who, one.time, own, came.known, came.kind)
        self._told(_Bought(*(column[some] for column in columns)))

    def _other(self, one: Purchases) -> None:
        self._told(_Bought(*one, np.full(len(one.player), -1)))

    def _told(self, bought: _Bought) -> None:
        self._purchases.append(bought)
        self._waiting.append(bought)

    def _hear(self, day: int) -> None:
        """Take notice, in the morning, of what has become known."""
        if not self._waiting:
            return
        every = _Bought(*map(np.concatenate, zip(*self._waiting, strict=True)))
        heard = (every.known <= day) & (every.time < day)
        later = ~heard & np.isfinite(every.known)
        self._waiting = [_Bought(*(column[later] for column in every))]
        order = np.flatnonzero(heard)[np.argsort(every.time[heard], kind="stable")]
        who, time, amount, _, kind = (column[order] for column in every)
        on = time.astype(int)
        np.add.at(self._spent, (who, on), amount)
        np.add.at(self._times, (who, on), 1)
        np.fmax.at(self._most, who, amount)
        own = kind >= 0
        np.add.at(self._bought, (who[own], kind[own]), 1)
        self._liked[who[own]], self._paid[who[own]] = kind[own], amount[own]

    def _features(self, one: Round) -> dict[str, Any]:
        game, who = self._game, one.player
        week, month = (slice(max(one.day - days, 0), one.day) for days in (7, 28))
        return {
            "country": Coded(game.country[who], list(game.players.countries)),
            "facebook_connected": Coded(game.facebook[who].astype(int), [False, True]),
            "last_session.games_played": self._last[who, 0],
            "last_session.win_ratio": self._last[who, 1],
            "prev_week.purchases_amount": self._spent[who, week].sum(axis=1),
            "prev_month.purchases_amount": self._spent[who, month].sum(axis=1),
            "prev_month.purchases": self._times[who, month].sum(axis=1),
            "prev_week.offers_shown": self._seen[who, week].sum(axis=1),
            "prev_month.offers_shown": self._seen[who, month].sum(axis=1),
            "prev_quarter.offers_bought": self._bought[who].sum(axis=1),
            "prev_quarter.highest_amount": self._most[who],
            "last_bought_price": self._paid[who],
            "last_bought_type": Coded(self._liked[who], list(game.players.setting.types)),
        }

    def _history(self, one: Round) -> dict[str, Any]:
        place = one.player[one.decision], one.kind
        return {"type_shown": self._shown[place], "type_bought": self._bought[place]}

    def decisions(self, now: int) -> Decisions:
        """All decisions so far, with what is known of them by now, in microseconds since 1970."""
        day = (now - EPOCH) / DAY
        who = np.concatenate([one.round.player for one in self._batches])
        time = np.concatenate([one.round.time for one in self._batches])
        own = np.concatenate([np.where(one.known <= day, one.own, 0.0) for one in self._batches])
        begins = np.concatenate([np.diff(one.round.begins) for one in self._batches])
        first = self._batches[0]
        return Decisions(
            customer=who.astype(np.int64),
            time=EPOCH + (time * DAY).astype(np.int64),
            features={
                name: _stacked([one.features[name] for one in self._batches])
                for name in first.features
            },
            begins=np.concatenate([[0], np.cumsum(begins)]),
            type=_stacked([one.candidates.type for one in self._batches]),
            price=np.concatenate([one.round.price for one in self._batches]),
            propensity=np.concatenate([one.propensity for one in self._batches]),
            choice=np.concatenate([one.choice for one in self._batches]).astype(np.int64),
            shown=np.ones(len(who), dtype=bool),
            own=own,
            rest=np.round(self._spent_since(who, time, day) - own, 6),
            observed=np.minimum(day - time, 7.0) / 7.0 * WEEK,
            properties={
                name: np.concatenate([one.candidates.properties[name] for one in self._batches])
                for name in first.candidates.properties
            },
        )

    def _spent_since(self, who: Places, time: Floats, day: float) -> Floats:
        """What players are known to have spent within the week from each of some times on."""
        every = _Bought(*map(np.concatenate, zip(*self._purchases, strict=True)))
        heard = (every.known <= day) & (every.time < day)
        span = self._game.players.setting.days + 60.0
        key = every.player[heard] * span + every.time[heard]
        order = np.argsort(key)
        sums = np.concatenate([[0.0], np.cumsum(every.amount[heard][order])])
        start = np.searchsorted(key[order], who * span + time)
        end = np.searchsorted(key[order], who * span + np.minimum(time + 7, day))
        return sums[end] - sums[start]


def _stacked(parts: list[Any]) -> Any:
    if isinstance(parts[0], Coded):
        return Coded(np.concatenate([one.codes for one in parts]), parts[0].values)
    return np.concatenate(parts)
