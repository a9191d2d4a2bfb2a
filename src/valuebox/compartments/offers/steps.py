"""The steps of decisions: what is known of players in, the choices stored and answered."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.offers.before import before_of
from valuebox.compartments.offers.counting import counted
from valuebox.compartments.offers.deciding import Case, Weighing, weigh
from valuebox.compartments.offers.desk import OffersDesk
from valuebox.compartments.offers.features import declared, named
from valuebox.compartments.offers.model import OffersModel
from valuebox.compartments.offers.repository import (
    Decided,
    New,
    as_json,
    aside_of,
    found_of,
    key_of,
    look_up,
    rows_of,
)
from valuebox.compartments.offers.rules import Rules
from valuebox.compartments.offers.schemas import DecideQuestion
from valuebox.facts.features.answering import answers_of
from valuebox.facts.features.history import events_of_several
from valuebox.facts.features.stored import Asked, Stored
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.serving.replays import AnswerGone
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import Ids
from valuebox.store.writing import Rows, Then

_SEED_BITS: Final = 62


class Fresh(NamedTuple):
    """A question for a session without a decision, and what is known of its player."""

    question: DecideQuestion
    at: datetime
    stored: Stored
    """Events of the player before the moment."""
    left_out: list[str | None]


class Known(NamedTuple):
    """What questions are answered by, by the row of each."""

    earlier: dict[int, Decided]
    """Decisions that were taken before."""
    fresh: dict[int, Fresh]
    model: OffersModel | None
    """The model that decides."""


class Said(NamedTuple):
    """What is said of a fresh question."""

    case: Case
    weighed: Weighing


@dataclass(frozen=True)
class DecideSteps(Steps[DecideQuestion, Known, dict[int, Said]]):
    """What is said is the decision of each session that has none, by row."""

    may_meet: ClassVar[bool] = True

    store: Store
    desk: OffersDesk
    rules: Rules

    def columns(self, given: Sequence[DecideQuestion]) -> Known:
        """The decisions of sessions that have one, and else what is known of the players."""
        now = CLOCK.moment()
        keys = list(map(key_of, given))
        alike: dict[datetime, list[int]] = {}
        for row, one in enumerate(given):
            alike.setdefault(one.at or now, []).append(row)
        with self.store.looking() as connection:
            aside = aside_of(connection, keys)
            stored = {
                row: (at, events)
                for at, rows in alike.items()
                for row, events in zip(
                    rows,
                    events_of_several(
                        connection, declared(), [[_asked(given[row])] for row in rows], at, aside
                    ),
                    strict=True,
                )
            }
            found = found_of(connection, keys, aside)
            earlier = {
                row: found.decisions[key] for row, key in enumerate(keys) if key in found.decisions
            }
            fresh = {
                row: Fresh(given[row], at, events, self._left_out(connection, given[row], at))
                for row, (at, events) in stored.items()
                if row not in earlier
            }
        return Known(earlier, fresh, self.desk.model(found.promoted))

    def _left_out(
        self, connection: Connection, one: DecideQuestion, at: datetime
    ) -> list[str | None]:
        whom = one.source, one.customer
        return self.rules.left_out(connection, whom, one.candidates, at)

    def say(self, columns: Known, exchange: Exchange) -> dict[int, Said]:
        """The decisions."""
        fresh, model = columns.fresh, columns.model
        if not fresh:
            return {}
        with exchange.timing("encode"):
            cases = [
                Case(
                    answers_of(declared(), one.stored, [_asked(one.question)], one.at)[0],
                    _candidates(one),
                    one.left_out,
                    secrets.randbits(_SEED_BITS),
                )
                for one in fresh.values()
            ]
        with exchange.timing("predict"):
            said = [Said(*both) for both in zip(cases, weigh(model, cases), strict=True)]
        floor = 0.0 if model is None else model.policy.uniform
        exchange.counts = counted([one.weighed for one in said], floor)
        if model is not None:
            exchange.counts += self.desk.tally(model).of(*_foretold(said))
        return dict(zip(fresh, said, strict=True))

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: Known,
        said: Callable[[], dict[int, Said]],
    ) -> Iterable[Rows | Then]:
        """The decisions that are new."""
        all_ids = list(ids)
        new = [
            New(
                columns.fresh[row].question,
                _decided(columns, row, one, all_ids[row]),
                one.weighed.chance,
            )
            for row, one in said().items()
        ]
        if new:
            yield from rows_of(new)

    def answer(
        self, given: DecideQuestion, columns: Known, said: dict[int, Said], of: slice, ids: Ids
    ) -> Response:
        """The decision, as JSON."""
        row = of.start
        decision = columns.earlier.get(row) or _decided(columns, row, said[row], ids[0])
        return as_json(decision, given.candidates)

    def again(self, given: DecideQuestion, session: Session, request_id: UUID) -> Response:
        """The decision of the session, as it is stored."""
        found = look_up(session.connection(), [key_of(given)])
        if not found.decisions:
            raise AnswerGone
        return as_json(found.decisions[key_of(given)], given.candidates)


def _foretold(said: Sequence[Said]) -> tuple[list[str | None], NDArray[np.float64]]:
    """The type of each offer that was chosen, and how likely it is bought."""
    types: list[str | None] = []
    chances = []
    for one in said:
        choice, chance = one.weighed.choice, one.weighed.chance
        if choice is not None and chance is not None:
            types.append(one.case.candidates[choice]["offer_type"])
            chances.append(chance)
    return types, np.array(chances, dtype=np.float64)


def _decided(columns: Known, row: int, said: Said, decision_id: UUID) -> Decided:
    left_out, weighed = columns.fresh[row].left_out, said.weighed
    return Decided(
        id=decision_id,
        at=columns.fresh[row].at,
        candidates=list(said.case.candidates),
        choice=weighed.choice,
        propensities=weighed.propensities,
        worths=weighed.worths,
        left_out=left_out if any(left_out) else None,
        features=said.case.known,
        declaration=named(),
        model=None if columns.model is None else columns.model.tag,
        seed=said.case.seed,
        explored=weighed.explored,
    )


def _asked(question: DecideQuestion) -> Asked:
    return Asked(question.source, question.customer, question.session, None)


def _candidates(one: Fresh) -> list[dict[str, Any]]:
    """The offers to choose from, with what the player has seen and bought of each type before."""
    before = before_of(one.stored)
    return [offer.told | before.properties(offer.offer_type) for offer in one.question.candidates]
