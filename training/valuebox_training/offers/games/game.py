"""A made-up game, lived through day by day: who plays, what may be offered, what players buy.

Whoever decides takes the rounds of each day, and tells the game what was chosen in each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox_training.offers.games.players import Floats, Places, Players

_OFTEN: Final = 12
"""Sessions of a bot on a day."""
_AGAIN: Final = 0.15
"""Chance of a second session on a day."""
_GAMES_OF_BOTS: Final = 40.0


@dataclass(frozen=True)
class Round:
    """Sessions of n different players, who may be offered m candidates in all."""

    day: int
    player: Places
    """`(n,)`; those from `Game.real` on are bots."""
    session: Places
    """Number of the session, `(n,)`."""
    time: Floats
    """Days since the game began, `(n,)`."""
    begins: NDArray[np.int64]
    """Where the candidates of each session begin, `(n + 1,)`."""
    kind: Places
    """Type of each candidate, `(m,)`, by its place in `Setting.types`."""
    price: Floats
    """`(m,)`."""
    chance: Floats
    """How likely the player buys each candidate where it is shown, `(m,)`."""
    truth: Floats
    """What showing each candidate adds to the week, as expected, in money, `(m,)`."""

    @property
    def decision(self) -> NDArray[np.int64]:
        """Which session each candidate belongs to, `(m,)`."""
        return np.repeat(np.arange(len(self.player)), np.diff(self.begins))


class Reaction(NamedTuple):
    """What became of the sessions of a round, `(n,)` each."""

    kind: Places
    """Type of the offer that was shown."""
    price: Floats
    buys: NDArray[np.bool_]
    known: Floats
    """When the purchase becomes known, in days since the game began; infinite for never."""
    games: Places
    won: Places
    recorded: NDArray[np.bool_]
    """Whether games become known."""


class Purchases(NamedTuple):
    """Purchases beside the offers, as they are recorded, `(k,)` each."""

    player: Places
    time: Floats
    """Days since the game began."""
    amount: Floats
    known: Floats
    """When each becomes known, likewise; infinite for never."""


class Regret:
    """Expected money of each day: what the oracle, whoever decides and chance would get."""

    def __init__(self, days: int):
        self.oracle, self.policy, self.chance = (np.zeros(days) for _ in range(3))

    def add(self, one: Round, propensity: Floats) -> None:
        """Count a round in which candidates are as likely as `propensity` says, `(m,)`."""
        starts, day = one.begins[:-1], one.day
        self.oracle[day] += np.maximum.reduceat(one.truth, starts).sum()
        self.policy[day] += (propensity * one.truth).sum()
        self.chance[day] += (np.add.reduceat(one.truth, starts) / np.diff(one.begins)).sum()

    def over(self, days: slice) -> float:
        """Regret of some days as a share: 0 is the oracle's, 1 that of chance."""
        oracle, policy, chance = (
            one[days].sum() for one in (self.oracle, self.policy, self.chance)
        )
        return float((oracle - policy) / (oracle - chance))

    def by_week(self) -> list[float]:
        """Regret of each week."""
        return [self.over(slice(one, one + 7)) for one in range(0, len(self.oracle), 7)]


