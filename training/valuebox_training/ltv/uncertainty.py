"""What is learned about how sure predictions are; see `valuebox.compartments.ltv.uncertainty`."""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.compartments.ltv.uncertainty import Uncertainty
from valuebox.schemas.names import MISSING_SEGMENT
from valuebox.statistics.arrays import Floats
from valuebox.statistics.scatter import PARTS, TAIL, Scatter
from valuebox_training.features.binning import edges_between
from valuebox_training.ltv.level import LevelEstimate

_BINS: Final = 40
_MIN_USERS: Final = 200
# Fewer are as uncertain as a segment that was never seen.
_MIN_OF_SEGMENT: Final = 20
# Prices move and users with them: old ones scatter around other amounts.
_LATEST: Final = 100_000
_DECIMALS: Final = 6
# Of the level of an unseen segment, where too few were seen to tell: from what the segments of
# one subscription site show, rounded up.
_FEW_SEGMENTS: Final = 4
_UNSEEN_SD: Final = 0.3
_TINY: Final = 1e-9
_SDS: Final = np.linspace(0, 1, 201)


class Views(NamedTuple):
    """What the trees say of the training users, before the level is corrected; `(n_users,)` each.

    Bounded by what users have paid, as in predictions.

    Not corrected, because users of today scatter like those of the past of whom as much was
    expected.
    """

    plain: Floats
    without_segment: Floats
    """Predictions with every `country_segment` hidden."""
    without_stv: Floats
    """Predictions with every `STV` hidden."""


def fit_uncertainty(
    users: pd.DataFrame, views: Views, level: LevelEstimate, future_share: float
) -> Uncertainty:
    """Learn the uncertainty of predictions from the training users.

    Args:
        users: With `join_date`, `STV`, `country_segment` and `target`.
        views: Predictions of the same users.
        level: Of the future, in the last weeks.
        future_share: What comes after the first 4 days, as a share of all.
    """
    stv = users["STV"].to_numpy(dtype=np.float64)
    has_paid = ~np.isnan(stv)
    paid = np.where(has_paid, stv, 0.0)
    target = users["target"].to_numpy(dtype=np.float64)
    latest = np.argsort(users["join_date"].to_numpy(), kind="stable")[-_LATEST:]
    with_stv = latest[has_paid[latest]]
    missing = _scatter(views.without_stv[latest], target[latest])
    known = (
        _scatter((views.plain - paid)[with_stv], (target - paid)[with_stv])
        if len(with_stv)
        else missing
    )
    later = views.plain - paid
    variance = np.where(
        has_paid,
        known.of("variance", known.bins(later)),
        missing.of("variance", missing.bins(later)),
    )
    segments = users["country_segment"].fillna(MISSING_SEGMENT).to_numpy()

    def levels(predictions: Floats) -> pd.DataFrame:
        future = np.where(has_paid, np.maximum(predictions - paid, 0), future_share * predictions)
        return _levels(segments, target - predictions, future, variance)

    unseen = _unseen_variance(levels(views.without_segment))
    noises = levels(views.plain)["noise"]
    return Uncertainty(
        known=known,
        missing=missing,
        future_share=future_share,
        last_join=users["join_date"].max().floor("s").to_pydatetime(),
        level_variance=level.variance,
        weekly_variance=level.weekly_variance,
        unseen_variance=unseen,
        # Little is known of a small segment: no more than that it is one of all.
        segment_variance={
            str(name): float(unseen * noise / (unseen + noise)) if unseen > 0 else 0.0
            for name, noise in noises.items()
        },
    )


def _scatter(expected: Floats, actual: Floats) -> Scatter:
    edges = edges_between(expected, max(1, min(_BINS, len(expected) // _MIN_USERS)))
    bins = np.searchsorted(edges, expected, side="right")
    members = [(actual[bins == one], expected[bins == one]) for one in range(len(edges) + 1)]
    residuals = [later - foreseen - (later - foreseen).mean() for later, foreseen in members]
    return Scatter(
        edges=edges.tolist(),
        points=[_points(later) for later, _ in members],
        # Ends that somebody really has: amounts are few, and none lies in between.
        lower=_rounded([np.quantile(later, TAIL, method="lower") for later, _ in members]),
        upper=_rounded([np.quantile(later, 1 - TAIL, method="higher") for later, _ in members]),
        variance=[float((residual**2).mean()) for residual in residuals],
        third_moment=[float((residual**3).mean()) for residual in residuals],
    )


def _points(amounts: Floats) -> list[float]:
    """Means of the parts of the sorted amounts, which keep the mean of all of them."""
    shares = np.linspace(0, 1, len(amounts) + 1)
    collected = np.concatenate([[0], np.cumsum(np.sort(amounts))]) / len(amounts)
    return _rounded(np.diff(np.interp(PARTS, shares, collected)) / np.diff(PARTS))


def _levels(
    segments: NDArray[np.object_], residual: Floats, future: Floats, variance: Floats
) -> pd.DataFrame:
    """Level of each segment: (actual - predicted) / predicted future, and its noise variance.

    The noise is that of its kind of users, not of its own: a few who happen to spend nothing
    would look as if that were certain.
    """
    columns = {"residual": residual, "future": future, "variance": variance}
    groups = pd.DataFrame(columns).groupby(segments)
    sums = groups.sum()[(groups.size() >= _MIN_OF_SEGMENT) & (groups["future"].sum() > 0)]
    return pd.DataFrame(
        {
            "level": sums["residual"] / sums["future"],
            "noise": sums["variance"] / sums["future"] ** 2,
        }
    )


def _unseen_variance(levels: pd.DataFrame) -> float:
    """Variance of the levels between segments, for one more segment; by maximum likelihood."""
    levels = levels.drop(index=MISSING_SEGMENT, errors="ignore")
    n_segments = len(levels)
    if n_segments < _FEW_SEGMENTS:
        return _UNSEEN_SD**2
    # A noise of nothing at all, where everybody spends the same, would have no logarithm.
    level, noise = levels["level"].to_numpy(), levels["noise"].to_numpy() + _TINY
    log_likelihoods = [
        -0.5 * (np.log(spread) + level**2 / spread).sum()
        for spread in (sd**2 + noise for sd in _SDS)
    ]
    variance = float(_SDS[int(np.argmax(log_likelihoods))] ** 2)
    # That of Student's t: the spread itself is known from a few segments only.
    return variance * (1 + 1 / n_segments) * (n_segments - 1) / (n_segments - 3)


def _rounded(values: Floats | list[float]) -> list[float]:
    return [float(value) for value in np.round(values, _DECIMALS)]
