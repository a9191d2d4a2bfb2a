"""How features, predictions and outcomes are written and found."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from valuebox.ltv.schemas import (
    OutcomesStored,
    Prediction,
    PredictionPage,
    Predictions,
    PredictionSearch,
    StoredPrediction,
    User,
)
from valuebox.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.store.idempotency import AnswerGone
from valuebox.store.ids import new_ids

# Bound parameters of one statement are limited, on SQLite to 32,766.
_CHUNK = 5_000


class Estimate(NamedTuple):
    """What the model says of one user, and the interval around it; None where none was made."""

    prediction: float
    lower: float | None
    upper: float | None


def add_predictions(
    session: Session,
    request_id: UUID,
    users: Sequence[User],
    estimates: Sequence[Estimate],
    model: str,
) -> list[UUID]:
    """Store what was received of `users` and what `model` said of them, row by row.

    Returns:
        The prediction ids, in the order of `users`.
    """
    now = datetime.now(UTC)
    ids = new_ids(len(users))
    session.execute(
        insert(LtvFeatures),
        [
            {
                "id": row_id,
                "request_id": request_id,
                "received_at": now,
                "user_id": user.user_id,
                "join_date": user.join_date,
                "hidden": user.hidden,
                "stv": user.STV,
                "credit_card_level": user.credit_card_level,
                "is_lp": user.is_lp,
                "aff_type": user.aff_type,
                "is_cancelled": user.is_cancelled,
                "country_segment": user.country_segment,
                "extra": user.model_extra or None,
            }
            for row_id, user in zip(ids, users, strict=True)
        ],
    )
    session.execute(
        insert(LtvPrediction),
        [
            {
                "id": row_id,
                "features_id": row_id,
                "model": model,
                **estimate._asdict(),
                "predicted_at": now,
            }
            for row_id, estimate in zip(ids, estimates, strict=True)
        ],
    )
    return ids


def put_outcomes(session: Session, targets: dict[int, float]) -> OutcomesStored:
    """Store realised values by user id; a known value is left alone, another one replaced."""
    now = datetime.now(UTC)
    # One order for everybody, so that two requests with the same users cannot deadlock.
    user_ids = sorted(targets)
    known: dict[int, float] = {}
    for start in range(0, len(user_ids), _CHUNK):
        chunk = user_ids[start : start + _CHUNK]
        found = select(LtvOutcome.user_id, LtvOutcome.target).where(LtvOutcome.user_id.in_(chunk))
        known.update((user_id, target) for user_id, target in session.execute(found))
    changed = [user_id for user_id in user_ids if known.get(user_id) != targets[user_id]]
    if changed:
        upsert = _upsert_outcome(session)
        session.execute(
            upsert,
            [
                {
                    "user_id": user_id,
                    "target": targets[user_id],
                    "first_reported_at": now,
                    "changed_at": now,
                }
                for user_id in changed
            ],
        )
    added = sum(user_id not in known for user_id in changed)
    return OutcomesStored(
        received=len(targets),
        added=added,
        corrected=len(changed) - added,
        unchanged=len(targets) - len(changed),
    )


def _upsert_outcome(session: Session) -> postgresql.Insert | sqlite.Insert:
    is_postgres = session.get_bind().dialect.name == "postgresql"
    statement = (postgresql.insert if is_postgres else sqlite.insert)(LtvOutcome)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[LtvOutcome.user_id],
        set_={"target": new.target, "changed_at": new.changed_at},
        where=LtvOutcome.target != new.target,
    )


def find_predictions(session: Session, search: PredictionSearch) -> PredictionPage:
    """One page of stored predictions, newest first."""
    query = (
        select(LtvPrediction, LtvFeatures, LtvOutcome.target)
        .join(LtvFeatures, LtvFeatures.id == LtvPrediction.features_id)
        .outerjoin(LtvOutcome, LtvOutcome.user_id == LtvFeatures.user_id)
        .order_by(LtvPrediction.id.desc())
        .limit(search.page_size + 1)
    )
    if search.user_ids is not None:
        query = query.where(LtvFeatures.user_id.in_(set(search.user_ids)))
    if search.request_id is not None:
        query = query.where(LtvFeatures.request_id == search.request_id)
    if search.joined_from is not None:
        query = query.where(LtvFeatures.join_date >= search.joined_from)
    if search.joined_before is not None:
        query = query.where(LtvFeatures.join_date < search.joined_before)
    if search.after is not None:
        query = query.where(LtvPrediction.id < search.after)
    found = [
        StoredPrediction.model_construct(
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
        for prediction, features, target in session.execute(query)
    ]
    page = found[: search.page_size]
    more = len(found) > len(page)
    return PredictionPage.model_construct(
        predictions=page, next_page=page[-1].prediction_id if more else None
    )


def answer_of_request(session: Session, request_id: UUID, n_users: int) -> Predictions:
    """What a request was answered with, once more, in the order of its rows.

    Raises:
        AnswerGone: when not all of its `n_users` predictions are stored any more.
    """
    query = (
        select(
            LtvFeatures.user_id,
            LtvPrediction.prediction,
            LtvPrediction.lower,
            LtvPrediction.upper,
            LtvPrediction.model,
            LtvPrediction.id.label("prediction_id"),
        )
        .join(LtvFeatures, LtvFeatures.id == LtvPrediction.features_id)
        .where(LtvFeatures.request_id == request_id)
        .order_by(LtvPrediction.id)
    )
    found = session.execute(query).mappings()
    stored = [Prediction.model_construct(**row) for row in found]
    if len(stored) != n_users:
        raise AnswerGone
    return Predictions.model_construct(stored)


def estimates_of_request(session: Session, request_id: UUID) -> list[Estimate]:
    """What one request was answered with, in the order of its rows."""
    query = (
        select(LtvPrediction.prediction, LtvPrediction.lower, LtvPrediction.upper)
        .join(LtvFeatures, LtvFeatures.id == LtvPrediction.features_id)
        .where(LtvFeatures.request_id == request_id)
        .order_by(LtvPrediction.id)
    )
    return [Estimate(*row) for row in session.execute(query)]
