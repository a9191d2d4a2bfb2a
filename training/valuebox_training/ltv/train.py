"""From files to a model in the store: check, fit, validate, save."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from valuebox.compartments.ltv.files import (
    TARGET,
    BadFile,
    all_users,
    columns_of,
    open_users,
    outliers,
)
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.user import USERS
from valuebox.features.declared.reading import BadDeclaration
from valuebox.features.shape import Shape
from valuebox.schemas.own_columns import OwnColumns
from valuebox.statistics.grain import GRAINS
from valuebox_training.ltv import cohorts, pipeline
from valuebox_training.ltv.search import Trial, search
from valuebox_training.ltv.with_own import (
    Beside,
    NotAsGood,
    learned,
    metadata_of,
    must_be_as_good,
)

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Trained:
    """What training made: the exact tag, and how it did on the validation users, if any."""

    tag: str
    users: int
    """Number of users with a target: those learned from."""
    without: int
    """Number of users without a target."""
    validation: cohorts.CohortReport | None
    beside: Beside | None = None
    """How a pipeline of one's own compares with the house's, where it is one."""
    warnings: Sequence[str] = ()


def train(
    train_file: Path,
    valid_file: Path | None,
    name: str,
    seed: int = 0,
    trials: int = 0,
    tried: Callable[[Trial], None] = lambda trial: None,
    client: "Client | None" = None,
    strict: bool = False,
    keep_outliers: bool = False,
    factory: str | None = None,
    force: bool = False,
    own: OwnColumns | None = None,
) -> Trained:
    """Fit on one file, judge on another that stays unseen, save into the model store.

    Args:
        train_file: Users with a `target`; see `valuebox.compartments.ltv.files.open_users`.
        valid_file: Later users with a `target`, or None to skip the judgement.
        name: Of the model in the store.
        seed: Of everything random in the fit.
        trials: Hyperparameters to try besides the default ones; see `search`.
        tried: Told every trial as it ends.
        client: Of a Dask cluster that grows the trees; None grows them here.
        strict: Whether to refuse files whose columns are called nearly right.
        keep_outliers: Whether to learn from targets that are beyond what the others lead to expect.
        factory: Of a pipeline that takes the place of the trees; see `with_own`.
        own: Columns that users have besides; None for none.
        force: Whether to save it even where it is worse than the trees, or nobody knows.

    Raises:
        BadFile: when a file cannot be used; nothing is saved then.
        BadDeclaration: when a column of `own` is called like one that every user has, or there is
            none.
        BadPipeline: when the pipeline cannot be learned, kept or served.
        NotAsGood: when it is worse than the trees, or there are no users to judge it on.
        registry.ArtifactRefused: when the store does not accept the name.
    """
    if factory and not valid_file and not force:
        raise NotAsGood(
            f"nothing says whether {factory} is as good as the house's own trees: give later users "
            "with --valid, or save it all the same with --force"
        )
    if own is not None and not own.columns:
        raise BadDeclaration("the declaration of columns names none")
    try:
        shape = USERS if own is None else USERS.with_own(own)
    except ValueError as error:
        raise BadDeclaration(str(error)) from None
    users = _read(train_file, strict, keep_outliers, shape)
    valid = _read(valid_file, strict, keep_outliers, shape) if valid_file else None
    known = users[users[TARGET].notna()]
    found = search(users, trials, seed, tried, client, shape).booster if trials else None
    booster = found or pipeline.BOOSTER
    beside, validation = None, None
    warnings: list[str] = []
    if factory:
        model, warnings = learned(users, factory, seed, shape)
    if not factory or valid is not None:
        ours = pipeline.to_model(pipeline.fit(users, seed, booster, client, shape), users)
        model = model if factory else ours
    if valid is not None:
        validation = judge(model, valid)
        beside = Beside.of(validation, judge(ours, valid)) if factory else None
    if factory and not force:
        must_be_as_good(beside, factory)
    labels = {"training_window": _window(known)["last_join"][:7]}
    made_with = metadata_of(model, beside) or {"booster": dict(booster)}
    tag = model.save(name, labels, _metadata(known, validation, seed) | made_with)
    return Trained(tag, len(known), len(users) - len(known), validation, beside, warnings)


def judge(model: LtvModel, users: pd.DataFrame) -> cohorts.CohortReport:
    """Cohort errors of a model, with intervals, and of its baseline, on users with a `target`."""
    columns = columns_of(users)
    predicted = users.assign(
        prediction=model.predict(columns), baseline=model.baseline.predict(columns)
    )
    return cohorts.report(predicted, model.uncertainty.cohort_interval)


def _read(path: Path, strict: bool, keep_outliers: bool, shape: Shape) -> pd.DataFrame:
    file = open_users(path, (*shape.columns, TARGET), strict, shape)
    users = all_users(file, unique=True, shape=shape)
    if users[TARGET].isna().all():
        raise BadFile(f"{path}: no user has a target")
    if not keep_outliers and (told := outliers(path, users)):
        raise BadFile(*told, "mend them, or keep them with --keep-outliers")
    return users


def _window(users: pd.DataFrame) -> dict[str, str]:
    joined = users["join_date"]
    return {"first_join": str(joined.min()), "last_join": str(joined.max())}


def _metadata(
    users: pd.DataFrame,
    validation: cohorts.CohortReport | None,
    seed: int,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "training_window": _window(users),
        "training_users": len(users),
        "seed": seed,
    }
    if validation:
        metadata["validation"] = {
            "users": validation.users,
            **{
                f"{grain}_{average}": getattr(getattr(validation, grain), average)
                for grain in GRAINS
                for average in ("macro", "macro_baseline", "weighted", "weighted_baseline")
            },
        }
    return metadata
