"""The pipeline that is learned: our encoder, then an XGBoost regressor, or one of one's own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from xgboost import XGBRegressor

from valuebox.compartments.ltv.baseline import SegmentStvMeans
from valuebox.compartments.ltv.features import Encoder, Matrix
from valuebox.compartments.ltv.files import columns_of
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.user import USERS
from valuebox.features.shape import Shape
from valuebox.models.regressors import Regressor, Trees
from valuebox.statistics.level import Level
from valuebox_training.ltv.bins import fit_reference
from valuebox_training.ltv.contributions import fit_contributions
from valuebox_training.ltv.level import fit_level
from valuebox_training.ltv.on_dask import fit_on
from valuebox_training.ltv.paid import fit_paid
from valuebox_training.ltv.robust import with_gaps
from valuebox_training.ltv.uncertainty import Views, fit_uncertainty
from valuebox_training.own.factory import fitted

if TYPE_CHECKING:
    from distributed import Client

# Squared error, because the mean is asked for: other losses aim at other middles. Shallow
# trees on large leaves: what is left within a leaf is the noise of single users.
BOOSTER: Final[dict[str, Any]] = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "n_estimators": 300,
    "learning_rate": 0.05,
    "max_depth": 5,
    "min_child_weight": 50,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "reg_lambda": 5.0,
}
GAP_SHARE: Final = 0.2
GAP: Final = 0.3


class EncodeUsers(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The service's own `Encoder` as a scikit-learn step on a DataFrame of users."""

    def __init__(self, min_users: int = 20, shape: Shape = USERS):
        self.min_users = min_users
        self.shape = shape

    def fit(self, users: pd.DataFrame, target: Any = None) -> Self:
        """Learn the categories; see `Encoder.fit`."""
        self.encoder_ = Encoder(self.min_users, self.shape).fit(columns_of(users))
        return self

    def transform(self, users: pd.DataFrame) -> Matrix:
        """The features as a matrix, `(n_users, n_features)` float32; see `Encoder.transform`."""
        return self.encoder_.transform(columns_of(users))


def make_pipeline(
    seed: int = 0, booster: Mapping[str, Any] = BOOSTER, shape: Shape = USERS
) -> Pipeline:
    """An unfitted pipeline from users to their expected lifetime value."""
    regressor = XGBRegressor(**booster, random_state=seed)
    return Pipeline([("encode", EncodeUsers(shape=shape)), ("regress", regressor)])


def fit(
    users: pd.DataFrame,
    seed: int = 0,
    booster: Mapping[str, Any] = BOOSTER,
    client: "Client | None" = None,
    shape: Shape = USERS,
) -> Pipeline:
    """Fit on users with a known `target`; rows without one teach nothing and are left out.

    Args:
        users: One row per user, with a `target`.
        seed: Of everything random.
        booster: Hyperparameters of the regressor.
        client: Of a Dask cluster that grows the trees; None grows them here.
        shape: The columns of the users.
    """
    known = users[users["target"].notna()]
    rows, target = with_gaps(known, known["target"], GAP_SHARE, GAP, seed, shape.features)
    if client is None:
        return make_pipeline(seed, booster, shape).fit(rows, target)
    encode = EncodeUsers(shape=shape).fit(rows)
    regressor = fit_on(client, encode.encoder_, rows, target, booster, seed)
    return Pipeline([("encode", encode), ("regress", regressor)])


def fit_own(
    users: pd.DataFrame, estimator: Any, seed: int = 0, shape: Shape = USERS
) -> tuple[Encoder, Any]:
    """Fit an estimator of one's own where the trees are otherwise; see `fit` and `own.factory`.

    Returns:
        The encoder, and the estimator.

    Raises:
        BadPipeline: when it cannot learn.
    """
    known = users[users["target"].notna()]
    rows, target = with_gaps(known, known["target"], GAP_SHARE, GAP, seed, shape.features)
    encode = EncodeUsers(shape=shape).fit(rows)
    amounts = target.to_numpy(dtype=np.float64)
    return encode.encoder_, fitted(estimator, encode.transform(rows), amounts)


def to_model(pipeline: Pipeline, users: pd.DataFrame) -> LtvModel:
    """What the service needs of a fitted pipeline; the rest is learned from the same users."""
    return around(pipeline["encode"].encoder_, Trees(pipeline["regress"].get_booster()), users)


def around(encoder: Encoder, regressor: Regressor, users: pd.DataFrame) -> LtvModel:
    """A model of what was fitted on users: what else it takes is learned from the same users."""
    known = users[users["target"].notna()]
    paid, stv = fit_paid(known), known["STV"].to_numpy(dtype=np.float64)
    views = Views(
        *(
            paid.bounded(
                regressor.predict(encoder.transform(columns_of(known.assign(**hidden)))), seen
            )
            for hidden, seen in (
                ({}, stv),
                ({"country_segment": None}, stv),
                ({"STV": np.nan}, None),
            )
        )
    )
    estimate, share = fit_level(known, views.plain), _future_share(known)
    level = Level(estimate.level, share)
    predictions = level.corrected(views.plain, stv)
    return LtvModel(
        encoder=encoder,
        regressor=regressor,
        level=level,
        uncertainty=fit_uncertainty(known, views, estimate, share),
        baseline=SegmentStvMeans.fit(columns_of(known), known["target"].to_numpy(dtype=np.float64)),
        contributions=fit_contributions(encoder, regressor, known),
        reference=fit_reference(encoder, known, predictions),
        paid=paid,
    )


def _future_share(users: pd.DataFrame) -> float:
    """Share of the value that comes after the first 4 days; all of it where no `STV` is known."""
    known = users[users["STV"].notna()]
    if known.empty:
        return 1.0
    total = known["target"].sum()
    return float(np.clip(1 - known["STV"].sum() / total, 0, 1)) if total > 0 else 0.0
