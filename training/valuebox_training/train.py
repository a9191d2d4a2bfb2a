"""From files to a model in the store: check, fit, validate, save."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from valuebox import cohorts
from valuebox.ltv.files import COLUMNS, TARGET, BadFile, columns_of, read_users
from valuebox.ltv.model import LtvModel
from valuebox_training import pipeline
from valuebox_training.search import Trial, search

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Trained:
    """What training made: the exact tag, and how it did on the validation users, if any."""

    tag: str
    users: int
    validation: cohorts.CohortReport | None


def train(
    train_file: Path,
    valid_file: Path | None,
    name: str,
    seed: int = 0,
    trials: int = 0,
    tried: Callable[[Trial], None] = lambda trial: None,
    client: "Client | None" = None,
) -> Trained:
    """Fit on one file, judge on another that stays unseen, save into the model store.

    Args:
        train_file: CSV of users with a `target`.
        valid_file: CSV of later users with a `target`, or None to skip the judgement.
        name: Of the model in the store.
        seed: Of everything random in the fit.
        trials: Hyperparameters to try besides the default ones; see `search`.
        tried: Told every trial as it ends.
        client: Of a Dask cluster that grows the trees; None grows them here.

    Raises:
        BadFile: when a file cannot be used; nothing is saved then.
        registry.ArtifactRefused: when the store does not accept the name.
    """
    users = _read(train_file)
    valid = _read(valid_file) if valid_file else None
    booster = search(users, trials, seed, tried, client).booster if trials else pipeline.BOOSTER
    model = pipeline.to_model(pipeline.fit(users, seed, booster, client), users)
    validation = judge(model, valid) if valid is not None else None
    labels = {"training_window": _window(users)["last_join"][:7]}
    tag = model.save(name, labels, _metadata(users, validation, seed, booster))
    return Trained(tag, len(users), validation)


def judge(model: LtvModel, users: pd.DataFrame) -> cohorts.CohortReport:
    """Cohort errors of a model, with intervals, and of its baseline, on users with a `target`."""
    columns = columns_of(users)
    predicted = users.assign(
        prediction=model.predict(columns), baseline=model.baseline.predict(columns)
    )
    return cohorts.report(predicted, model.uncertainty.cohort_interval)


def _read(path: Path) -> pd.DataFrame:
    users = read_users(path, required=(*COLUMNS, TARGET), unique=True)
    if users[TARGET].isna().all():
        raise BadFile(f"{path}: no user has a target")
    return users


def _window(users: pd.DataFrame) -> dict[str, str]:
    joined = users["join_date"]
    return {"first_join": str(joined.min()), "last_join": str(joined.max())}


def _metadata(
    users: pd.DataFrame,
    validation: cohorts.CohortReport | None,
    seed: int,
    booster: Mapping[str, Any],
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "training_window": _window(users),
        "training_users": len(users),
        "seed": seed,
        "booster": dict(booster),
    }
    if validation:
        metadata["validation"] = {
            "users": validation.users,
            **{
                f"{period}_{average}": getattr(getattr(validation, period), average)
                for period in cohorts.PERIODS
                for average in ("macro", "macro_baseline", "weighted", "weighted_baseline")
            },
        }
    return metadata
