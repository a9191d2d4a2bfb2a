"""Lift and gain curves: how much of a response is reached by asking the best customers first."""

from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.statistics.arrays import Floats, Mask
from valuebox.statistics.rates import LEVEL

DECILES: Final = 10
_NEAR: Final = 0.05
"""Share of customers on either side of a threshold whose rate is taken for that at it."""
_PATHS: Final = 20_000
_FEW: Final = 1e-12
_ANYWHERE: Final = 0.5
_Ends = tuple[Floats, Floats]


class GainPoint(BaseModel):
    """The customers with the best scores, down to a share of all customers."""

    model_config = ConfigDict(frozen=True)

    share: float = Field(description="Share of customers who are asked, best scores first.")
    gain: float = Field(description="Share of all responders who are among the customers asked.")
    gain_lower: float = Field(description="Lower end of the 90 % interval of `gain`.")
    gain_upper: float = Field(description="Upper end of the 90 % interval of `gain`.")
    band_lower: float = Field(
        description="Lower end of the band that holds the whole curve in 90 of 100 cases."
    )
    band_upper: float = Field(
        description="Upper end of the band that holds the whole curve in 90 of 100 cases."
    )
    lift: float = Field(
        description="Response rate of the customers asked, as a multiple of the rate of all "
        "customers."
    )
    lift_lower: float = Field(description="Lower end of the 90 % interval of `lift`.")
    lift_upper: float = Field(description="Upper end of the 90 % interval of `lift`.")


class GainCurve(BaseModel):
    """How well a score finds those who respond."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="What the scores are of.")
    customers: int = Field(description="Number of customers with a score.")
    responders: int = Field(description="Number of these customers who responded.")
    points: list[GainPoint] = Field(description="The curve by tenths of the customers.")
    auc: float = Field(
        description="Probability that a responder has a higher score than another customer."
    )
    p_value: float = Field(
        description="Probability of such an `auc` by chance alone, two-sided (Mann-Whitney)."
    )
    p_adjusted: float | None = Field(
        default=None,
        description="`p_value` adjusted for all curves of a comparison (Holm), in their share of "
        "the errors that a report may make; null elsewhere.",
    )


class GainDifference(BaseModel):
    """Gain of one score less that of another, on the same customers."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="What the first scores are of.")
    than: str = Field(description="What the second scores, which are compared with, are of.")
    share: list[float] = Field(description="Shares of customers who are asked, best scores first.")
    difference: list[float] = Field(
        description="Gain of the first scores minus gain of the second ones, at each share."
    )
    band_lower: list[float] = Field(
        description="Lower end of the band that holds the whole difference in 90 of 100 cases."
    )
    band_upper: list[float] = Field(
        description="Upper end of the band that holds the whole difference in 90 of 100 cases."
    )
    mean: float = Field(description="Mean difference over the curve.")
    p_value: float = Field(
        description="Probability of such a mean difference by chance alone, two-sided; with n "
        "responders at least 0.5 ** (n - 1)."
    )


class _Ranked(NamedTuple):
    gain: Floats
    """Gain at each share, `(n_shares,)`."""
    responding: Floats
    """Responses, `(n_customers,)`: 1 for yes and 0 for no, or a little more where smoothed."""
    moved_by: Floats
    """How a response of each customer moves each gain, `(n_customers, n_shares)`."""
    threshold: Floats
    """How each customer moves thresholds, and so the gains, `(n_customers, n_shares)`."""

    @property
    def influence(self) -> Floats:
        """How each customer moves each gain, `(n_customers, n_shares)`."""
        return self.responding[:, None] * self.moved_by - self.threshold


