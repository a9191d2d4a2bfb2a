"""The steps of a decision: what is known of a player in, the choice stored and answered."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.offers import repository
from valuebox.compartments.offers.deciding import weigh
from valuebox.compartments.offers.desk import OffersDesk
from valuebox.compartments.offers.features import declared, named
from valuebox.compartments.offers.model import OffersModel
from valuebox.compartments.offers.repository import Decided
from valuebox.compartments.offers.rules import Rules
from valuebox.compartments.offers.schemas import DecideQuestion
from valuebox.facts.features.answering import answers_of
from valuebox.facts.features.history import Asked, Stored, events_of
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.serving.replays import AnswerGone
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import Ids
from valuebox.store.writing import Rows, Then

_SEED_BITS: Final = 62


class Known(NamedTuple):
    """A question, and what is known of its player."""

    question: DecideQuestion
    earlier: Decided | None
    """The decision of the session, where there is one."""
    fresh: "Fresh | None"
    """What a decision is made of, where there is none."""


class Fresh(NamedTuple):
    """What a new decision is made of."""

    at: datetime
    stored: Stored
    """Events of the player before the moment."""
    model: OffersModel | None
    left_out: list[str | None]


@dataclass(frozen=True)
class DecideSteps(Steps[DecideQuestion, Known, Decided]):
    """What is said is the decision of a session."""

    store: Store
    desk: OffersDesk
    rules: Rules

    def columns(self, given: Sequence[DecideQuestion]) -> Known:
        """The player of a question, with the events before its moment; see `Steps`."""
        (question,) = given
        at = question.at or CLOCK.moment()
        whom = question.source, question.customer
        with self.store.looking() as connection:
            earlier = repository.decided(connection, *whom, question.session)
            if earlier is not None:
                return Known(question, earlier, None)
            fresh = Fresh(
                at,
                events_of(connection, declared(), [_asked(question)], at),
                self.desk.model(connection),
                self.rules.left_out(connection, whom, question.candidates, at),
            )
        return Known(question, None, fresh)

    def say(self, columns: Known, exchange: Exchange) -> Decided:
        """The decision: that of the session, or a new one."""
        question, earlier, fresh = columns
        if earlier is not None or fresh is None:
            return cast("Decided", earlier)
        with exchange.timing("encode"):
            (features,) = answers_of(declared(), fresh.stored, [_asked(question)], fresh.at)
        seed = secrets.randbits(_SEED_BITS)
        with exchange.timing("predict"):
            weighed = weigh(fresh.model, features, question.candidates, fresh.left_out, seed)
        return Decided(
            id=exchange.request_id,
            at=fresh.at,
            candidates=[one.model_dump() for one in question.candidates],
            left_out=fresh.left_out if any(fresh.left_out) else None,
            features=features,
            declaration=named(),
            model=None if fresh.model is None else fresh.model.tag,
            seed=seed,
            **weighed._asdict(),
        )

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: Known,
        said: Callable[[], Decided],
    ) -> Iterable[Rows | Then]:
        """The decision, where it is new."""
        if columns.earlier is None:
            yield repository.rows_of(columns.question, said())

    def answer(
        self, given: DecideQuestion, columns: Known, said: Decided, of: slice, ids: Ids
    ) -> Response:
        """The decision, as JSON."""
        return as_json(said, given)

    def again(self, given: DecideQuestion, session: Session, request_id: UUID) -> Response:
        """The same, of what is stored."""
        earlier = repository.decided(session, given.source, given.customer, given.session)
        if earlier is None:
            raise AnswerGone
        return as_json(earlier, given)


def as_json(decision: Decided, question: DecideQuestion) -> Response:
    """A decision as it is answered."""
    answer = repository.answer_of(decision, question.candidates)
    return Response(answer.model_dump_json(), media_type="application/json")


def _asked(question: DecideQuestion) -> Asked:
    return Asked(question.source, question.customer, question.session, None)
