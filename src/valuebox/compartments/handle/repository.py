"""How vintages of forecasts are written, found, handed out and deleted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.handle.feed import FeedSaid
from valuebox.compartments.handle.schemas import (
    HandleForecasts,
    History,
    HistoryQuestion,
    Vintage,
    cents,
)
from valuebox.compartments.handle.settling import ids_of, revisions
from valuebox.compartments.handle.tables import (
    MAX_ID,
    HandleAsking,
    HandleBet,
    HandleFeatures,
    HandleMatch,
    HandleOutcome,
    HandlePrediction,
    HandleRevision,
    HandleUser,
)
from valuebox.predictions.sums.passed_over import noting
from valuebox.serving.replays import AnswerGone
from valuebox.statistics.arrays import Floats
from valuebox.store.people import chunks, records
from valuebox.store.pruning import deleted
from valuebox.store.writing import Rows, Then

SOURCE: Final = "handle"
"""The source by which users of the warehouse are named among people."""


class Before(NamedTuple):
    """The newest vintage of a match."""

    forecast: float
    known: float
    asked_at: datetime
    loaded_to: datetime
    model: str


@dataclass(frozen=True)
class Vintages:
    """Vintages that are to be stored, by column."""

    ids: Sequence[UUID]
    match: Sequence[str]
    kickoff: Sequence[datetime]
    model: str
    asked_at: datetime
    loaded_to: datetime
    lead_class: Sequence[str]
    prediction: Floats
    lower: Floats
    upper: Floats
    bets: Floats
    """Handle of the bets that were known."""
    deviation: Floats
    known: Sequence[Mapping[str, Any]]


def new_rows(
    request_id: UUID,
    answer: HandleForecasts,
    vintages: Sequence[Vintages],
    feed: FeedSaid | None,
) -> Iterator[Rows | Then]:
    """The rows that hold what was answered, and why, in the order in which they are written."""
    asking = {
        "id": [request_id],
        "asked_at": answer.asked_at,
        "loaded_to": answer.loaded_to,
        "feed": [None if feed is None else feed.raw],
        "answer": [answer.model_dump(mode="json")],
    }
    yield Rows(HandleAsking, 1, asking)
    for one in vintages:
        count = len(one.ids)
        said = {
            **{"id": one.ids, "request_id": request_id, "match_id": list(one.match)},
            **{"model": one.model, "asked_at": one.asked_at, "loaded_to": one.loaded_to},
            **{"kickoff": list(one.kickoff), "lead_class": list(one.lead_class)},
            **{"prediction": one.prediction, "lower": one.lower, "upper": one.upper},
            **{"known": one.bets, "deviation": one.deviation},
        }
        yield Rows(HandlePrediction, count, said)
        yield Rows(HandleFeatures, count, {"id": one.ids, "known": list(one.known)})
        yield noting("handle", HandlePrediction.__tablename__, one.ids)


def answer_of_request(session: Session, request_id: UUID) -> HandleForecasts:
    """What a request was answered with, once more.

    Raises:
        AnswerGone: when it is not stored any more.
    """
    found = session.scalar(select(HandleAsking.answer).where(HandleAsking.id == request_id))
    if found is None:
        raise AnswerGone
    return HandleForecasts.model_validate(found)


def latest(session: Session, matches: Sequence[str], before: datetime) -> dict[str, Before]:
    """The newest vintage of each match that has any from before a moment."""
    said = HandlePrediction
    place = func.row_number().over(partition_by=said.match_id, order_by=said.id.desc())
    ranked = (
        select(
            *(said.match_id, said.prediction, said.known, said.asked_at, said.loaded_to),
            *(said.model, place.label("place")),
        )
        .where(said.match_id.in_(list(matches)), said.asked_at < before)
        .subquery()
        .c
    )
    columns = (ranked.prediction, ranked.known, ranked.asked_at, ranked.loaded_to, ranked.model)
    query = select(ranked.match_id, *columns).where(ranked.place == 1)
    return {one: Before(*values) for one, *values in session.execute(query)}


def history(session: Session, question: HistoryQuestion) -> History:
    """The vintages of a match, whichever of its ids is named."""
    begins = session.scalar(
        select(HandleMatch.kickoff).where(
            HandleMatch.id == question.match, HandleMatch.replaced_at.is_(None)
        )
    )
    named = {question.match}
    ids = named if begins is None else ids_of(session, {question.match: begins})[question.match]
    said = HandlePrediction
    amounts = (said.prediction, said.lower, said.upper, said.known)
    query = (
        select(said.asked_at, said.loaded_to, said.model, *amounts)
        .where(said.match_id.in_(ids))
        .order_by(said.id.desc())
        .limit(question.limit)
    )
    names = ("forecast", "lower", "upper", "known")
    found = [
        Vintage(
            asked_at=asked_at,
            loaded_to=loaded_to,
            model=model,
            **dict(zip(names, map(cents, values), strict=True)),
        )
        for asked_at, loaded_to, model, *values in session.execute(query)
    ]
    actual = select(HandleOutcome.target).where(HandleOutcome.match_id.in_(ids)).limit(1)
    return History(
        match=question.match,
        vintages=found[::-1],
        actual=session.scalar(actual),
        revisions=revisions(session, ids),
    )


def records_of_people(session: Session, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every row of some users as plain values; see `people.records`."""
    for chunk in chunks(ids):
        yield from records(session, HandleUser, HandleUser.id.in_(chunk), HandleUser.id)
        yield from records(session, HandleBet, HandleBet.user_id.in_(chunk), HandleBet.id)


def records_of_match(session: Session, match: str) -> Iterator[dict[str, Any]]:
    """What is stored of a match, without its bets: its versions, vintages, and what came true."""
    if len(match) > MAX_ID:
        return
    yield from records(session, HandleMatch, HandleMatch.id == match, HandleMatch.loaded_at)
    said = HandlePrediction
    yield from records(session, said, said.match_id == match, said.id)
    for table in (HandleOutcome, HandleRevision):
        yield from records(session, table, table.match_id == match, table.match_id)


def forget_people(session: Session, ids: Sequence[str]) -> dict[str, int]:
    """Delete all that is stored of some users, and say how many rows.

    Forecasts and outcomes stay as they were made: they are sums over thousands.
    """
    users = bets = 0
    for chunk in chunks(ids):
        users += deleted(session, HandleUser, HandleUser.id.in_(chunk))
        bets += deleted(session, HandleBet, HandleBet.user_id.in_(chunk))
    return {"loaded users": users, "loaded bets": bets}
