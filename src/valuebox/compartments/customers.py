"""What compartments have in common that predict one number for each of some stored customers.

A compartment brings its model, and a table of its own that is a `CustomerPrediction`; requests,
answers, export, forgetting and expiry are here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar, cast
from uuid import UUID

import numpy as np
from pydantic import Field
from sqlalchemy import ColumnElement, Index, String, select
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column
from starlette.responses import Response

from valuebox.compartments.contract import People, Personal, Whose
from valuebox.facts.asking import AskedCustomers, CustomerQuestion, asked_customers
from valuebox.facts.clock import moment
from valuebox.facts.reading import FactRows
from valuebox.facts.tables import MAX_ID, MAX_SOURCE
from valuebox.facts.windows import Floats, Positions
from valuebox.schemas.names import MAX_TAG
from valuebox.schemas.values import Model
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.serving.replays import AnswerGone
from valuebox.store.base import Base, UtcDateTime
from valuebox.store.engine import Store
from valuebox.store.ids import Ids, first_id
from valuebox.store.people import chunks, records
from valuebox.store.pruning import Pruned, deleted, next_batch
from valuebox.store.writing import Rows
from valuebox.worker.expiry import Expiry


class CustomerPrediction(Base):
    """Base of a table with predictions, each for a customer and a period.

    Ids are made by the service (`store.ids`): those of a request increase in the order sent.
    """

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))
    customer: Mapped[str] = mapped_column(String(MAX_ID))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moment of the prediction: what happened before was known."""
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moment before which what is predicted has to happen."""
    prediction: Mapped[float]
    model: Mapped[str] = mapped_column(String(MAX_TAG))
    predicted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (Index(None, "source", "customer", "id"),)


class CustomerModel(Protocol):
    """A model that predicts stored customers."""

    @property
    def tag(self) -> str:
        """Name and version of the model in the model store."""

    @property
    def days(self) -> int:
        """How many days ahead the model looks."""

    def predict(self, facts: FactRows, at: np.datetime64, chosen: Positions) -> Floats:
        """A number for each of some customers, by what they did before a moment.

        Args:
            facts: All that these customers did before; later events are not looked at.
            at: The moment, UTC.
            chosen: Positions of the customers among those of the facts.

        Returns:
            `(n_chosen,)`.
        """


class PredictedCustomer(Model):
    """What is predicted of a customer."""

    source: str = Field(description="As sent.", examples=["shop"])
    id: str = Field(description="As sent.", examples=["1017"])
    prediction: float = Field(description="What the model says.", examples=[0.24])
    prediction_id: UUID = Field(description="Id of the stored prediction.")


class CustomerPredictions(Model):
    """What is predicted of customers, in the order of the question; all of it is stored."""

    model: str = Field(description="Tag of the model that says so.", examples=["churn:2a4bqzq5"])
    start: datetime = Field(description="Begin of the period that the predictions are about.")
    end: datetime = Field(description="End of that period.")
    customers: list[PredictedCustomer]


Table = TypeVar("Table", bound=CustomerPrediction)


@dataclass(frozen=True)
class CustomerSteps(Steps[CustomerQuestion, AskedCustomers, Floats], Generic[Table]):
    """The steps of predicting stored customers; what is said is a number for each."""

    store: Store
    table: type[Table]
    model: CustomerModel
    amounts: bool = False
    """Whether the model looks at amounts of events."""

    def columns(self, given: Sequence[CustomerQuestion]) -> AskedCustomers:
        """The customers of a question, with the facts before its moment; see `Steps`."""
        (question,) = given
        return asked_customers(self.store, question, amounts=self.amounts)

    def say(self, columns: AskedCustomers, exchange: Exchange) -> Floats:
        """What the model says of each customer."""
        with exchange.timing("predict"):
            return self.model.predict(columns.facts, moment(columns.start), columns.chosen)

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: AskedCustomers,
        said: Callable[[], Floats],
    ) -> Iterable[Rows]:
        """A prediction for each customer."""
        sources, customers = zip(*columns.keys, strict=True)
        yield Rows(
            self.table,
            len(columns.keys),
            {
                "id": ids,
                "request_id": cast("UUID", request_ids),
                "source": sources,
                "customer": customers,
                "starts_at": columns.start,
                "ends_at": self._end(columns),
                "prediction": said(),
                "model": self.model.tag,
                "predicted_at": datetime.now(UTC),
            },
        )

    def answer(
        self, given: CustomerQuestion, columns: AskedCustomers, said: Floats, of: slice, ids: Ids
    ) -> Response:
        """The predictions as JSON."""
        rows = zip(columns.keys, said[of].tolist(), ids, strict=True)
        return _as_json(self.model.tag, columns.start, self._end(columns), rows)

    def again(self, given: CustomerQuestion, session: Session, request_id: UUID) -> Response:
        """The same, of what is stored."""
        table = self.table
        query = select(table).where(table.request_id == request_id).order_by(table.id)
        found = session.scalars(query).all()
        if [(one.source, one.customer) for one in found] != given.keys:
            raise AnswerGone
        rows = ((key, one.prediction, one.id) for key, one in zip(given.keys, found, strict=True))
        return _as_json(found[0].model, found[0].starts_at, found[0].ends_at, rows)

    def _end(self, columns: AskedCustomers) -> datetime:
        return columns.start + timedelta(days=self.model.days)


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


def personal_of(table: type[CustomerPrediction], name: str) -> Personal:
    """How the rows of a table are handed out and deleted by customer.

    Args:
        table: With `source`, `customer` and `id`.
        name: What people call its rows.
    """

    def theirs(people: People) -> Iterator[ColumnElement[bool]]:
        for chunk in chunks(people.ids):
            yield (table.source == (people.source or "")) & table.customer.in_(chunk)

    def handed_out(session: Session, people: People) -> Iterator[dict[str, Any]]:
        for condition in theirs(people):
            yield from records(session, table, condition, table.id)

    def forget(session: Session, people: People) -> Mapping[str, int]:
        return {name: sum(deleted(session, table, one) for one in theirs(people))}

    return Personal(Whose.CUSTOMERS, handed_out, forget)


def expiry_of(table: type[CustomerPrediction], name: str) -> Expiry:
    """How old rows of a table are deleted, by the moment that their ids tell; see `personal_of`."""

    def prune(session: Session, before: datetime, after: UUID | None = None) -> Pruned:
        batch = next_batch(session, table.id, first_id(before), after)
        count = deleted(session, table, batch.holds(table.id))
        return Pruned({table.__tablename__: count}, batch.last)

    return Expiry(prune, {table.__tablename__: name})
