"""Living through a made-up game: events are told, and whoever hosts it decides on the offers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from valuebox_training.offers.games.game import Game, Regret, Round
from valuebox_training.offers.games.players import Floats
from valuebox_training.offers.games.raw import Event, Sender


class Chosen(NamedTuple):
    """What was decided about the sessions of a round."""

    choice: NDArray[np.int64]
    """Place of the offer among those of its session, `(n,)`."""
    propensity: Floats
    """How likely each candidate was, `(m,)`."""


class Host(Protocol):
    """Who hears of events, and decides."""

    def morning(self, now: datetime) -> None:
        """Told when a day begins, before anything happens in it."""

    def hear(self, events: Sequence[Event]) -> None:
        """Told what has happened."""

    def decide(self, one: Round, questions: Sequence[dict[str, Any]]) -> Chosen:
        """Decide about the sessions of a round, one question each."""


def live(game: Game, seed: int, start: datetime, days: int, host: Host) -> Regret:
    """Live through the first days of a game.

    Args:
        game: One that begins.
        seed: Of what goes wrong with events.
        start: When it begins.
        days: How many days to live through.
        host: Who hears of events, and decides.
    """
    sender, regret = Sender(game, start, seed), Regret(days)
    for day in range(days):
        host.morning(start + timedelta(days=day))
        for one in game.rounds(day):
            host.hear(sender.launched(one))
            chosen = host.decide(one, sender.questions(one))
            regret.add(one, chosen.propensity)
            host.hear(sender.came(one, game.react(one, chosen.choice)))
        host.hear(sender.others(day, game.others(day)))
        host.hear(sender.arrived(day + 1))
    return regret


def at_random(draw: np.random.Generator, one: Round) -> Chosen:
    """Choices drawn among all candidates of a session alike."""
    count = np.diff(one.begins)
    return Chosen(draw.integers(0, count), np.repeat(1.0 / count, count))
