"""The worlds by name: two families, and what is odd in each."""

from collections.abc import Callable
from typing import Final

from benchmarks.offers import family_one, family_two
from benchmarks.offers.family_one import Archetypes
from benchmarks.offers.family_two import Valuers
from benchmarks.offers.players import Players, Setting, Trouble

_LATE: Final = Trouble(late=0.8, late_days=4.0)
_DIRTY: Final = Trouble(lost=0.05, missing=0.1, wild=0.002, late=0.05)
_BOTS: Final = Trouble(bots=25)
_DIRTY_BOTS: Final = Trouble(lost=0.05, missing=0.1, wild=0.002, late=0.05, bots=10)


def _one(trouble: Trouble = Trouble(), new: bool = False) -> Setting:  # noqa: B008
    kinds = family_one.TYPES if new else family_one.TYPES[:5]
    return Setting(42, kinds, 5 if new else None, trouble)


def _two(trouble: Trouble = Trouble(), new: bool = False) -> Setting:  # noqa: B008
    kinds = family_two.TYPES if new else family_two.TYPES[:8]
    return Setting(56, kinds, 8 if new else None, trouble)


WORLDS: Final[dict[str, Callable[[int], Players]]] = {
    "one stationary": lambda seed: Archetypes(_one(), seed),
    "one shift": lambda seed: Archetypes(_one(), seed, shift=True),
    "one whales": lambda seed: Archetypes(_one(), seed, whales=True),
    "one new type": lambda seed: Archetypes(_one(new=True), seed),
    "one delayed": lambda seed: Archetypes(_one(_LATE), seed),
    "one dirty": lambda seed: Archetypes(_one(_DIRTY_BOTS), seed),
    "two calm": lambda seed: Valuers(_two(), seed),
    "two shift": lambda seed: Valuers(_two(), seed, shift=True),
    "two whales": lambda seed: Valuers(_two(), seed, whales=True),
    "two new type": lambda seed: Valuers(_two(new=True), seed),
    "two delayed": lambda seed: Valuers(_two(_LATE), seed, alike=0.35),
    "two dirty": lambda seed: Valuers(_two(_DIRTY), seed),
    "two bots": lambda seed: Valuers(_two(_BOTS), seed),
}
