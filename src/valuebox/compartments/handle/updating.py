"""What bets make of expectations: all open matches at once, by how much their bets are believed.

A match whose bets are known in part is expected between what was expected before (Bornhuetter and
Ferguson) and what its bets say at the usual pace (the chain ladder, or pick-up), by credibility.
All open matches share errors of level and pace, so that the bets on one tell of the others. Sums of
bets scatter in proportion to what is expected of them (quasi-likelihood; McCullagh and Nelder,
Generalized linear models, 1989, chapter 9), so that few bets, or none, say little, but no lie. Now
and then all betting changes at once, such as when a season is interrupted: such a break is one more
explanation, of each of the last days, and counts as much as the bets make it likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from valuebox.compartments.handle.lateness import Lateness
from valuebox.compartments.handle.pace import Pace
from valuebox.compartments.handle.prior import BREAK, BREAKS, Joint, mixed
from valuebox.statistics.arrays import Floats

DAYS: Final = (1, 2, 3, 4, 5, 7, 10, 14)
"""How many days back breaks are looked for."""
_FADES: Final = 30.0
"""Days in which half of a break is gone, if it goes."""
_HARDLY: Final = 0.05
"""By how much a break has to make bets likelier to be looked at."""
_NODES: Final = ((-1.7320508, 1 / 6), (0.0, 2 / 3), (1.7320508, 1 / 6))
"""Points and weights that stand for a normal distribution (Gauss and Hermite)."""
_ROUNDS: Final = 12
"""Steps to the likeliest handles at most; these are there to the last digits after about six."""
_NEAR: Final = 1e-7
_STEP: Final = 2.0


class Open(NamedTuple):
    """A match whose bets are not all known."""

    slot: str
    lead: float
    """Hours from the last known bets to the match."""
    known: float
    """Handle of the bets that are known."""
    bets: float
    """How many bets are known."""
    by_day: Sequence[float]
    """What of them was placed within the last `DAYS`."""


@dataclass(frozen=True)
class Told:
    """What is expected of the handle of open matches, in logarithms."""

    mean: Floats
    covariance: Floats
    share: Floats
    """Share of each that is known, at the usual pace."""
    broken: float
    """How likely the level has broken in the last days."""


class _Seen(NamedTuple):
    """Sums of bets of some time each, as observations of the handles of matches."""

    rows: list[int]
    """Which match each is of."""
    amount: Floats
    share: Floats
    """Of the handle that is usual in that time."""
    pace: Floats
    """How logarithms of shares vary together: `(n_rows, n_rows)`."""
    grain: Floats
    """Variance of each sum by what is expected of it, for a known handle and pace."""
    slope: Floats
    """By how much a break moves each."""


class _Found(NamedTuple):
    """What an observation makes of logarithms of handles, and of the size of a break."""

    mean: Floats
    covariance: Floats
    evidence: float
    """Logarithm of how likely the observation was, but for a constant."""
    size: float
    size_variance: float
    across: Floats
    """How the handles vary together with the size."""


def update(prior: Joint, matches: Sequence[Open], pace: Pace, late: Lateness) -> Told:
    """What is expected of open matches, by their bets.

    Args:
        prior: What was expected of them before.
        matches: The matches, with their bets.
        pace: How bets come in.
        late: How complete the bets of the last day are likely to be.
    """
    whole = _seen(matches, pace, None)
    usual = _given(prior, whole, 0.0, 0.0)
    parts = [(1 - BREAKS - late.likely, usual.mean, usual.covariance)]
    parts += _partial(prior, matches, pace, late)
    for day in DAYS:
        parts += _broken(prior, matches, pace, day)
    found = mixed(parts)
    broken = sum(likely for likely, *_ in parts[2:]) / sum(likely for likely, *_ in parts)
    curves = pace.curves([(one.slot, (one.lead,)) for one in matches])
    shares = np.array([curve.mean[0] for curve in curves])
    return Told(found.mean, found.covariance, shares, float(broken))


def _seen(matches: Sequence[Open], pace: Pace, day: int | None) -> _Seen:
    """The bets as observations: of all time, or before the last days and within them."""
    amounts, rows, slots, asked = [], [], [], []
    for place, one in enumerate(matches):
        leads: tuple[float, ...] = (one.lead,)
        pieces = [one.known]
        if day is not None:
            late = one.by_day[DAYS.index(day)]
            leads = one.lead + 24.0 * day, one.lead
            pieces = [one.known - late, late]
        asked.append((one.slot, leads))
        amounts += pieces
        rows += [place] * len(pieces)
        slots += [one.slot] * len(pieces)
    each = 1 if day is None else 2
    curves = pace.curves(asked)
    share = np.concatenate([curve.mean for curve in curves])
    count = len(matches)
    alone = np.zeros((count, each, count, each))
    for place, curve in enumerate(curves):
        alone[place, :, place, :] = curve.covariance
    root = np.concatenate([curve.common for curve in curves])
    unsure = np.concatenate([curve.unsure for curve in curves])
    is_same = np.array(slots)[:, None] == np.array(slots)[None, :]
    varying = alone.reshape(count * each, count * each) + np.outer(root, root)
    varying += np.outer(unsure, unsure) * is_same
    slope = np.tile([0.0] if day is None else [0.0, 1.0], count)
    found = _Seen(rows, np.array(amounts), share, varying, pace.grain * (1 - share), slope)
    is_open = share > pace.least
    return _Seen(
        [row for row, is_in in zip(rows, is_open, strict=True) if is_in],
        *(found[1][is_open], share[is_open], varying[np.ix_(is_open, is_open)]),
        *(found.grain[is_open], slope[is_open]),
    )


def _given(prior: Joint, seen: _Seen, size: float, deviation: float) -> _Found:
    """Expectations after an observation, where a break has so much of a deviation.

    The handles are the likeliest ones, and normal around these (Laplace's approximation, as in
    Rasmussen and Williams, chapter 3.4).
    """
    if not seen.rows:
        nothing = np.zeros(len(prior.mean))
        return _Found(prior.mean, prior.covariance, 0.0, size, deviation**2, nothing)
    across = prior.covariance[:, seen.rows]
    expected = prior.mean[seen.rows] + size * seen.slope
    varying = across[seen.rows] + seen.pace + deviation**2 * np.outer(seen.slope, seen.slope)
    grain = np.maximum(seen.grain, 1e-6 * seen.amount + 1e-9)
    logs = np.maximum(expected, np.log(np.maximum(seen.amount, 1e-9) / seen.share))
    for _ in range(_ROUNDS):
        amount = seen.share * np.exp(logs)
        scaled = np.sqrt(amount / grain)
        spread = np.eye(len(logs)) + scaled[:, None] * varying * scaled[None, :]
        off = logs + seen.amount / amount - 1 - expected
        solved = scaled * np.linalg.solve(spread, scaled * off)
        before = logs
        logs = before + np.clip(expected + varying @ solved - before, -_STEP, _STEP)
        if np.abs(logs - before).max() < _NEAR:
            break
    amount = seen.share * np.exp(logs)
    scaled = np.sqrt(amount / grain)
    spread = np.eye(len(logs)) + scaled[:, None] * varying * scaled[None, :]
    root = scaled[:, None] * np.linalg.inv(spread) * scaled[None, :]
    gain = across @ root
    likely = float(((seen.amount * logs - amount) / grain).sum())
    likely -= float((logs - expected) @ solved) / 2
    likely -= float(np.linalg.slogdet(spread)[1]) / 2
    covariance = prior.covariance - gain @ across.T
    size = size + deviation**2 * float(seen.slope @ solved)
    size_variance = deviation**2 - deviation**4 * float(seen.slope @ root @ seen.slope)
    return _Found(
        *(prior.mean + across @ solved, (covariance + covariance.T) / 2, likely),
        *(size, size_variance, -(deviation**2) * gain @ seen.slope),
    )


def _partial(
    prior: Joint, matches: Sequence[Open], pace: Pace, late: Lateness
) -> list[tuple[float, Floats, Floats]]:
    """What becomes of the matches if part of the bets of the last day are not loaded yet."""
    seen = _seen(matches, pace, 1)
    usual = _given(prior, seen, 0.0, 0.0)
    found = _given(prior, seen, late.size, late.deviation)
    evidence = float(np.exp(min(found.evidence - usual.evidence, 300.0)))
    return [(late.likely * evidence, found.mean, found.covariance)]


def _believed(prior: Joint, seen: _Seen, over: set[int]) -> tuple[_Found, float]:
    """What a break of any size makes of handles, and how much likelier it makes bets.

    A break is of all matches. Of one that is over a clerk may have entered when it began, and its
    bets then look like a break: what is likely because of a single one of these is not believed.
    """
    found, factor = _broken_by(prior, seen)
    if factor < 1 / BREAKS:
        return found, factor
    expected = seen.share * np.exp(prior.mean[seen.rows])
    unsure = np.diag(prior.covariance)[seen.rows] + np.diag(seen.pace)
    varies = seen.grain * expected + unsure * expected**2
    odd = np.abs(seen.amount - expected) / np.sqrt(varies)
    odd[[row not in over for row in seen.rows]] = 0.0
    rest = np.array(seen.rows) != seen.rows[int(np.argmax(odd))]
    if not odd.any() or not seen.slope[rest].any():
        return found, factor
    without = _Seen(
        [row for row, is_in in zip(seen.rows, rest, strict=True) if is_in],
        *(seen.amount[rest], seen.share[rest], seen.pace[np.ix_(rest, rest)]),
        *(seen.grain[rest], seen.slope[rest]),
    )
    others, less = _broken_by(prior, without)
    return (others, less) if less < factor else (found, factor)


def _broken_by(prior: Joint, seen: _Seen) -> tuple[_Found, float]:
    usual, found = _given(prior, seen, 0.0, 0.0), _given(prior, seen, 0.0, BREAK)
    return found, float(np.exp(min(found.evidence - usual.evidence, 300.0)))


def _broken(
    prior: Joint, matches: Sequence[Open], pace: Pace, day: int
) -> list[tuple[float, Floats, Floats]]:
    """What becomes of the matches if the level broke so many days ago.

    It may stay as it is since then, or go back by half every `_FADES` days: either is an
    explanation, and bets that come in later tell which one is likelier.
    """
    seen = _seen(matches, pace, day)
    if not seen.slope.any():
        return []
    # Of what was to come before the break, its share stays; the rest moves.
    asked = [(one.slot, (one.lead + 24.0 * day, one.lead)) for one in matches]
    before = np.array([curve.mean[0] for curve in pace.curves(asked)])
    lead = np.array([one.lead for one in matches]) / 24.0
    # Days from the break to the middle of the bets that are known, and to those that will come.
    since, then = (day + np.minimum(lead, 0.0)) / 2, day + np.maximum(lead, 0.0)
    parts = []
    for half_life in (np.inf, _FADES):
        fading = seen._replace(slope=seen.slope * 0.5 ** (since[seen.rows] / half_life))
        found, evidence = _believed(prior, fading, {at for at, one in enumerate(lead) if one <= 0})
        likely = BREAKS / len(DAYS) / 2 * evidence
        if half_life == np.inf and evidence < _HARDLY:
            # Where no break is likely at all, how it goes on makes no difference.
            return []
        slope = found.across / found.size_variance
        covariance = found.covariance - np.outer(found.across, slope)
        left = 0.5 ** (then / half_life)
        for node, weight in _NODES:
            off = node * np.sqrt(found.size_variance)
            moved = np.log(before + (1 - before) * np.exp((found.size + off) * left))
            parts.append((likely * weight, found.mean + slope * off + moved, covariance))
    return parts
