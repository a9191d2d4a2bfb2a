"""What bets make of expectations: all open matches at once, by how much their bets are believed.

A match whose bets are known in part is expected between what was expected before (Bornhuetter and
Ferguson) and what its bets say at the usual pace (the chain ladder, or pick-up), by credibility.
All open matches share errors of level and pace, so that the bets on one tell of the others. Now and
then all betting changes at once, such as when a season is interrupted: such a break is one more
explanation, of each of the last days, and counts as much as the bets make it likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from valuebox.compartments.handle.pace import Pace
from valuebox.compartments.handle.prior import BREAK, BREAKS, Joint, mixed
from valuebox.statistics.arrays import Floats

DAYS: Final = 10
"""How many days back breaks are looked for."""
_FEW: Final = 2.5
"""Bets on a match below which they say nothing."""
_NODES: Final = ((-1.7320508, 1 / 6), (0.0, 2 / 3), (1.7320508, 1 / 6))
"""Points and weights that stand for a normal distribution (Gauss and Hermite)."""


class Open(NamedTuple):
    """A match whose bets are not all known."""

    slot: str
    lead: float
    """Hours from the last known bets to the match."""
    known: float
    """Handle of the bets that are known."""
    bets: float
    """How many bets are known."""
    by_day: Sequence[tuple[float, float]]
    """What of them was placed within the last day, two days and so on, and how many these are."""


@dataclass(frozen=True)
class Told:
    """What is expected of the handle of open matches, in logarithms."""

    mean: Floats
    covariance: Floats
    share: Floats
    """Share of each that is known, at the usual pace."""
    broken: float
    """How likely the level has broken in the last days."""


_Piece = tuple[float, float, float, float, float | None]
"""Bets of some time: their sum, how many they are, by how much a break moves them, and their ends
in hours before the match."""


class _Part(NamedTuple):
    """Explanation of the bets: what it makes of the matches, and how likely it is."""

    weight: float
    mean: Floats
    covariance: Floats


class _Seen(NamedTuple):
    """Bets of some time as an observation of logarithms of the handle."""

    rows: list[int]
    values: Floats
    noise: Floats
    """`(n_rows, n_rows)`."""
    slope: Floats
    """By how much a break moves each."""


def update(prior: Joint, matches: Sequence[Open], pace: Pace) -> Told:
    """What is expected of open matches, by their bets.

    Args:
        prior: What was expected of them before.
        matches: The matches, with their bets.
        pace: How bets come in.
    """
    shares = np.array([pace.share(one.slot, one.lead).mean for one in matches])
    whole = _seen(matches, pace, None)
    mean, covariance = _given(prior, whole)
    parts = [_Part(1 - BREAKS, mean, covariance)]
    for day in range(1, DAYS + 1):
        parts += _broken(prior, matches, pace, day)
    found = mixed(parts)
    broken = 1 - parts[0].weight / sum(part.weight for part in parts)
    return Told(found.mean, found.covariance, shares, float(broken))


def _seen(matches: Sequence[Open], pace: Pace, day: int | None) -> _Seen:
    """The bets as observations: of all time, or before the last days and within them."""
    rows, values, variances, commons, slope = [], [], [], [], []
    for place, one in enumerate(matches):
        late, late_count = (0.0, 0.0) if day is None else one.by_day[day - 1]
        pieces: list[_Piece] = [(one.known - late, one.bets - late_count, 0.0, one.lead, None)]
        if day is not None:
            since = one.lead + 24.0 * day
            pieces = [
                (one.known - late, one.bets - late_count, 0.0, since, None),
                (late, late_count, 1.0, one.lead, since),
            ]
        for amount, count, moved, lead, until in pieces:
            if count < _FEW or amount <= 0:
                continue
            share = pace.share(one.slot, lead, until)
            rows.append(place)
            values.append(np.log(amount / share.mean))
            chance = pace.roughness / count * max(1 - share.mean, 0.0)
            variances.append(share.variance - share.common + chance)
            commons.append(np.sqrt(share.common))
            slope.append(moved)
    both = np.array(commons)
    return _Seen(rows, np.array(values), np.outer(both, both) + np.diag(variances), np.array(slope))


def _given(prior: Joint, seen: _Seen) -> tuple[Floats, Floats]:
    """Expectations after an observation."""
    if not seen.rows:
        return prior.mean, prior.covariance
    across = prior.covariance[:, seen.rows]
    gain = np.linalg.solve(across[seen.rows] + seen.noise, across.T).T
    mean = prior.mean + gain @ (seen.values - prior.mean[seen.rows])
    covariance = prior.covariance - gain @ across.T
    return mean, (covariance + covariance.T) / 2


def _broken(prior: Joint, matches: Sequence[Open], pace: Pace, day: int) -> list[_Part]:
    """What becomes of the matches if the level broke so many days ago."""
    seen = _seen(matches, pace, day)
    if not seen.rows or not seen.slope.any():
        return []
    across = prior.covariance[:, seen.rows]
    root = np.linalg.inv(across[seen.rows] + seen.noise)
    off = seen.values - prior.mean[seen.rows]
    precision = 1 / BREAK**2 + float(seen.slope @ root @ seen.slope)
    likeliest = float(seen.slope @ root @ off) / precision
    # How much likelier the bets are with a break of any size than without (Bayes factor).
    evidence = np.exp(min(likeliest**2 * precision / 2, 300.0)) / (BREAK * np.sqrt(precision))
    gain = across @ root
    covariance = prior.covariance - gain @ across.T
    # Of what was to come before the break, its share stays; the rest moves.
    before = np.array([pace.share(one.slot, one.lead + 24.0 * day).mean for one in matches])
    parts = []
    for node, weight in _NODES:
        size = likeliest + node / np.sqrt(precision)
        mean = prior.mean + gain @ (off - size * seen.slope)
        moved = np.log(before + (1 - before) * np.exp(size))
        parts.append(_Part(BREAKS / DAYS * evidence * weight, mean + moved, covariance))
    return parts
