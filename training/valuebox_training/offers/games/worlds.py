"""Named worlds to decide about offers in: two families of players, and what is odd in each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from valuebox_training.offers.games import archetypes, valuers
from valuebox_training.offers.games.archetypes import Archetypes
from valuebox_training.offers.games.game import Game
from valuebox_training.offers.games.players import Players, Setting, Trouble
from valuebox_training.offers.games.valuers import Valuers

_LATE: Final = Trouble(late=0.8, late_days=4.0)
_DIRTY: Final = Trouble(
    lost=0.05, missing=0.1, wild=0.002, late=0.05, doubled=0.02, unreadable=0.02
)


@dataclass(frozen=True)
class World:
    """A kind of game."""

    about: str
    setting: Setting
    players: Callable[[Setting, int], Players]

    def game(self, seed: int, players: int | None = None) -> Game:
        """A game of this kind that begins.

        Args:
            seed: Of its players and of all that happens by chance.
            players: How many people play; None for as many as is usual.
        """
        setting = replace(self.setting, players=players or self.setting.players)
        return Game(self.players(setting, seed), seed)


def _few(trouble: Trouble = Trouble(), new: bool = False) -> Setting:  # noqa: B008
    kinds = archetypes.TYPES if new else archetypes.TYPES[:5]
    return Setting(42, 2_500, kinds, 5 if new else None, trouble)


def _many(trouble: Trouble = Trouble(), new: bool = False) -> Setting:  # noqa: B008
    kinds = valuers.TYPES if new else valuers.TYPES[:8]
    return Setting(56, 3_000, kinds, 8 if new else None, trouble)


WORLDS: Final[dict[str, World]] = {
    "few-stationary": World("five offers, and nothing changes", _few(), Archetypes),
    "few-shift": World("preferences change midway", _few(), partial(Archetypes, shift=True)),
    "few-whales": World("few players spend most", _few(), partial(Archetypes, whales=True)),
    "few-new-type": World("a new type of offer from the middle on", _few(new=True), Archetypes),
    "few-delayed": World("most purchases are known days later", _few(_LATE), Archetypes),
    "few-dirty": World(
        "events are lost, doubled and absurd, and there are bots",
        _few(replace(_DIRTY, bots=10)),
        Archetypes,
    ),
    "many-calm": World("12 to 16 offers, and nothing changes", _many(), Valuers),
    "many-shift": World("preferences change midway", _many(), partial(Valuers, shift=True)),
    "many-whales": World("few players spend most", _many(), partial(Valuers, whales=True)),
    "many-new-type": World("a new type of offer from the middle on", _many(new=True), Valuers),
    "many-delayed": World(
        "most purchases are known days later, and players are alike",
        _many(_LATE),
        partial(Valuers, alike=0.35),
    ),
    "many-dirty": World("events are lost, doubled and absurd", _many(_DIRTY), Valuers),
    "many-bots": World("bots ask as often as players do", _many(Trouble(bots=25)), Valuers),
}
