"""What is learned about how sure predictions are; see `valuebox.ltv.uncertainty`."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.cohorts import MISSING_SEGMENT
from valuebox.ltv.uncertainty import NOMINAL, POINTS, Scatter, Uncertainty
from valuebox_training.level import Level

Floats = NDArray[np.float64]

_BINS: Final = 40
_MIN_USERS: Final = 200
# Prices move and users with them: old ones scatter around other amounts.
_LATEST: Final = 100_000
_DECIMALS: Final = 6
_TAIL: Final = (1 - NOMINAL) / 2
# Of the level of an unseen segment, where too few were seen to tell: from what the segments of
# one subscription site show, rounded up.
_FEW_SEGMENTS: Final = 4
_UNSEEN_SD: Final = 0.3
_SDS: Final = np.linspace(0, 1, 201)


def fit_uncertainty(
    users: pd.DataFrame, predictions: Floats, as_unseen: Floats, level: Level, future_share: float
) -> Uncertainty:
    """Learn it from the training users.

    Args:
        users: With `join_date`, `STV`, `country_segment` and `target`.
        predictions: What the booster says of them, `(n_users,)`, not corrected for drift: users
            of today scatter like those of the past of whom as much was expected.
        as_unseen: The same with every `country_segment` hidden.
        level: Of the future, in the last weeks.
        future_share: Future / target of the average user.
    """
    paid = users["STV"].to_numpy(dtype=np.float64)
    has_paid = ~np.isnan(paid)
    target = users["target"].to_numpy(dtype=np.float64)
    segments = users["country_segment"].fillna(MISSING_SEGMENT).to_numpy()
    unseen = _unseen_variance(_levels(segments, target, as_unseen, paid, future_share))
    seen = _levels(segments, target, predictions, paid, future_share)
    latest = np.argsort(users["join_date"].to_numpy(), kind="stable")[-_LATEST:]
    with_stv, without = latest[has_paid[latest]], latest[~has_paid[latest]]
    if len(without) < _MIN_USERS:
        without = latest
    return Uncertainty(
        known=_scatter((predictions - paid)[with_stv], (target - paid)[with_stv]),
        missing=_scatter(predictions[without], target[without]),
        future_share=future_share,
        last_join=users["join_date"].max().floor("s").to_pydatetime(),
        level_variance=level.variance,
        weekly_variance=level.weekly_variance,
        unseen_variance=unseen,
        # Little is known of a small segment: no more than that it is one of all.
        segment_variance={
            str(name): unseen * noise / (unseen + noise) if unseen + noise > 0 else 0.0
            for name, noise in seen["noise"].items()
        },
    )


def _scatter(expected: Floats, actual: Floats) -> Scatter:
    if not len(expected):
        return Scatter()
    edges = _edges(expected, max(1, min(_BINS, len(expected) // _MIN_USERS)))
    bins = np.searchsorted(edges, expected, side="right")
    at = (np.arange(POINTS) + 0.5) / POINTS
    found = [(actual[bins == one], expected[bins == one]) for one in range(len(edges) + 1)]
    residuals = [later - foreseen - (later - foreseen).mean() for later, foreseen in found]
    return Scatter(
        edges=edges.tolist(),
        points=[_rounded(np.quantile(later, at)) for later, _ in found],
        # Ends that somebody really has: amounts are few, and none lies in between.
        lower=_rounded([np.quantile(later, _TAIL, method="lower") for later, _ in found]),
        upper=_rounded([np.quantile(later, 1 - _TAIL, method="higher") for later, _ in found]),
        variance=[float((residual**2).mean()) for residual in residuals],
        third_moment=[float((residual**3).mean()) for residual in residuals],
    )


def _edges(expected: Floats, n_bins: int) -> Floats:
    """Edges of about equally full bins, between two values rather than on one.

    Many users share a value; a tiny shift must not send all of them to the next bin.
    """
    values, counts = np.unique(expected, return_counts=True)
    wanted = np.arange(1, n_bins) * len(expected) // n_bins
    last = np.unique(np.searchsorted(np.cumsum(counts), wanted))
    last = last[last < len(values) - 1]
    return np.asarray((values[last] + values[last + 1]) / 2, dtype=np.float64)


def _levels(
    segments: NDArray[np.object_], target: Floats, predictions: Floats, paid: Floats, share: float
) -> pd.DataFrame:
    """Level of each segment: (actual - predicted) / predicted future, and its noise variance."""
    residual = target - predictions
    future = np.where(np.isnan(paid), share * predictions, np.maximum(predictions - paid, 0))
    sums = (
        pd.DataFrame({"residual": residual, "square": residual**2, "future": future})
        .groupby(segments)
        .sum()
    )
    sums = sums[sums["future"] > 0]
    return pd.DataFrame(
        {
            "level": sums["residual"] / sums["future"],
            "noise": sums["square"] / sums["future"] ** 2,
        }
    )


def _unseen_variance(levels: pd.DataFrame) -> float:
    """Variance of the levels between segments, for one more segment; by maximum likelihood."""
    levels = levels.drop(index=MISSING_SEGMENT, errors="ignore")
    n_segments = len(levels)
    if n_segments < _FEW_SEGMENTS:
        return _UNSEEN_SD**2
    level, noise = levels["level"].to_numpy(), levels["noise"].to_numpy()
    log_likelihoods = [
        -0.5 * (np.log(sd**2 + noise) + level**2 / (sd**2 + noise)).sum() for sd in _SDS
    ]
    variance = float(_SDS[int(np.argmax(log_likelihoods))] ** 2)
    # That of Student's t: the spread itself is known from a few segments only.
    return variance * (1 + 1 / n_segments) * (n_segments - 1) / (n_segments - 3)


def _rounded(values: Floats | list[float]) -> list[float]:
    return [float(value) for value in np.round(values, _DECIMALS)]
