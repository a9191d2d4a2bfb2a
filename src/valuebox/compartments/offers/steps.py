"""The steps of a decision: what is known of a player in, the choice stored and answered."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
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
from valuebox.facts.features.history import events_of
from valuebox.facts.features.stored import Asked, Stored
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.serving.replays import AnswerGone
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import Ids
from valuebox.store.writing import Rows, Then

_SEED_BITS: Final = 62


class Known(NamedTuple):
    """What a new decision is made of."""

    question: DecideQuestion
    at: datetime
    stored: Stored
    """Events of the player before the moment."""
    model: OffersModel | None
    left_out: list[str | None]


class Said(NamedTuple):
    """A decision, and what was foretold of its choice."""

    decision: Decided
    chance: float | None
    """How likely the choice is bought; None where no model has said so."""


@dataclass(frozen=True)
class DecideSteps(Steps[DecideQuestion, Known | Decided, Said]):
    """What is said is the decision of a session."""

    store: Store
    desk: OffersDesk
    rules: Rules

    def columns(self, given: Sequence[DecideQuestion]) -> Known | Decided:
        """The decision of the session, if there is one, or else what is known of its player."""
        (question,) = given
        at = question.at or CLOCK.moment()
        whom = question.source, question.customer
        with self.store.looking() as connection:
            found = repository.look_up(connection, *whom, question.session)
            if found.decision is not None:
                return found.decision
            return Known(
                question,
                at,
                events_of(connection, declared(), [_asked(question)], at),
                self.desk.model(found.promoted),
                self.rules.left_out(connection, whom, question.candidates, at),
            )

    def say(self, columns: Known | Decided, exchange: Exchange) -> Said:
        """The decision."""
        if isinstance(columns, Decided):
            return Said(columns, None)
        question, at, stored, model, left_out = columns
        with exchange.timing("encode"):
            (features,) = answers_of(declared(), stored, [_asked(question)], at)
        seed = secrets.randbits(_SEED_BITS)
        with exchange.timing("predict"):
            weighed = weigh(model, features, question.candidates, left_out, seed)
        if model is not None and weighed.choice is not None and weighed.chance is not None:
            chosen: list[str | None] = [question.candidates[weighed.choice].offer_type]
            exchange.counts = self.desk.tally(model).of(chosen, np.array([weighed.chance]))
        decision = Decided(
            id=exchange.request_id,
            at=at,
            candidates=[one.model_dump() for one in question.candidates],
            left_out=left_out if any(left_out) else None,
            features=features,
            declaration=named(),
            model=None if model is None else model.tag,
            seed=seed,
            choice=weighed.choice,
            propensities=weighed.propensities,
            worths=weighed.worths,
            explored=weighed.explored,
        )
        return Said(decision, weighed.chance)

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: Known | Decided,
        said: Callable[[], Said],
    ) -> Iterable[Rows | Then]:
        """The decision, where it is new."""
        if isinstance(columns, Known):
            yield from repository.rows_of(columns.question, *said())

    def answer(
        self, given: DecideQuestion, columns: Known | Decided, said: Said, of: slice, ids: Ids
    ) -> Response:
        """The decision, as JSON."""
        return _as_json(said.decision, given)

    def again(self, given: DecideQuestion, session: Session, request_id: UUID) -> Response:
        """The same, of what is stored."""
        whom = given.source, given.customer, given.session
        found = repository.look_up(session.connection(), *whom)
        if found.decision is None:
            raise AnswerGone
        return _as_json(found.decision, given)


def _as_json(decision: Decided, question: DecideQuestion) -> Response:
    """A decision as it is answered."""
    answer = repository.answer_of(decision, question.candidates)
    return Response(answer.model_dump_json(), media_type="application/json")


def _asked(question: DecideQuestion) -> Asked:
    return Asked(question.source, question.customer, question.session, None)
