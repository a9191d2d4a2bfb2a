"""The steps of predicting responses: facts of customers in, probabilities stored and answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.response import repository
from valuebox.compartments.response.known import known_of
from valuebox.compartments.response.ledger import segment_name
from valuebox.compartments.response.model import Predictor
from valuebox.compartments.response.schemas import ResponsePredictions, ResponseQuestion
from valuebox.facts.asking import AskedCustomers, asked_customers
from valuebox.facts.clock import moment
from valuebox.facts.windows import Floats
from valuebox.predictions.tally import Tally
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.store.engine import Store
from valuebox.store.ids import Ids
from valuebox.store.writing import Rows, Then


@dataclass(frozen=True)
class ResponseSteps(Steps[ResponseQuestion, AskedCustomers, Floats]):
    """What is said is the probability of each cell, `(n_customers, n_cells)`."""

    store: Store
    model: Predictor
    tally: Tally
    """Counts what the model says, for Prometheus."""

    def columns(self, given: Sequence[ResponseQuestion]) -> AskedCustomers:
        """The customers of a question, with the facts before its moment; see `Steps`."""
        (question,) = given
        return asked_customers(self.store, question, self.model.category)

    def say(self, columns: AskedCustomers, exchange: Exchange) -> Floats:
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
        columns: AskedCustomers,
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
        self, given: ResponseQuestion, columns: AskedCustomers, said: Floats, of: slice, ids: Ids
    ) -> Response:
        """The probabilities by customer, response and category, as JSON."""
        return _as_json(self._answer(columns, said))

    def again(self, given: ResponseQuestion, session: Session, request_id: UUID) -> Response:
        """The same, of what is stored."""
        return _as_json(repository.answer_of_request(session, request_id, given.keys))

    def _answer(self, columns: AskedCustomers, chances: Floats) -> ResponsePredictions:
        model = self.model
        return repository.answer(
            columns.keys, model.cells, chances, model.tag, columns.start, model.days
        )


def _as_json(answer: ResponsePredictions) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")
