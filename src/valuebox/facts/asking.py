"""Questions about stored customers, and the facts that answer them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from valuebox.facts.reading import Choice, FactColumns, SeveralCurrencies, read_facts
from valuebox.facts.schemas import Id, Source
from valuebox.facts.windows import Positions
from valuebox.schemas.moments import Moment
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model
from valuebox.serving.errors import Problem, Unanswerable
from valuebox.serving.exchange import current
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store

MAX_CUSTOMERS: Final = 1_000
_UNKNOWN: Final = "Nothing is known of some of these customers; nothing of this request was stored."

Keys = Sequence[tuple[str, str]]
"""Source and id of each of several customers."""


class CustomerKey(Model):
    """A customer, by source and id."""

    source: Source = Field(description="Where the customer is known from.", examples=["shop"])
    id: Id = Field(description="Of the customer, within the source.", examples=["1017"])


class CustomerQuestion(Model, RequestModel):
    """Which customers to predict, and from when on."""

    max_values = 4 * MAX_CUSTOMERS

    customers: Annotated[list[CustomerKey], Field(min_length=1, max_length=MAX_CUSTOMERS)] = Field(
        description="Whose; at most 1,000, each once.",
        json_schema_extra={"uniqueItems": True},
        examples=[[{"source": "shop", "id": "1017"}]],
    )
    at: Moment | None = Field(
        default=None,
        description="When the period begins; what happened before is looked at. Null for now.",
        examples=["2013-06-01T00:00:00Z"],
    )

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len(set(self.keys)) < len(self.customers):
            raise PydanticCustomError("customer_twice", "Input should name each customer once")
        return self

    @property
    def n_rows(self) -> int:
        """How many customers are asked about."""
        return len(self.customers)

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Source and id of each."""
        return [(one.source, one.id) for one in self.customers]


@dataclass(frozen=True)
class AskedCustomers:
    """Customers, at a moment, and what they did before."""

    keys: Keys
    start: datetime
    facts: FactColumns
    chosen: Positions
    """Position of each customer among those of the facts."""


def asked_customers(
    store: Store, question: CustomerQuestion, category: str = "category", amounts: bool = False
) -> AskedCustomers:
    """The customers of a question, with the facts before its moment.

    Args:
        store: Where the facts are.
        question: Which customers, and when.
        category: The property of events that is read along.
        amounts: Whether amounts are read, too.

    Raises:
        Unanswerable: when a customer is not stored, naming the rows, or amounts are in several
            currencies.
    """
    keys, start = question.keys, question.at or CLOCK.moment()
    choice = Choice(before=start, category=category, customers=keys, amounts=amounts)
    with current().timing("encode"):
        facts = _read(store, choice)
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
    chosen = np.array([known[key] for key in keys], dtype=np.intp)
    return AskedCustomers(keys, start, facts, chosen)


def _read(store: Store, choice: Choice) -> FactColumns:
    try:
        return read_facts(store, choice)
    except SeveralCurrencies as error:
        raise Unanswerable(f"{str(error).capitalize()}.") from None
