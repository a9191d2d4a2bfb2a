"""Lift and gain curves: how much of a response is reached by asking the best customers first."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import stats

from valuebox.growth.columns import Floats, Mask
from valuebox.growth.rates import LEVEL

DECILES: Final = 10
_NEAR: Final = 0.05
"""Share of customers on either side of a threshold whose rate is taken for that at it."""
_PATHS: Final = 20_000
_FEW: Final = 1e-12


class GainPoint(BaseModel):
    """The customers with the best scores, down to a share of all customers."""

    model_config = ConfigDict(frozen=True)

    share: float = Field(description="Share of customers who are asked, best scores first.")
    gain: float = Field(description="Share of all responders who are among them.")
    gain_lower: float = Field(description="Lower end of the 90 % interval of this point.")
    gain_upper: float
    band_lower: float = Field(description="Lower end of the band that holds all points in 90 %.")
    band_upper: float
    lift: float = Field(description="Their response rate as a multiple of everybody's.")
    lift_lower: float = Field(description="Lower end of the 90 % interval of this point.")
    lift_upper: float


class GainCurve(BaseModel):
    """How well a score finds those who respond."""

    model_config = ConfigDict(frozen=True)

    name: str
    customers: int
    responders: int
    points: list[GainPoint] = Field(description="By tenths of the customers.")
    auc: float = Field(description="How often a responder's score is above another customer's.")
    p_value: float = Field(description="Of a score that says nothing, two-sided (Mann-Whitney).")


class GainDifference(BaseModel):
    """One score beside another, on the same customers."""

    model_config = ConfigDict(frozen=True)

    name: str
    than: str
    share: list[float]
    difference: list[float] = Field(description="Gain of the first minus gain of the second.")
    band_lower: list[float] = Field(description="Of the band that holds all points in 90 %.")
    band_upper: list[float]
    mean: float = Field(description="Mean difference over the curve.")
    p_value: float = Field(description="Of no mean difference, two-sided.")


class _Ranked(NamedTuple):
    gain: Floats
    """`(n_shares,)`."""
    influence: Floats
    """`(n_customers, n_shares)`: how each customer moves each gain."""


def gain_curve(name: str, score: Floats, responded: Mask) -> GainCurve:
    """Judge a score by who responded afterwards.

    Customers with the same score are asked in no order: the curve is straight between them. A
    point's interval is Wilson's, for as many responders as have the variance of a gain whose
    threshold is itself estimated; the band widens it by the largest deviation over all points.

    Args:
        name: Of the score.
        score: Higher is asked first, `(n_customers,)`.
        responded: Who did, `(n_customers,)`.

    Raises:
        ValueError: when nobody responded, or everybody.
    """
    shares = _shares()
    ranked = _ranked(score, responded, shares)
    covariance = _covariance(ranked.influence)
    responders, customers = int(responded.sum()), len(responded)
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    lower, upper = _wilson(ranked.gain, np.diag(covariance), responders, z)
    low, high = _wilson(ranked.gain, np.diag(covariance), responders, _largest(covariance))
    tested = stats.mannwhitneyu(score[responded], score[~responded], method="asymptotic")
    return GainCurve(
        name=name,
        customers=customers,
        responders=responders,
        points=[
            GainPoint(
                share=float(share),
                gain=float(ranked.gain[at]),
                gain_lower=float(lower[at]),
                gain_upper=float(upper[at]),
                band_lower=float(low[at]),
                band_upper=float(high[at]),
                lift=float(ranked.gain[at] / share),
                lift_lower=float(lower[at] / share),
                lift_upper=float(upper[at] / share),
            )
            for at, share in enumerate(shares)
        ],
        auc=float(tested.statistic / responders / (customers - responders)),
        p_value=float(np.nan_to_num(tested.pvalue, nan=1.0)),
    )


def gain_difference(
    name: str, score: Floats, than: str, other: Floats, responded: Mask
) -> GainDifference:
    """Whether one score finds responders earlier than another does, on the same customers.

    Args:
        name: Of the score.
        score: Higher is asked first, `(n_customers,)`.
        than: Name of the other one.
        other: The other score, `(n_customers,)`.
        responded: Who did, `(n_customers,)`.

    Raises:
        ValueError: when nobody responded, or everybody.
    """
    shares = _shares()
    ranked, beside = (_ranked(one, responded, shares) for one in (score, other))
    difference = ranked.gain - beside.gain
    influence = ranked.influence - beside.influence
    covariance = _covariance(influence)
    reach = _largest(covariance) * np.sqrt(np.diag(covariance))
    deviation = float(np.sqrt(_covariance(influence.mean(axis=1, keepdims=True))[0, 0]))
    mean = float(difference.mean())
    return GainDifference(
        name=name,
        than=than,
        share=shares.tolist(),
        difference=difference.tolist(),
        band_lower=(difference - reach).tolist(),
        band_upper=(difference + reach).tolist(),
        mean=mean,
        p_value=_two_sided(mean, deviation, int(responded.sum())),
    )


def _two_sided(mean: float, deviation: float, responders: int) -> float:
    if deviation <= _FEW:
        return 1.0
    return float(2 * stats.t.sf(abs(mean) / deviation, max(responders - 1, 1)))


def _shares() -> Floats:
    return np.arange(1, DECILES) / DECILES


def _ranked(score: Floats, responded: Mask, shares: Floats) -> _Ranked:
    """Gains, and their influence functions: responders move them, and so do thresholds."""
    customers, responders = len(responded), int(responded.sum())
    if not 0 < responders < customers:
        raise ValueError("a curve needs customers who responded and customers who did not")
    values, place = np.unique(-score, return_inverse=True)
    sizes = np.bincount(place)
    hits = np.bincount(place[responded], minlength=len(values))
    ends = np.cumsum(sizes) / customers
    starts = ends - sizes / customers
    # How much of each group of equal scores is asked, by share: 0 to 1.
    asked = np.clip((shares - starts[:, None]) / (ends - starts)[:, None], 0, 1)
    gain = hits @ asked / responders
    rate = responders / customers
    local = np.array([_rate_at(share, starts, ends, sizes, hits) for share in shares]) / rate
    mine = asked[place]
    influence = (responded / rate)[:, None] * (mine - gain) - local * (mine - shares)
    return _Ranked(gain, influence)


def _rate_at(
    share: float,
    starts: Floats,
    ends: Floats,
    sizes: NDArray[np.int64],
    hits: NDArray[np.int64],
) -> float:
    group = min(int(np.searchsorted(ends, share)), len(ends) - 1)
    if ends[group] - starts[group] >= 2 * _NEAR:
        return float(hits[group] / sizes[group])
    near = (ends > share - _NEAR) & (starts < share + _NEAR)
    return float(hits[near].sum() / sizes[near].sum())


def _covariance(influence: Floats) -> Floats:
    return influence.T @ influence / len(influence) ** 2


def _wilson(gain: Floats, variance: Floats, responders: int, z: float) -> tuple[Floats, Floats]:
    spread = gain * (1 - gain)
    known = (spread > _FEW) & (variance > _FEW)
    n = np.where(known, spread / np.where(known, variance, 1.0), responders)
    middle = gain + z * z / (2 * n)
    reach = z * np.sqrt(spread / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return np.maximum((middle - reach) / scale, 0), np.minimum((middle + reach) / scale, 1)


def _largest(covariance: Floats) -> float:
    """The multiple of their deviations that all points stay within in 90 % of cases."""
    deviation = np.sqrt(np.diag(covariance))
    moves = deviation > _FEW
    correlation = np.eye(len(deviation))
    # Where nothing was seen to move, chance may still: as if on its own.
    correlation[np.ix_(moves, moves)] = covariance[np.ix_(moves, moves)] / np.outer(
        deviation[moves], deviation[moves]
    )
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = np.random.default_rng(0).standard_normal((_PATHS, len(values)))
    return float(np.quantile(np.abs(normal @ root.T).max(axis=1), LEVEL))