def gain_curve(name: str, score: Floats, responded: Mask) -> GainCurve:
    """Judge a score by who responded afterwards.

    Customers with the same score are asked in no order: the curve is straight between them. A
    point's interval is Jeffreys', for as many responders as have the variance of a gain whose
    threshold is itself estimated; the band widens it by the largest deviation over all points.
    Half a responder more, who may be anywhere, keeps that variance from being none.

    Args:
        name: Of the score.
        score: Higher is asked first, `(n_customers,)`.
        responded: Who did, `(n_customers,)`.

    Raises:
        ValueError: when nobody responded, or everybody.
    """
    shares = _shares()
    ranked = _ranked(score, responded, shares, _ANYWHERE)
    gain = _ranked(score, responded, shares).gain
    covariance = _covariance(ranked)
    responders, customers = int(responded.sum()), len(responded)
    freedom = max(responders - 1, 1)
    t = float(scipy.stats.t.ppf((1 + LEVEL) / 2, freedom))
    lower, upper = _around(gain, ranked.gain, covariance, t)
    low, high = _around(gain, ranked.gain, covariance, _largest(covariance, freedom))
    tested = scipy.stats.mannwhitneyu(score[responded], score[~responded], method="asymptotic")
    return GainCurve(
        name=name,
        customers=customers,
        responders=responders,
        points=[
            GainPoint(
                share=float(share),
                gain=float(gain[at]),
                gain_lower=float(lower[at]),
                gain_upper=float(upper[at]),
                band_lower=float(low[at]),
                band_upper=float(high[at]),
                lift=float(gain[at] / share),
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
    freedom = max(int(responded.sum()) - 1, 1)
    # As of a sample's variance: it is the mean among responders that is estimated.
    covariance = influence.T @ influence / len(influence) ** 2 * (freedom + 1) / freedom
    reach = _largest(covariance, freedom) * np.sqrt(np.diag(covariance))
    deviation = float(np.sqrt(covariance.mean()))
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
    if abs(mean) <= _FEW:
        return 1.0
    # Where all responders come sooner by as much, or there is but one, no deviation can be
    # estimated; that all of them come sooner, or all later, has this chance.
    if deviation <= _FEW or responders == 1:
        return float(0.5 ** (responders - 1))
    # Of few responders Student's t is surer than they can make anybody.
    return max(
        float(2 * scipy.stats.t.sf(abs(mean) / deviation, responders - 1)),
        float(0.5 ** (responders - 1)),
    )


def _shares() -> Floats:
    return np.arange(1, DECILES) / DECILES


def _ranked(score: Floats, responded: Mask, shares: Floats, anywhere: float = 0.0) -> _Ranked:
    """Gains, and their influence functions: responders move them, and so do thresholds.

    Args:
        score: Higher is asked first, `(n_customers,)`.
        responded: Who did, `(n_customers,)`.
        shares: Of customers who are asked, `(n_shares,)`.
        anywhere: As many responders more, spread over all customers.
    """
    customers, responders = len(responded), int(responded.sum())
    if not 0 < responders < customers:
        raise ValueError("a curve needs customers who responded and customers who did not")
    values, place = np.unique(-score, return_inverse=True)
    sizes = np.bincount(place)
    hits = np.bincount(place[responded], minlength=len(values)) + anywhere * sizes / customers
    ends = np.cumsum(sizes) / customers
    starts = ends - sizes / customers
    # How much of each group of equal scores is asked, by share: 0 to 1.
    asked = np.clip((shares - starts[:, None]) / (ends - starts)[:, None], 0, 1)
    gain = hits @ asked / (responders + anywhere)
    rate = (responders + anywhere) / customers
    local = np.array([_rate_at(share, starts, ends, sizes, hits) for share in shares]) / rate
    mine = asked[place]
    responding = responded.astype(np.float64) + anywhere / customers
    return _Ranked(gain, responding, (mine - gain) / rate, local * (mine - shares))


def _rate_at(
    share: float,
    starts: Floats,
    ends: Floats,
    sizes: NDArray[np.int64],
    hits: Floats,
) -> float:
    group = min(int(np.searchsorted(ends, share)), len(ends) - 1)
    if ends[group] - starts[group] >= 2 * _NEAR:
        return float(hits[group] / sizes[group])
    near = (ends > share - _NEAR) & (starts < share + _NEAR)
    return float(hits[near].sum() / sizes[near].sum())


def _covariance(ranked: _Ranked) -> Floats:
    """Covariance of gains, `(n_shares, n_shares)`; smoothed responses are probabilities."""
    did = ranked.moved_by - ranked.threshold
    chance = ranked.responding[:, None]
    sums: Floats = (did * chance).T @ did
    sums = sums + (ranked.threshold * (1 - chance)).T @ ranked.threshold
    return sums / len(did) ** 2


def _around(gain: Floats, smoothed: Floats, covariance: Floats, reach: float) -> _Ends:
    variance = np.maximum(np.diag(covariance), _FEW)
    # As many responders, of whom each is asked or is not, have this variance.
    n = smoothed * (1 - smoothed) / variance
    tail = float(scipy.stats.norm.sf(reach))
    lower, upper = scipy.stats.beta.ppf([[tail], [1 - tail]], n * gain + 0.5, n * (1 - gain) + 0.5)
    return np.minimum(lower, gain), np.maximum(upper, gain)


def _largest(covariance: Floats, freedom: int) -> float:
    """The multiple of their estimated deviations that all points stay within in 90 % of cases."""
    deviation = np.sqrt(np.diag(covariance))
    moves = deviation > _FEW
    correlation = np.eye(len(deviation))
    # Where nothing was seen to move, chance may still: as if on its own.
    correlation[np.ix_(moves, moves)] = covariance[np.ix_(moves, moves)] / np.outer(
        deviation[moves], deviation[moves]
    )
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0))
    rng = np.random.default_rng(0)
    largest = np.abs(rng.standard_normal((_PATHS, len(values))) @ root.T).max(axis=1)
    return float(np.quantile(largest / np.sqrt(rng.chisquare(freedom, _PATHS) / freedom), LEVEL))
