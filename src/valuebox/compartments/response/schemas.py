"""What the endpoint of the response model takes and answers."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from valuebox.facts.schemas import Id, Source
from valuebox.schemas.moments import Moment
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model

MAX_CUSTOMERS: Final = 1_000


class CustomerKey(Model):
    """A customer, by source and id."""

    source: Source = Field(description="Where the customer is known from.", examples=["shop"])
    id: Id = Field(description="Of the customer, within the source.", examples=["1017"])


class ResponseQuestion(Model, RequestModel):
    """Whose responses to predict, and when."""

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


class Probabilities(Model):
    """How likely one response is."""

    any: float = Field(ge=0, le=1, description="In any category, or none.")
    by_category: dict[str, float] = Field(description="In each category that the model knows.")


class CustomerResponses(Model):
    """What is predicted of a customer."""

    source: str
    id: str
    responses: dict[str, Probabilities] = Field(description="By type of event.")


class ResponsePredictions(Model):
    """What is predicted, in the order of the question; all of it is stored."""

    model: str = Field(description="Exact tag of the model that says so.")
    start: datetime = Field(description="Responses from then on are meant.")
    end: datetime = Field(description="Until then.")
    customers: list[CustomerResponses]
