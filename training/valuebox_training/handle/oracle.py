"""What whoever knew how the simulated sportsbook works would expect of a match."""

from dataclasses import dataclass

import numpy as np

from valuebox_training.handle.simulate import NOISE, PACE, Sportsbook


@dataclass(frozen=True)
class Expected:
    """What is expected of a match, and how sure that is."""

    mean: float
    deviation: float
    """Of the logarithm."""


def expected(
    book: Sportsbook, at: int, known: float, count: int, through: np.datetime64
) -> Expected:
    """The handle of a match, of which some is known.

    Args:
        book: The world.
        at: Position of the match.
        known: Bets placed before `through` that count.
        count: How many these are.
        through: How far the bets are known.
    """
    placed = book.kickoff[at] - (book.leads * 3600).astype("timedelta64[s]")
    level = book.level(placed, through)
    whole, share = float(level.mean()), float((level * (placed < through)).mean())
    late = book.kickoff[at] - (book.leads * 3600 * np.exp(PACE)).astype("timedelta64[s]")
    shift = float((book.level(late, through) * (late < through)).mean())
    # Void and cancelled bets do not count.
    prior = book.strength[at] * 0.985
    variance = NOISE**2 + 0.0005
    weight, found = 0.0, 0.0
    if count > 3 and share > 0:
        noise = 3.5 / count + float(np.log(max(shift, 1e-9) / share) ** 2)
        weight = variance / (variance + noise)
        found = float(np.log(known / (share * prior)))
    left = prior * np.exp(weight * found + (1 - weight) * variance / 2) * max(whole - share, 0.0)
    rest = (1 - weight) * variance + 3.5 * book.stake / max(left, book.stake)
    mean = known + left
    return Expected(float(mean), float(np.sqrt(rest) * left / mean) if mean else 0.0)
