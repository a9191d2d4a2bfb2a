"""What the field reads of a value model, user by user: error, ranking, calibration."""

import numpy as np
from pydantic import BaseModel, Field

from valuebox.statistics.arrays import Floats


class Decile(BaseModel):
    """A tenth of the users, by prediction."""

    decile: int = Field(description="Number of the decile; 1 holds the lowest predictions.")
    users: int = Field(description="Number of users in the decile.")
    predicted: float = Field(description="Mean prediction of these users.")
    actual: float = Field(description="Mean target of these users.")


class UserScores(BaseModel):
    """How single users are predicted; amounts in the currency of the target."""

    mae: float = Field(description="Mean absolute error of the prediction of a user.")
    bias: float = Field(description="Mean prediction minus mean target.")
    r2: float | None = Field(description="Share of variance explained; null without variance.")
    gini: float | None = Field(
        description="Normalised Gini: 1 ranks users as their targets do, 0 as chance does."
    )
    spearman: float | None = Field(description="Rank correlation with the target.")
    decile_mape: float | None = Field(
        description="Mean absolute error of the decile means, as a share of the actual mean."
    )
    deciles: list[Decile] = Field(
        description="Calibration: means of every tenth of the users, lowest predictions first."
    )


def user_scores(target: Floats, prediction: Floats) -> UserScores:
    """Score predictions of single users.

    Args:
        target: Realised values, `(n_users,)`, at least one.
        prediction: Predicted values, in the same order and currency.
    """
    import pandas as pd

    residual = target - prediction
    variance = float(((target - target.mean()) ** 2).sum())
    deciles = _deciles(target, prediction)
    actual = np.array([decile.actual for decile in deciles])
    missed = np.abs(actual - [decile.predicted for decile in deciles])
    return UserScores(
        mae=float(np.abs(residual).mean()),
        bias=float(-residual.mean()),
        r2=1 - float((residual**2).sum()) / variance if variance > 0 else None,
        gini=_normalised_gini(target, prediction),
        spearman=_finite(pd.Series(target).rank().corr(pd.Series(prediction).rank())),
        decile_mape=float((missed / np.abs(actual)).mean()) if (actual != 0).all() else None,
        deciles=deciles,
    )


def _deciles(target: Floats, prediction: Floats) -> list[Decile]:
    order = np.argsort(prediction, kind="stable")
    parts = [part for part in np.array_split(order, 10) if part.size]
    return [
        Decile(
            decile=number,
            users=part.size,
            predicted=float(prediction[part].mean()),
            actual=float(target[part].mean()),
        )
        for number, part in enumerate(parts, start=1)
    ]


def _normalised_gini(target: Floats, prediction: Floats) -> float | None:
    best = _gini(target, target)
    return _gini(target, prediction) / best if best > 0 else None


def _gini(target: Floats, ranking: Floats) -> float:
    """Area between the line of equality and the Lorenz curve of `target` in rising `ranking`.

    Users with equal rankings share their targets, so that their order does not matter.
    """
    import pandas as pd

    shared = pd.Series(target).groupby(ranking).transform("mean").to_numpy(dtype=np.float64)
    collected = np.cumsum(shared[np.argsort(ranking, kind="stable")])
    if collected[-1] == 0:
        return 0.0
    equality = np.arange(1, len(target) + 1) / len(target)
    return float((equality - collected / collected[-1]).mean())


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
