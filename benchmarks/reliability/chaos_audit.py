"""Whether what was answered is what is stored, each request once."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from benchmarks.reliability.chaos_clients import PREDICT, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.serving.replays import IdempotentRequest
from valuebox.store.engine import Store
from valuebox.store.session_settings import without_limits

FIRST: Final = UUID(int=0)
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Audit:
    """Counts of what was sent, what is stored, and what is wrong."""

    sent: int
    """Rows of predictions that clients sent, each key once."""
    sent_outcomes: int
    features: int
    predictions: int
    outcomes: int
    keys: int
    duplicates: int
    """Rows that are stored more often than they were sent."""
    lost: int
    """Rows that were answered and are not stored."""
    differing: int
    """Answers that do not say what is stored, or that changed when they were given again."""

    def is_good(self, requests: int) -> bool:
        """Whether each of as many requests is stored exactly once, as it was answered."""
        stored_once = self.features == self.predictions == self.sent
        outcomes_once = self.outcomes == self.sent_outcomes
        wrong = self.duplicates + self.lost + self.differing
        return stored_once and outcomes_once and self.keys == requests and not wrong


def audit(store: Store, requests: list[Request], since: UUID = FIRST, first_user: int = 0) -> Audit:
    """Compare every answer with the tables, where nobody else has stored anything.

    Args:
        store: The database.
        requests: That were answered.
        since: Rows with a smaller id were there before.
        first_user: Outcomes of smaller users, too.
    """
    predictions, outcomes, claims = _stored(store, since, first_user)
    duplicates = lost = differing = 0
    for request in requests:
        differing += request.differing
        if request.path == PREDICT:
            rows = predictions.pop(claims.get(request.key, ""), [])
            lost += max(0, len(request.rows) - len(rows))
            duplicates += max(0, len(rows) - len(request.rows))
            right = rows == json.loads(request.answer) and _ids(rows) == _ids(request.rows)
        else:
            lost += sum(row["user_id"] not in outcomes for row in request.rows)
            right = json.loads(request.answer) == _all_new(request.rows) and all(
                outcomes.get(row["user_id"]) == row["target"] for row in request.rows
            )
        differing += not right or claims.get(request.key) != request.request_id
    with _unhurried(store) as session:
        features, stored = (
            session.scalar(select(func.count()).where(of.id >= since)) or 0
            for of in (LtvFeatures, LtvPrediction)
        )
    return Audit(
        sent=rows_sent(requests, outcomes=False),
        sent_outcomes=rows_sent(requests, outcomes=True),
        features=features,
        predictions=stored,
        outcomes=len(outcomes),
        keys=len(claims),
        # What is left belongs to no key: another attempt has stored it.
        duplicates=duplicates + sum(map(len, predictions.values())),
        lost=lost,
        differing=differing,
    )


@contextmanager
def _unhurried(store: Store) -> Iterator[Session]:
    """A transaction that looks through many rows, beside whatever else is at work."""
    with store.reading() as session:
        if store.engine.dialect.name == "postgresql":
            without_limits(session.connection())
        yield session


def rows_sent(requests: list[Request], *, outcomes: bool) -> int:
    """Rows of all requests of one kind."""
    return sum(len(one.rows) for one in requests if (one.path != PREDICT) == outcomes)


def is_stored(store: Store, key: str) -> bool:
    """Whether a request with this key has been committed."""
    with store.reading() as session:
        return session.get(IdempotentRequest, ("", key)) is not None


def _stored(
    store: Store, since: UUID, first_user: int
) -> tuple[dict[str, Rows], dict[int, float], dict[str, str]]:
    """Answers by request id, outcomes by user id, and request ids by key."""
    query = (
        select(
            LtvFeatures.request_id,
            LtvFeatures.user_id,
            LtvPrediction.prediction,
            LtvPrediction.lower,
            LtvPrediction.upper,
            LtvPrediction.model,
            LtvPrediction.id.label("prediction_id"),
        )
        .join(LtvPrediction, LtvPrediction.features_id == LtvFeatures.id)
        .where(LtvFeatures.id >= since, LtvPrediction.id >= since)
        .order_by(LtvPrediction.id)
    )
    reported = select(LtvOutcome.user_id, LtvOutcome.target).where(LtvOutcome.user_id >= first_user)
    claimed = select(IdempotentRequest.key, IdempotentRequest.request_id).where(
        IdempotentRequest.request_id >= since
    )
    # Read first: a transaction that waits for this process for long is ended by the database.
    with _unhurried(store) as session:
        found, told, kept = (session.execute(one).all() for one in (query, reported, claimed))
    predictions: dict[str, Rows] = defaultdict(list)
    for one in found:
        row = {**one._mapping, "prediction_id": str(one.prediction_id)}
        predictions[str(row.pop("request_id"))].append(row)
    outcomes = {row.user_id: row.target for row in told}
    claims = {key: str(request_id) for key, request_id in kept}
    return predictions, outcomes, claims


def _all_new(rows: Rows) -> dict[str, int]:
    return {"received": len(rows), "added": len(rows), "corrected": 0, "unchanged": 0}


def _ids(rows: Rows) -> list[int]:
    return [row["user_id"] for row in rows]
