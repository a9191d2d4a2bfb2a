"""Choosing the booster's hyperparameters on time-ordered folds of the training users.

Every fold learns from the users up to a day and is judged on those who joined in the weeks after
it, as it will be in use. Users to validate on are never looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import ParameterSampler

from valuebox.compartments.ltv.files import BadFile
from valuebox.compartments.ltv.user import USERS
from valuebox.features.shape import Shape
from valuebox_training.ltv import pipeline
from valuebox_training.sharing import each

if TYPE_CHECKING:
    from distributed import Client

# Around what is known to work: enough shallow trees on large leaves.
SPACE: Final[dict[str, list[Any]]] = {
    "n_estimators": [150, 300, 600],
    "learning_rate": [0.03, 0.05, 0.1],
    "max_depth": [3, 4, 5, 6, 7],
    "min_child_weight": [20, 50, 150],
    "subsample": [0.6, 0.8, 1.0],
    "colsample_bytree": [0.5, 0.8, 1.0],
    "reg_lambda": [1.0, 5.0, 20.0],
}
# The last users are judged, in three parts by join date, each from all that came before it.
_FOLDS: Final = (0.55, 0.70, 0.85)


class Trial(NamedTuple):
    """Hyperparameters, and their mean squared error over the folds."""

    booster: Mapping[str, Any]
    loss: float

    @property
    def changed(self) -> dict[str, Any]:
        """Parameters that are not the default."""
        default = pipeline.BOOSTER
        return {name: value for name, value in self.booster.items() if value != default[name]}


def search(
    users: pd.DataFrame,
    trials: int,
    seed: int = 0,
    tried: Callable[[Trial], None] = lambda trial: None,
    client: "Client | None" = None,
    shape: Shape = USERS,
) -> Trial:
    """Try the default and `trials` random points of `SPACE`, and return the best of them.

    Args:
        users: With `join_date` and `target`.
        trials: Points besides the default.
        seed: Of the points and of every fit.
        tried: Told every trial as it ends.
        client: Of a Dask cluster whose workers try a point on a fold each; None tries all here.
        shape: The columns of the users.

    Raises:
        BadFile: when all users joined on so few days that none are later than others.
    """
    known = users[users["target"].notna()]
    points = ParameterSampler(SPACE, trials, random_state=seed)
    candidates = [pipeline.BOOSTER, *({**pipeline.BOOSTER, **point} for point in points)]
    folds = time_ordered_folds(known)
    if not folds:
        raise BadFile("the users joined on too few days to choose hyperparameters")
    parts = [(booster, fold) for booster in candidates for fold in range(len(folds))]
    losses = each(client, _loss, parts, folds, seed, shape)
    done = []
    for booster in candidates:
        done.append(Trial(booster, float(np.mean([next(losses) for _ in folds]))))
        tried(done[-1])
    return min(done, key=lambda trial: trial.loss)


def time_ordered_folds(users: pd.DataFrame) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Pairs of earlier users to learn from and later ones to judge on; whole days."""
    day = users["join_date"].dt.normalize()
    cuts = [day.quantile(share, interpolation="nearest") for share in _FOLDS]
    ends = [*cuts[1:], day.max() + pd.Timedelta(days=1)]
    pairs = [
        (users[day < cut], users[(day >= cut) & (day < end)])
        for cut, end in zip(cuts, ends, strict=True)
    ]
    return [(earlier, later) for earlier, later in pairs if len(earlier) and len(later)]


def _loss(
    folds: Sequence[tuple[pd.DataFrame, pd.DataFrame]],
    seed: int,
    shape: Shape,
    part: tuple[Mapping[str, Any], int],
) -> float:
    booster, fold = part
    earlier, later = folds[fold]
    predictions = pipeline.fit(earlier, seed, booster, shape=shape).predict(later)
    return float(np.mean((later["target"].to_numpy(dtype=np.float64) - predictions) ** 2))
