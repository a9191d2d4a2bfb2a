"""The steps of predicting responses: facts of customers in, probabilities stored and answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.response import repository
from valuebox.compartments.response.known import known_of
from valuebox.compartments.response.ledger import segment_name
from valuebox.compartments.response.model import Predictor
from valuebox.compartments.response.schemas import ResponsePredictions, ResponseQuestion
from valuebox.facts.clock import moment
from valuebox.facts.reading import Choice, FactRows, read_facts
from valuebox.facts.windows import Floats, Positions
from valuebox.predictions.tally import Tally
from valuebox.serving.errors import Problem, Unanswerable
from valuebox.serving.exchange import Exchange, current
from valuebox.serving.pipeline import Steps
from valuebox.store.engine import Store
from valuebox.store.ids import Ids
from valuebox.store.writing import Rows, Then

_UNKNOWN: Final = "Nothing is known of some of these customers; nothing of this request was stored."


@dataclass(frozen=True)
class Asked:
    """Customers, at a moment, and what they did before."""

    keys: repository.Keys
    start: datetime
    facts: FactRows
    chosen: Positions
    """Position of each customer among those of the facts."""


@dataclass(frozen=True)
class ResponseSteps(Steps[ResponseQuestion, Asked, Floats]):
    """What is said is the probability of each cell, `(n_customers, n_cells)`."""

    store: Store
    model: Predictor
    tally: Tally
    """Counts what the model says, for Prometheus."""

    def columns(self, given: Sequence[ResponseQuestion]) -> Asked:
        """The customers of a question, with the facts before its moment; see `Steps`."""
        (question,) = given
        keys, start = question.keys, question.at or datetime.now(UTC)
        choice = Choice(before=start, category=self.model.category, customers=keys, amounts=False)
        with current().timing("encode"):
            facts = read_facts(self.store, choice)
        sources, ids = facts.customers.source, facts.customers.id.tolist()
        known = {
            (sources.names[code], one): place
            for place, (code, one) in enumerate(zip(sources.codes.tolist(), ids, strict=True))
        }
        problems = [
            Problem(row=row, field="customers", message="This customer is not stored")
            for row, key in enumerate(keys)
            if key not in known
        ]
        if problems:
            raise Unanswerable(_UNKNOWN, problems)
        return Asked(keys, start, facts, np.array([known[key] for key in keys], dtype=np.intp))

    def say(self, columns: Asked, exchange: Exchange) -> Floats:
        """The probabilities of all cells."""
        with exchange.timing("predict"):
            said = self.model.predict(columns.facts, moment(columns.start), columns.chosen)
        segments: list[str | None] = [segment_name(cell) for cell in self.model.cells]
        exchange.counts = self.tally.of(segments * len(said), said.ravel())
        return said

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: Asked,
        said: Callable[[], Floats],
    ) -> Iterable[Rows | Then]:
        """The predictions, a row for each cell of a customer, and what was known of each customer.

        Ids are made for these.
        """
        chances = said()
        answer = self._answer(columns, chances)
        known = known_of(
            self.model.encoder.attributes, columns.facts, moment(columns.start), columns.chosen
        )
        request_id = cast("UUID", request_ids)
        yield from repository.new_rows(
            request_id, answer, self.model.cells, chances, known, self.model.category
        )

    def answer(
        self, given: ResponseQuestion, columns: Asked, said: Floats, of: slice, ids: Ids
    ) -> Response:
        """The probabilities by customer, response and category, as JSON."""
        return _as_json(self._answer(columns, said))

    def again(self, given: ResponseQuestion, session: Session, request_id: UUID) -> Response:
        """The same, of what is stored."""
        return _as_json(repository.answer_of_request(session, request_id, given.keys))

    def _answer(self, columns: Asked, chances: Floats) -> ResponsePredictions:
        model = self.model
        return repository.answer(
            columns.keys, model.cells, chances, model.tag, columns.start, model.days
        )


def _as_json(answer: ResponsePredictions) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")
