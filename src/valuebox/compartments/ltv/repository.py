"""How features, predictions and outcomes are written and found."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.answers import Answer
from valuebox.compartments.ltv.columns import Estimates, UserColumns
from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.schemas import (
    OutcomesStored,
    PredictionPage,
    PredictionSearch,
    StoredPrediction,
)
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.predictions.sums.passed_over import noting
from valuebox.schemas.own_columns import with_known
from valuebox.serving.replays import AnswerGone
from valuebox.store.by_request import of_request
from valuebox.store.clock import CLOCK
from valuebox.store.paging import page_of
from valuebox.store.upsert import put_latest
from valuebox.store.writing import Rows, Then

_IDS: Final = (LtvFeatures.id, LtvFeatures.request_id)


def new_predictions(
    ids: Sequence[UUID],
    request_id: UUID | Sequence[UUID],
    users: UserColumns,
    estimates: Callable[[], Estimates],
    model: str,
    own: Collection[str] = (),
) -> Iterator[Rows | Then]:
    """The rows that hold what was received of `users` and what `model` said of them.

    Args:
        ids: Of the predictions, in the order of `users`; those of a request have a block of
            their own.
        request_id: Of the request that they came with; one for each user, if there were several.
        users: What was received.
        estimates: What was said; only asked for when the features are on their way, if many.
        model: Who said it.
        own: Columns that the model brings, which are stored in `extra`.

    Yields:
        Rows, to be written in this order, and what follows them.
    """
    now = CLOCK.moment()
    received = {
        "id": ids,
        "request_id": request_id,
        "received_at": now,
        "user_id": users.user_id,
        "join_date": users.join_date,
        **{name.lower(): users.features[name] for name in FEATURES},
        "extra": with_known(users.extra, users.features, own),
    }
    yield Rows(LtvFeatures, len(ids), received)
    predicted = {
        "id": ids,
        "features_id": ids,
        "model": model,
        **estimates()._asdict(),
        "predicted_at": now,
    }
    yield Rows(LtvPrediction, len(ids), predicted)
    yield noting("ltv", LtvFeatures.__tablename__, ids)


def put_outcomes(session: Session, targets: Mapping[int, float]) -> OutcomesStored:
    """Store realised values by user id; a known value is left alone, another one replaced."""
    return OutcomesStored(**put_latest(session, LtvOutcome, targets)._asdict())


def find_predictions(session: Session, search: PredictionSearch) -> PredictionPage:
    """One page of stored predictions, newest first."""
    query = (
        select(LtvPrediction, LtvFeatures, LtvOutcome.target)
        .join(LtvFeatures, LtvFeatures.id == LtvPrediction.id)
        .outerjoin(LtvOutcome, LtvOutcome.user_id == LtvFeatures.user_id)
    )
    if search.user_ids is not None:
        query = query.where(LtvFeatures.user_id.in_(set(search.user_ids)))
    if search.request_id is not None:
        query = query.where(of_request(session, *_IDS, search.request_id))
    if search.joined_from is not None:
        query = query.where(LtvFeatures.join_date >= search.joined_from)
    if search.joined_before is not None:
        query = query.where(LtvFeatures.join_date < search.joined_before)
    page, next_page = page_of(
        session, query, LtvPrediction.id, search.page_size, search.after, _told
    )
    return PredictionPage.model_construct(predictions=page, next_page=next_page)


def _told(
    prediction: LtvPrediction, features: LtvFeatures, target: float | None
) -> StoredPrediction:
    return StoredPrediction.model_construct(
        user_id=features.user_id,
        prediction=prediction.prediction,
        lower=prediction.lower,
        upper=prediction.upper,
        model=prediction.model,
        prediction_id=prediction.id,
        request_id=features.request_id,
        predicted_at=prediction.predicted_at,
        join_date=features.join_date,
        country_segment=features.country_segment,
        target=target,
    )


def answer_of_request(session: Session, request_id: UUID, n_users: int) -> Answer:
    """What a request was answered with, once more.

    Raises:
        AnswerGone: when not all of its `n_users` predictions are stored any more.
    """
    stored = predictions_of(session, request_id)
    if len(stored) != n_users:
        raise AnswerGone
    ids, user_id, prediction, lower, upper, models = zip(*stored, strict=True)
    return Answer(user_id, prediction, lower, upper, [str(one) for one in ids], models[0])


def predictions_of(session: Session, request_id: UUID) -> Sequence[Row[*tuple[Any, ...]]]:
    """What is stored of each user of a request, in the order sent."""
    said = LtvPrediction
    columns = (said.id, LtvFeatures.user_id, said.prediction, said.lower, said.upper, said.model)
    query = (
        select(*columns)
        .join(LtvFeatures, LtvFeatures.id == said.id)
        .where(of_request(session, *_IDS, request_id))
        .order_by(said.id)
    )
    return session.execute(query).all()
