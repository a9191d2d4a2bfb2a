"""The steps of a question for features: stored events in, features stored and answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.facts.features import counting
from valuebox.facts.features.answering import Answer, answers_of
from valuebox.facts.features.declarations import Declarations, NoDeclaration
from valuebox.facts.features.history import Looked, events_of_several, looked_at
from valuebox.facts.features.keeping import kept, kept_of_request
from valuebox.facts.features.schemas import FeaturesQuestion
from valuebox.facts.features.stored import Asked
from valuebox.facts.features.stored import Stored as Events
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.working import SeveralCurrencies
from valuebox.serving.errors import NotFound, Unanswerable
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import Ids
from valuebox.store.writing import Rows, Then

_JSON = msgspec.json.Encoder()


class Question(NamedTuple):
    """Whose features are asked for, by one request."""

    declared: Declaration
    asked: list[Asked]
    at: datetime


class Stored(NamedTuple):
    """Questions of several requests, and what is stored of each, by the first row of each."""

    questions: dict[int, Question]
    events: dict[int, Events]


class Said(NamedTuple):
    """The features of each who is asked about, and what they were worked out of."""

    answers: list[Answer]
    looked: list[Looked]


@dataclass(frozen=True)
class FeaturesSteps(Steps[FeaturesQuestion, Stored, Said]):
    """What is said are the features of each who is asked about."""

    store: Store
    declarations: Declarations

    def columns(self, given: Sequence[FeaturesQuestion]) -> Stored:
        """Whom questions are about, with the events before their moments; see `Steps`.

        Raises:
            NotFound: where there is no such declaration.
        """
        now = CLOCK.moment()
        questions: dict[int, Question] = {}
        alike: dict[tuple[str, datetime], list[int]] = {}
        row = 0
        for one in given:
            question = questions[row] = self._question(one, now)
            alike.setdefault((question.declared.hash, question.at), []).append(row)
            row += one.n_rows
        with self.store.looking() as connection:
            events = [
                found
                for (_, at), rows in alike.items()
                for found in events_of_several(
                    connection,
                    questions[rows[0]].declared,
                    [questions[row].asked for row in rows],
                    at,
                )
            ]
        found = zip(chain.from_iterable(alike.values()), events, strict=True)
        return Stored(questions, dict(found))

    def _question(self, given: FeaturesQuestion, now: datetime) -> Question:
        try:
            declared = self.declarations.find(given.declaration, given.version)
        except NoDeclaration as error:
            raise NotFound(str(error)) from None
        return Question(declared, _asked(declared, given), given.at or now)

    def say(self, columns: Stored, exchange: Exchange) -> Said:
        """The features of each."""
        said = Said([], [])
        with exchange.timing("encode"):
            for row, (declared, asked, at) in columns.questions.items():
                events = columns.events[row]
                answers = _answers(declared, events, asked, at)
                looked = looked_at(declared, events, asked, at)
                told = counting.told(declared.name, answers, looked, at)
                exchange.counts += told.counts
                exchange.observations += told.ages
                said.answers.extend(answers)
                said.looked.extend(looked)
        return said

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: Stored,
        said: Callable[[], Said],
    ) -> Iterable[Rows | Then]:
        """The answers, one for each who is asked about."""
        for row, (declared, asked, at) in columns.questions.items():
            of = slice(row, row + len(asked))
            answers, looked = said()
            yield kept(declared, asked, answers[of], looked[of], at, ids[of])

    def answer(
        self,
        given: FeaturesQuestion,
        columns: Stored,
        said: Said,
        of: slice,
        ids: Ids,
    ) -> Response:
        """The features by customer or session, as JSON."""
        declared, asked, at = columns.questions[of.start]
        rows = zip(asked, said.answers[of], strict=True)
        return _told(
            (declared.name, declared.version, declared.hash, at),
            [(one.source, one.id, features) for one, features in rows],
        )

    def again(self, given: FeaturesQuestion, session: Session, request_id: UUID) -> Response:
        """The same, of what is stored."""
        found = kept_of_request(session, request_id, given.n_rows)
        first = found[0]
        return _told(
            (first.name, first.version, first.hash, first.at),
            [(one.source, one.subject, one.answer) for one in found],
        )


def _asked(declared: Declaration, question: FeaturesQuestion) -> list[Asked]:
    """Whom a question is about.

    Raises:
        Unanswerable: where the declaration is not of their kind.
    """
    theirs = question.customers if declared.of == "customer" else question.sessions
    if theirs is None:
        raise Unanswerable(f"Features of {declared.name} are of {declared.of}s; ask for these.")
    return [
        Asked(one.source, one.id, getattr(one, "session", None), one.properties) for one in theirs
    ]


def _answers(
    declared: Declaration, events: Events, asked: Sequence[Asked], at: datetime
) -> list[Answer]:
    try:
        return answers_of(declared, events, asked, at)
    except SeveralCurrencies as error:
        said = str(error)
        raise Unanswerable(f"{said[:1].upper()}{said[1:]}.") from None


def _told(
    declared: tuple[str, int, str, datetime], rows: Sequence[tuple[str, str, dict[str, Any]]]
) -> Response:
    name, version, hash_, at = declared
    answer = {
        "declaration": name,
        "version": version,
        "hash": hash_,
        "at": at,
        "rows": [
            {"source": source, "id": id_, "features": features} for source, id_, features in rows
        ],
    }
    return Response(_JSON.encode(answer), media_type="application/json")
