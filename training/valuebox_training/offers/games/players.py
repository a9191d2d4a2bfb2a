"""What a world of players has to say: who they are, what they like, and what they buy besides."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Lists = list[tuple[Places, Floats]]
"""Types and prices of the candidates of each decision."""


@dataclass(frozen=True)
class Trouble:
    """What goes wrong in a world."""

    late: float = 0.0
    """Share of purchases that become known late."""
    late_days: float = 3.0
    """Days that these take on average."""
    lost: float = 0.0
    """Share of purchases that never become known."""
    missing: float = 0.0
    """Share of sessions whose games never become known."""
    wild: float = 0.0
    """Share of other purchases that are recorded with an absurd amount."""
    doubled: float = 0.0
    """Share of events that are sent once more, another time."""
    unreadable: float = 0.0
    """Share of events whose numbers are none."""
    bots: int = 0
    """Players who are programs: many sessions, no purchases."""


@dataclass(frozen=True)
class Setting:
    """How many play for how long, and what is offered."""

    days: int
    players: int
    """People; programs come on top."""
    types: tuple[str, ...]
    new_type: int | None = None
    """Place of a type that is there from the middle on alone."""
    trouble: Trouble = field(default_factory=Trouble)


class Players(Protocol):
    """A family of worlds."""

    setting: Setting
    country: Places
    countries: tuple[str, ...]
    facebook: NDArray[np.bool_]
    activity: Floats
    """Chance of a session on a day, `(n_players,)`."""
    games: Floats
    """Mean games of a session, `(n_players,)`."""
    skill: Floats
    """Chance to win a game, `(n_players,)`."""

    def offers(
        self, draw: np.random.Generator, count: int, day: int
    ) -> list[tuple[Places, Floats]]:
        """Types and prices of the candidates of each of several decisions."""

    def chance(self, player: Places, kind: Places, price: Floats, day: int) -> Floats:
        """How likely an offer is bought where it is shown."""

    def later(self, player: Places, kind: Places, price: Floats) -> Floats:
        """By how much a purchase changes what is spent besides within the week, as expected."""

    def bought(
        self, draw: np.random.Generator, player: Places, kind: Places, price: Floats, time: Floats
    ) -> tuple[Places, Floats, Floats]:
        """Further purchases that a purchase leads to: players, times in days, amounts."""

    def dampened(self, player: Places, kind: Places, price: Floats) -> Floats:
        """By which share the usual other purchases change for a week, after a purchase."""

    def shopping(self, draw: np.random.Generator, change: Floats) -> tuple[Places, Floats]:
        """Other purchases of a day, given by which share each player's change: players, amounts."""
