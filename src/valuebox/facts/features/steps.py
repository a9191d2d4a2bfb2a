"""The steps of a question for features: stored events in, features stored and answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.facts.features.answering import Answer, answers_of
from valuebox.facts.features.declarations import Declarations, NoDeclaration
from valuebox.facts.features.history import events_of
from valuebox.facts.features.keeping import kept, kept_of_request
from valuebox.facts.features.schemas import FeaturesQuestion
from valuebox.facts.features.stored import Asked, Stored
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
    """Whose features are asked for, and what is stored of them."""

    declared: Declaration
    asked: list[Asked]
    at: datetime
    stored: Stored


@dataclass(frozen=True)
class FeaturesSteps(Steps[FeaturesQuestion, Question, list[Answer]]):
    """What is said are the features of each who is asked about."""

    store: Store
    declarations: Declarations

    def columns(self, given: Sequence[FeaturesQuestion]) -> Question:
        """Whom a question is about, with the events before its moment; see `Steps`.

        Raises:
            NotFound: where there is no such declaration.
        """
        (question,) = given
        try:
            declared = self.declarations.find(question.declaration, question.version)
        except NoDeclaration as error:
            raise NotFound(str(error)) from None
        asked, at = _asked(declared, question), question.at or CLOCK.moment()
        with self.store.looking() as connection:
            return Question(declared, asked, at, events_of(connection, declared, asked, at))

    def say(self, columns: Question, exchange: Exchange) -> list[Answer]:
        """The features of each."""
        with exchange.timing("encode"):
            try:
                return answers_of(columns.declared, columns.stored, columns.asked, columns.at)
            except SeveralCurrencies as error:
                said = str(error)
                raise Unanswerable(f"{said[:1].upper()}{said[1:]}.") from None

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: Question,
        said: Callable[[], list[Answer]],
    ) -> Iterable[Rows | Then]:
        """The answers, one for each who is asked about."""
        declared, asked, at, stored = columns
        yield kept(declared, asked, said(), stored.counts(declared, asked), at, ids)

    def answer(
        self,
        given: FeaturesQuestion,
        columns: Question,
        said: list[Answer],
        of: slice,
        ids: Ids,
    ) -> Response:
        """The features by customer or session, as JSON."""
        declared = columns.declared
        rows = zip(columns.asked, said, strict=True)
        return _told(
            (declared.name, declared.version, declared.hash, columns.at),
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
