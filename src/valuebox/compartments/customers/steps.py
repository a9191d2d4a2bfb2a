"""The steps of predicting stored customers: facts in, probabilities stored and answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple, cast
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.customers.kept import Kept
from valuebox.compartments.customers.model import CustomerModel
from valuebox.facts.asking import AskedCustomers, CustomerQuestion, asked_customers
from valuebox.facts.clock import moment
from valuebox.facts.windows import Floats
from valuebox.predictions.periods import period_rows
from valuebox.predictions.sums.passed_over import noting
from valuebox.predictions.tally import Tally
from valuebox.schemas.values import Model
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.serving.replays import AnswerGone
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import Ids
from valuebox.store.writing import Rows, Then


class Said(NamedTuple):
    """What a model says of customers, and what it looked at."""

    chances: Floats
    """`(n_customers,)`."""
    rows: Floats
    """`(n_customers, n_features)`."""


class PredictedCustomer(Model):
    """What is predicted of a customer."""

    source: str = Field(description="As sent.", examples=["shop"])
    id: str = Field(description="As sent.", examples=["1017"])
    prediction: float = Field(
        description="Number that the model predicts: for a response, its chance within the period, "
        "from 0 to 1.",
        examples=[0.24],
    )
    prediction_id: UUID = Field(description="Id of the stored prediction.")


class CustomerPredictions(Model):
    """What is predicted of customers, in the order of the question; all of it is stored."""

    model: str = Field(description="Tag of the model that says so.", examples=["churn:2a4bqzq5"])
    start: datetime = Field(description="Begin of the period that the predictions are about.")
    end: datetime = Field(description="End of that period.")
    customers: list[PredictedCustomer]


@dataclass(frozen=True)
class CustomerSteps(Steps[CustomerQuestion, AskedCustomers, Said]):
    """The steps of predicting stored customers: a probability for each."""

    store: Store
    kept: Kept
    model: CustomerModel
    amounts: bool = False
    """Whether the model looks at amounts of events."""

    def columns(self, given: Sequence[CustomerQuestion]) -> AskedCustomers:
        """The customers of a question, with the facts before its moment; see `Steps`."""
        (question,) = given
        return asked_customers(self.store, question, amounts=self.amounts)

    def say(self, columns: AskedCustomers, exchange: Exchange) -> Said:
        """What the model says of each customer."""
        with exchange.timing("encode"):
            at = moment(columns.start)
            rows = self.model.features(columns.facts, at, columns.chosen)
        with exchange.timing("predict"):
            said = Said(self.model.chances(rows), rows)
        tally = _tally(self.kept.name, self.model.tag, self.model.created_at)
        exchange.counts = tally.of([source for source, _ in columns.keys], said.chances)
        return said

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: AskedCustomers,
        said: Callable[[], Said],
    ) -> Iterable[Rows | Then]:
        """A prediction for each customer, and the period that it is judged after."""
        sources, customers = zip(*columns.keys, strict=True)
        request_id, bounds = cast("UUID", request_ids), (columns.start, self._end(columns))
        names, found = self.model.names, said()
        yield Rows(
            self.kept.predictions,
            len(customers),
            {
                "id": ids,
                "request_id": request_id,
                "source": sources,
                "customer": customers,
                "starts_at": bounds[0],
                "ends_at": bounds[1],
                "prediction": found.chances,
                "known": [dict(zip(names, row, strict=True)) for row in found.rows.tolist()],
                "model": self.model.tag,
                "predicted_at": CLOCK.moment(),
            },
        )
        yield period_rows(
            self.kept.name, request_id, self.model.tag, self.model.judged_by, bounds, sources
        )
        yield noting(self.kept.name, self.kept.predictions.__tablename__, ids)

    def answer(
        self, given: CustomerQuestion, columns: AskedCustomers, said: Said, of: slice, ids: Ids
    ) -> Response:
        """The predictions as JSON."""
        rows = zip(columns.keys, said.chances[of].tolist(), ids, strict=True)
        return _as_json(self.model.tag, columns.start, self._end(columns), rows)

    def again(self, given: CustomerQuestion, session: Session, request_id: UUID) -> Response:
        """The same, of what is stored."""
        table = self.kept.predictions
        query = select(table).where(table.request_id == request_id).order_by(table.id)
        found = session.scalars(query).all()
        if [(one.source, one.customer) for one in found] != given.keys:
            raise AnswerGone
        rows = ((key, one.prediction, one.id) for key, one in zip(given.keys, found, strict=True))
        return _as_json(found[0].model, found[0].starts_at, found[0].ends_at, rows)

    def _end(self, columns: AskedCustomers) -> datetime:
        return columns.start + timedelta(days=self.model.days)


@cache
def _tally(name: str, tag: str, created_at: datetime) -> Tally:
    """What counts predictions for Prometheus; sources, which may be many, are told as unseen."""
    return Tally(name, tag, created_at, segments=())


def _as_json(
    model: str,
    start: datetime,
    end: datetime,
    rows: Iterable[tuple[tuple[str, str], float, UUID]],
) -> Response:
    customers = [
        PredictedCustomer.model_construct(source=source, id=id_, prediction=one, prediction_id=at)
        for (source, id_), one, at in rows
    ]
    answer = CustomerPredictions.model_construct(
        model=model, start=start, end=end, customers=customers
    )
    return Response(answer.model_dump_json(), media_type="application/json")
