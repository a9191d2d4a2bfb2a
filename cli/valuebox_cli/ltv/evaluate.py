"""Send a file to the service, take the predictions back, judge them by cohort."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import pandas as pd
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.exc import DBAPIError

from valuebox.client.errors import ServiceError
from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.baseline import SegmentStvMeans
from valuebox.compartments.ltv.bulk import PredictionTable
from valuebox.compartments.ltv.columns import Estimates
from valuebox.compartments.ltv.files import (
    TARGET,
    BadFile,
    UserFile,
    all_users,
    columns_of,
    open_users,
    outliers,
)
from valuebox.compartments.ltv.schemas import Prediction
from valuebox.compartments.ltv.user import USERS
from valuebox.models.contributions import Contributions
from valuebox.schemas.plain import columns_of as columns_of_frame
from valuebox.store.engine import Store, make_engine, reason
from valuebox_cli.client import advised, connected
from valuebox_cli.terminal.console import Interrupted, Unreachable
from valuebox_training.ltv import cohorts
from valuebox_training.ltv.cohorts import CohortReport

_BULK: Final = "/v1/ltv/predict/bulk"
Source = Literal["api", "database"]


class EvaluationReport(BaseModel):
    """What `valuebox evaluate --report` writes."""

    evaluated_at: AwareDatetime = Field(description="When the file was evaluated, in UTC.")
    file: str = Field(description="Path of the file of users.")
    url: str = Field(description="Address of the service that predicted.")
    run: str = Field(description="Name of this run; see the option `--run`.")
    source: Source = Field(description="Where the predictions were taken from.")
    models: list[str] = Field(description="Tags of the models that answered.")
    request_ids: list[UUID] = Field(
        description="Id of the request of each batch, in the order of the file."
    )
    users: int = Field(description="Users sent, predicted and stored: all rows of the file.")
    absent_features: list[str] = Field(
        default_factory=list,
        description="Features that no column of the file is called by: missing for every user.",
    )
    near_names: dict[str, str] = Field(
        default_factory=dict,
        description="Columns that are called nearly like an absent feature, by that feature.",
    )
    warnings: list[str] = Field(
        default_factory=list,
        description="What is strange about the file and its values, in sentences.",
    )
    cohorts: CohortReport | None = Field(
        description="Errors of the predictions; null when the file has no target."
    )
    contributions: Contributions = Field(
        description="How far each feature shifts predictions, as the model card tells it."
    )


def evaluate(
    file: UserFile,
    url: str,
    batch_size: int,
    database_url: str | None,
    run: str,
    sent: Callable[[int, int], None],
    must_judge: bool = False,
    strict: bool = False,
) -> tuple[pd.DataFrame, EvaluationReport]:
    """Predict every user of a file through the service and judge the result.

    Args:
        file: Users, with or without `target`; that column is never sent.
        url: Of the service.
        batch_size: Users per request.
        database_url: Read the predictions back from there, instead of from the answers.
        run: Name of this run; what was stored under the same name before is not stored again.
        sent: Told (users sent, users in all) after every batch.
        must_judge: Whether a file without any `target` is refused.
        strict: Whether a file is refused that lacks a feature of the model that answers.

    Returns:
        `user_id, prediction, lower, upper, model, prediction_id` for every user in file order,
        and the report.

    Raises:
        BadFile: when the file cannot be used; nothing has been sent then.
        Unreachable: when the service fails, where what it had answered until then is stored; or
            when the database does not answer or does not hold this run's rows.
    """
    users = all_users(file)
    warnings = file.warnings()
    can_judge = TARGET in users and bool(users[TARGET].notna().any())
    if must_judge and not can_judge:
        raise BadFile(
            f"{file.path}: has no target to make a page of; leave out --html to predict only"
        )
    request_ids: list[UUID] = []
    answers: list[pd.DataFrame] = []
    done = 0
    with connected(url) as client:
        card = client.model_card()
        if card.columns.columns:
            shape = USERS.with_own(card.columns)
            file = open_users(file.path, shape.required, strict, shape)
            users, warnings = all_users(file, shape=shape), file.warnings()
        try:
            for batch in _batches(users.drop(columns=TARGET, errors="ignore"), batch_size):
                answer = client.call(_BULK, batch, PredictionTable, key=f"evaluate:{run}:{done}")
                if answer.content.user_id != batch["user_id"]:
                    raise Unreachable(f"{url} answered other users than were sent")
                request_ids.append(answer.request_id)
                answers.append(pd.DataFrame(answer.content.model_dump(exclude={"warnings"})))
                done += len(answers[-1])
                sent(done, len(users))
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted{_go_on(done, len(users), run)}") from None
        except ServiceError as error:
            if not error.is_away:
                raise
            raise Unreachable(f"{advised(error)}{_go_on(done, len(users), run)}") from None
    predicted = pd.concat(answers, ignore_index=True)[list(Prediction.model_fields)]
    if database_url:
        stored = read_back(database_url, request_ids, len(users))
        predicted[list(Estimates._fields)] = stored
    reach = card.paid.reach
    beyond = reach.beyond(columns_of(users).get("STV"))
    warnings += [f"{file.path}: {told}" for told in reach.warnings(beyond, counted_from=1)]
    judged = None
    if can_judge:
        warnings += outliers(file.path, users)
        baseline = SegmentStvMeans.from_dict(card.baseline).predict(columns_of(users))
        judged = cohorts.report(
            users.assign(prediction=predicted["prediction"], baseline=baseline),
            card.uncertainty.cohort_interval,
        )
    return predicted, EvaluationReport(
        evaluated_at=datetime.now(UTC),
        file=str(file.path),
        url=url,
        run=run,
        source="database" if database_url else "api",
        models=sorted(predicted["model"].unique()),
        request_ids=request_ids,
        users=len(users),
        absent_features=file.heading.absent,
        near_names=file.heading.near,
        warnings=warnings,
        cohorts=judged,
        contributions=card.contributions,
    )


def _go_on(done: int, users: int, run: str) -> str:
    """What the command says when it could not send everything."""
    return f"; {done:,} of {users:,} users are known to be stored, go on with --run {run}"


def read_back(
    database_url: str, request_ids: list[UUID], expected: int
) -> list[tuple[float, float | None, float | None]]:
    """Predictions that are stored for some requests, and their intervals, in the order sent.

    Raises:
        Unreachable: when the database does not answer or holds another number of rows.
    """
    store = Store(make_engine(database_url))
    try:
        with store.reading() as session:
            stored = [
                (one.prediction, one.lower, one.upper)
                for request_id in request_ids
                for one in repository.predictions_of(session, request_id)
            ]
    except DBAPIError as error:
        raise Unreachable(f"the database cannot be read: {reason(error)}") from None
    finally:
        store.close()
    if len(stored) != expected:
        raise Unreachable(
            f"the database holds {len(stored):,} predictions of this run instead of "
            f"{expected:,}; is it the one that the service writes to?"
        )
    return stored


def _batches(users: pd.DataFrame, size: int) -> Iterator[dict[str, list[Any]]]:
    for start in range(0, len(users), size):
        yield columns_of_frame(users.iloc[start : start + size])
