"""Learning whether customers do something within a period, from what they did before."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from valuebox.errors import ValueboxError
from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Floats, Positions, there
from valuebox.features.bins import SHARE_EDGES, Reference, prediction_codes
from valuebox_training.features.binning import counted, number_bins
from valuebox_training.sharing import each

if TYPE_CHECKING:
    from distributed import Client

__all__ = ("Features", "Learned", "NothingToLearn", "learn")

ROUNDS: Final = 6
"""Moments that are looked back at, a month apart."""
_MONTH: Final = 30
_LEAST: Final = 20
_DAY: Final = np.timedelta64(1, "D")

Features = Callable[[np.datetime64, Positions], Floats]
"""Function of a moment and of customers: what was known of them, `(n_customers, n_features)`."""


class NothingToLearn(ValueboxError):
    """The facts hold too little that a model of customers could be learned from."""


class Learned(NamedTuple):
    """A logistic regression, and how well it tells customers apart."""

    weights: list[float]
    """Of the features, and at last the intercept."""
    auc: float
    """AUC on the newest customers, by a regression that has not seen them."""
    customers: int
    """Number of the newest customers."""
    until: str
    """When the last event happened, UTC."""
    reference: Reference
    """The newest customers, by bin."""


class _Lesson(NamedTuple):
    rows: Floats
    did: Floats


def learn(
    facts: FactColumns,
    features: Features,
    names: Sequence[str],
    counts: Floats,
    days: int,
    client: "Client | None" = None,
) -> Learned:
    """Learn from all customers, as they were in each of the last months.

    Args:
        facts: What happened.
        features: Function of a moment and customers, by their positions among those of the facts:
            what was known of them, `(n_customers, n_features)`, without missing values.
        names: Names of the features.
        counts: Above 0 for the events that count as doing it: `(n_events,)`.
        days: How many days ahead to predict.
        client: Of a Dask cluster that looks back at a month each, and has the package of `features`
            installed; None does so here.

    Raises:
        NothingToLearn: when there are too few of whom it is known.
    """
    end = max(facts.events.time, default=np.datetime64(0, "us"))
    starts = [end - (days + _MONTH * ago) * _DAY for ago in range(ROUNDS)]
    lessons = list(each(client, _lesson, starts, facts, features, counts, days))
    newest, earlier = lessons[0], _joined(lessons[1:])
    for lesson in (newest, earlier):
        if min(lesson.did.sum(), (1 - lesson.did).sum()) < _LEAST:
            raise NothingToLearn(
                f"fewer than {_LEAST} customers are known to have done it within {days} days, or "
                "not to have done it"
            )
    before, weights = each(client, _fit, [earlier, _joined(lessons)])
    auc = roc_auc_score(newest.did, _log_odds(before, newest.rows))
    said = expit(_log_odds(weights, newest.rows))
    reference = Reference(
        numbers={name: number_bins(newest.rows[:, at]) for at, name in enumerate(names)},
        categories={},
        predictions=counted(prediction_codes(said, SHARE_EDGES), len(SHARE_EDGES) + 1),
    )
    return Learned(weights, float(auc), len(newest.did), str(end), reference)


def _log_odds(weights: list[float], rows: Floats) -> Floats:
    found: Floats = rows @ np.array(weights[:-1]) + weights[-1]
    return found


def _lesson(
    facts: FactColumns, features: Features, counts: Floats, days: int, at: np.datetime64
) -> _Lesson:
    chosen, events = there(facts, at, days), facts.events
    within = (counts > 0) & (events.time >= at) & (events.time < at + days * _DAY)
    did = np.isin(chosen, events.customer[within])
    return _Lesson(features(at, chosen), did.astype(np.float64))


def _joined(lessons: Sequence[_Lesson]) -> _Lesson:
    rows, did = zip(*lessons, strict=True)
    return _Lesson(np.concatenate(rows), np.concatenate(did))


def _fit(lesson: _Lesson) -> list[float]:
    scale = np.maximum(lesson.rows.std(axis=0), 1e-9)
    # The last digits differ with the number of threads.
    with threadpool_limits(1, user_api="blas"):
        fitted = LogisticRegression(max_iter=1_000).fit(lesson.rows / scale, lesson.did)
    return [*(fitted.coef_[0] / scale).tolist(), float(fitted.intercept_[0])]
