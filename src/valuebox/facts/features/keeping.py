"""Answers as they are kept: written, handed out, forgotten and deleted when they are old."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from valuebox.facts.features.answering import Answer
from valuebox.facts.features.history import EPOCH, Looked
from valuebox.facts.features.stored import Asked
from valuebox.facts.features.tables import FeatureAnswer
from valuebox.features.declared.declaration import Declaration
from valuebox.serving.replays import AnswerGone
from valuebox.store.clock import CLOCK
from valuebox.store.ids import first_id, last_of_block
from valuebox.store.people import chunks, records
from valuebox.store.pruning import Pruned, deleted, next_batch
from valuebox.store.writing import Rows


def kept(
    declared: Declaration,
    asked: Sequence[Asked],
    answers: Sequence[Answer],
    looked: Sequence[Looked],
    at: datetime,
    ids: Sequence[UUID],
) -> Rows:
    """The rows that hold what was answered, and of each what was looked at."""
    columns = {
        "id": ids,
        "name": declared.name,
        "version": declared.version,
        "hash": declared.hash,
        "source": [one.source for one in asked],
        "subject": [one.id for one in asked],
        "session": [one.session for one in asked],
        "at": at,
        "asked_at": CLOCK.moment(),
        "properties": [one.properties for one in asked],
        "events": [one.events for one in looked],
        "newest": [_moment(one.newest) for one in looked],
        "answer": list(answers),
    }
    return Rows(FeatureAnswer, len(asked), columns)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


def kept_of_request(session: Session, request_id: UUID, count: int) -> Sequence[FeatureAnswer]:
    """The answers to a request, in the order asked.

    Raises:
        AnswerGone: when not all of them are stored any more.
    """
    of_request = FeatureAnswer.id.between(request_id, last_of_block(request_id))
    found = session.scalars(
        select(FeatureAnswer).where(of_request).order_by(FeatureAnswer.id)
    ).all()
    if len(found) < count:
        raise AnswerGone
    return found


def prune_answers(session: Session, before: datetime, after: UUID | None = None) -> Pruned:
    """Delete the first answers that were given before a moment."""
    batch = next_batch(session, FeatureAnswer.id, first_id(before), after)
    count = deleted(session, FeatureAnswer, batch.holds(FeatureAnswer.id))
    return Pruned({"feature_answers": count}, batch.last)


def records_of_answers(
    session: Session, source: str, ids: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Every answer about some customers or sessions of a source as plain values."""
    for chunk in chunks(ids):
        yield from records(session, FeatureAnswer, _of(source, chunk), FeatureAnswer.id)


def forget_answers(session: Session, source: str, ids: Sequence[str]) -> dict[str, int]:
    """Delete every answer about some customers or sessions of a source."""
    count = sum(deleted(session, FeatureAnswer, _of(source, chunk)) for chunk in chunks(ids))
    return {"answers with features": count}


def _of(source: str, ids: Sequence[str]) -> ColumnElement[bool]:
    return (FeatureAnswer.source == source) & FeatureAnswer.subject.in_(ids)