class Game:
    """A game, and all that has been bought in it.

    Args:
        players: Who plays, and what is offered.
        seed: Of what happens by chance.
    """

    def __init__(self, players: Players, seed: int):
        self.players = players
        setting, self._draw = players.setting, np.random.default_rng([3, seed])
        self.real = setting.players
        """How many of the players are people."""
        bots = setting.trouble.bots
        lands = self._draw.integers(0, len(players.countries), bots)
        self.country = np.append(players.country, lands)
        self.facebook = np.append(players.facebook, np.zeros(bots, dtype=bool))
        self._bots = self.real + np.arange(bots)
        self._change = np.zeros((self.real, setting.days + 9))
        """By which share each player's other purchases of a day change."""
        self._led_to: list[Purchases] = []
        self._sessions = 0

    def rounds(self, day: int) -> Iterator[Round]:
        """The sessions of a day; whoever decides reacts to each round before the next one."""
        draw = self._draw
        active = np.flatnonzero(draw.random(self.real) < self.players.activity)
        again = active[draw.random(len(active)) < _AGAIN]
        both = [np.append(active, self._bots), np.append(again, self._bots)]
        rounds = both + [self._bots] * (_OFTEN - 2 if len(self._bots) else 0)
        for number, who in enumerate(rounds):
            if len(who):
                yield self._round(day, (number, len(rounds)), who)

    def _round(self, day: int, number: tuple[int, int], who: Places) -> Round:
        draw, players = self._draw, self.players
        time = day + (number[0] + draw.random(len(who))) / number[1]
        lists = players.offers(draw, len(who), day)
        begins = np.concatenate([[0], np.cumsum([len(kinds) for kinds, _ in lists])])
        kind = np.concatenate([kinds for kinds, _ in lists])
        price = np.concatenate([prices for _, prices in lists])
        whose = np.repeat(who, np.diff(begins))
        human = whose < self.real
        person = np.where(human, whose, 0)
        chance = np.where(human, players.chance(person, kind, price, day), 0.0)
        truth = chance * (price + players.later(person, kind, price))
        session = self._sessions + np.arange(len(who))
        self._sessions += len(who)
        return Round(day, who, session, time, begins, kind, price, chance, truth)

    def react(self, one: Round, choice: Places) -> Reaction:
        """What players do who are shown the candidates at some places of their own, `(n,)`."""
        draw, count = self._draw, len(one.player)
        shown = one.begins[:-1] + choice
        kind, price = one.kind[shown], one.price[shown]
        buys = draw.random(count) < one.chance[shown]
        known = np.where(buys, self._known(one.time), np.inf)
        self._buy(one, kind, price, buys)
        human = one.player < self.real
        person = np.where(human, one.player, 0)
        games = draw.poisson(np.where(human, self.players.games[person], _GAMES_OF_BOTS))
        won = draw.binomial(games, np.where(human, self.players.skill[person], 0.5))
        recorded = draw.random(count) >= self.players.setting.trouble.missing
        return Reaction(kind, price, buys, known, games, won, recorded)

    def _buy(self, one: Round, kind: Places, price: Floats, buys: NDArray[np.bool_]) -> None:
        who, kind = one.player[buys], kind[buys]
        price, time = price[buys], one.time[buys]
        share = self.players.dampened(who, kind, price)
        part = time - one.day
        for ahead in range(8):
            weight = 1 - part if ahead == 0 else part if ahead == 7 else 1.0
            np.add.at(self._change[:, one.day + ahead], who, share * weight)
        self._led_to.append(
            self._recorded(*self.players.bought(self._draw, who, kind, price, time))
        )

    def others(self, day: int) -> Purchases:
        """Purchases beside offers that became certain on a day, when its rounds are over."""
        draw, trouble = self._draw, self.players.setting.trouble
        who, amount = self.players.shopping(draw, self._change[:, day])
        wild = draw.random(len(who)) < trouble.wild
        time = day + draw.random(len(who))
        more = self._recorded(who, time, np.where(wild, amount * 1000, amount))
        parts, self._led_to = [*self._led_to, more], []
        return Purchases(*map(np.concatenate, zip(*parts, strict=True)))

    def _recorded(self, who: Places, time: Floats, amount: Floats) -> Purchases:
        return Purchases(who, time, amount, self._known(time))

    def _known(self, time: Floats) -> Floats:
        """When purchases become known."""
        trouble, draw = self.players.setting.trouble, self._draw
        late = draw.random(len(time)) < trouble.late
        delay = np.where(late, draw.exponential(trouble.late_days, len(time)), 0.0)
        lost = draw.random(len(time)) < trouble.lost
        return np.where(lost, np.inf, time + delay)
