"""What the endpoints of the response model take and answer."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
)

from valuebox.facts.asking import MAX_CUSTOMERS as MAX_CUSTOMERS
from valuebox.facts.asking import CustomerKey as CustomerKey
from valuebox.facts.asking import CustomerQuestion
from valuebox.facts.schemas import Type
from valuebox.features.bins import Reference
from valuebox.schemas.moments import Moment
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import NO_NUL, Model, no_nul

MAX_PAGE: Final = 10_000
MAX_NAMES: Final = 100
"""Responses or categories that are searched for at once."""
MAX_CATEGORY: Final = 1_000

CategoryName = Annotated[
    str,
    StringConstraints(max_length=MAX_CATEGORY),
    AfterValidator(no_nul),
    WithJsonSchema({"type": "string", "maxLength": MAX_CATEGORY, "pattern": NO_NUL}),
]


class ResponseQuestion(CustomerQuestion):
    """Whose responses to predict, and when."""


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


class ResponseSearch(Model, RequestModel):
    """Which stored predictions to return; conditions that are given must all hold."""

    max_values = 8 * MAX_CUSTOMERS

    customers: Annotated[list[CustomerKey], Field(max_length=MAX_CUSTOMERS)] | None = Field(
        default=None,
        description="Of these customers.",
        examples=[[{"source": "shop", "id": "1017"}]],
    )
    request_id: UUID | None = Field(
        default=None,
        description="Of this request, see its header `X-Request-Id`.",
        examples=[None],
    )
    starts_from: Moment | None = Field(
        default=None, description="Of periods that start then or later.", examples=["2025-10-01"]
    )
    starts_before: Moment | None = Field(
        default=None, description="Of periods that start before then.", examples=["2025-11-01"]
    )
    responses: Annotated[list[Type], Field(max_length=MAX_NAMES)] | None = Field(
        default=None, description="Of these types of events.", examples=[["bought"]]
    )
    categories: Annotated[list[CategoryName | None], Field(max_length=MAX_NAMES)] | None = Field(
        default=None,
        description="Of responses in these categories; null among them is for a response in any "
        "category, or in none.",
        examples=[[None]],
    )
    page_size: int = Field(
        default=100, strict=True, ge=1, le=MAX_PAGE, description="How many.", examples=[100]
    )
    after: UUID | None = Field(
        default=None,
        description="`next_page` of the page before; absent for the first.",
        examples=[None],
    )


class StoredResponse(Model):
    """A prediction as it was stored, with what came true."""

    source: str = Field(description="Where the customer is known from.")
    id: str = Field(description="Id of the customer, within the source.")
    response: str = Field(description="The type of event.")
    category: str | None = Field(description="Null for a response in any category, or in none.")
    probability: float = Field(description="As answered.")
    model: str = Field(description="Exact tag of the model that said so.")
    prediction_id: UUID = Field(description="Id of the stored prediction.")
    request_id: UUID = Field(description="The request that asked for it.")
    predicted_at: AwareDatetime = Field(description="When, in UTC.")
    start: AwareDatetime = Field(description="Responses from then on are meant.")
    end: AwareDatetime = Field(description="Until then.")
    target: float | None = Field(
        description="1 where the customer has responded, 0 where they have not; null until two "
        "days after the end, and where the source was not watched for all of the period."
    )


class ResponsePage(Model):
    """Stored predictions, newest first."""

    predictions: list[StoredResponse]
    next_page: UUID | None = Field(
        description="Send it as `after` for the next page; null on the last."
    )


class ResponseCard(Model):
    """The response model that answers, and how it was made."""

    model: str = Field(description="Its tag.")
    kind: Literal["response"] = Field(description="The compartment that it belongs to.")
    created_at: AwareDatetime = Field(description="When it was trained, in UTC.")
    days: int = Field(description="How many days ahead it looks.")
    category: str = Field(description="The property of events that holds the category.")
    responses: list[str] = Field(description="Types of events that it predicts.")
    categories: list[str] = Field(description="Categories that it predicts them in.")
    metadata: dict[str, JsonValue] = Field(
        description="What it has learned from, how it did in a month that it had not seen, "
        "library versions and features."
    )
    reference: Reference | None = Field(
        description="How many of the customers whom it has learned from are in each bin of what "
        "was known of them, and of what it says of them; null of models of older versions."
    )
