"""Two models of lifetime values, judged on the stored users whose outcome is known."""

from datetime import datetime
from typing import cast

import pandas as pd

from valuebox.compartments.loading import LoadedModel
from valuebox.compartments.ltv.files import columns_of
from valuebox.compartments.ltv.model import LtvModel
from valuebox.errors import ValueboxError
from valuebox.statistics.scores import UserScores, user_scores
from valuebox_cli.ltv.cohort_errors import print_errors, print_scores
from valuebox_cli.ltv.matured import matured_users
from valuebox_cli.terminal.console import out
from valuebox_cli.terminal.options import migrated_store
from valuebox_training.ltv import cohorts
from valuebox_training.ltv.cohorts import CohortReport


def compare(
    first: LoadedModel,
    second: LoadedModel,
    joined_from: datetime | None,
    joined_before: datetime | None,
    database_url: str | None,
) -> None:
    """Print how both predict users who joined in a period; see `valuebox models compare`.

    Raises:
        ValueboxError: when nobody has an outcome whom neither of them has learned from.
    """
    models = cast("LtvModel", first.artifact), cast("LtvModel", second.artifact)
    windows = [
        datetime.fromisoformat(window["last_join"])
        for model in models
        if (window := model.metadata.get("training_window"))
    ]
    after = max(windows, default=None)
    with migrated_store(database_url) as store, store.reading() as session:
        own = {
            name: str if name in one.shape.categorical else float
            for one in models
            for name in one.shape.own.columns
        }
        users = matured_users(session, joined_from, after, joined_before, own)
    if users.empty:
        since = f" after {after} and" if after else ""
        raise ValueboxError(f"no stored user who joined{since} in the period has an outcome")
    judged, scores = _judge(users, *models)
    for name, model in zip(("first: ", "second:"), models, strict=True):
        out.print(f"{name} {model.tag}")
    out.print()
    print_errors(
        judged,
        ("first", "second"),
        "floor: about what chance leaves; in: percent of cohorts whose mean lies in the "
        "first one's interval, 90 is meant",
    )
    out.print(f"{len(users):,} users who joined from {users['join_date'].min()} on")
    for name, of_model in zip(("first", "second"), scores, strict=True):
        print_scores(f"{name}, user by user", of_model)


def _judge(
    users: pd.DataFrame, first: LtvModel, second: LtvModel
) -> tuple[CohortReport, tuple[UserScores, UserScores]]:
    columns = columns_of(users)
    predicted = users.assign(prediction=first.predict(columns), baseline=second.predict(columns))
    report = cohorts.report(predicted, first.uncertainty.cohort_interval)
    target = predicted["target"].to_numpy()
    return report, (report.scores, user_scores(target, predicted["baseline"].to_numpy()))
