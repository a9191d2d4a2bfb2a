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
from valuebox.schemas.paging import After, OfRequest, PageSize
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import NO_NUL, Model, no_nul

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

    any: float = Field(
        ge=0, le=1, description="Probability of a response in any category, or in none."
    )
    by_category: dict[str, float] = Field(
        description="Probability of a response in each category that the model knows."
    )


class CustomerResponses(Model):
    """What is predicted of a customer."""

    source: str = Field(description="Where the customer is known from.")
    id: str = Field(description="Id of the customer within the source.")
    responses: dict[str, Probabilities] = Field(description="Probabilities by type of event.")


class ResponsePredictions(Model):
    """What is predicted, in the order of the question; all of it is stored."""

    model: str = Field(description="Exact tag of the model that predicted.")
    start: datetime = Field(description="Beginning of the period in which a response is predicted.")
    end: datetime = Field(description="End of the period in which a response is predicted.")
    customers: list[CustomerResponses] = Field(
        description="Probabilities of every customer, in the order asked."
    )


class ResponseSearch(Model, RequestModel):
    """Which stored predictions to return; conditions that are given must all hold."""

    max_values = 8 * MAX_CUSTOMERS

    customers: Annotated[list[CustomerKey], Field(max_length=MAX_CUSTOMERS)] | None = Field(
        default=None,
        description="Only predictions of these customers.",
        examples=[[{"source": "shop", "id": "1017"}]],
    )
    request_id: OfRequest = None
    starts_from: Moment | None = Field(
        default=None,
        description="Only predictions for periods that start at this moment or later.",
        examples=["2025-10-01"],
    )
    starts_before: Moment | None = Field(
        default=None,
        description="Only predictions for periods that start before this moment.",
        examples=["2025-11-01"],
    )
    responses: Annotated[list[Type], Field(max_length=MAX_NAMES)] | None = Field(
        default=None,
        description="Only predictions of these types of events.",
        examples=[["bought"]],
    )
    categories: Annotated[list[CategoryName | None], Field(max_length=MAX_NAMES)] | None = Field(
        default=None,
        description="Only predictions of responses in these categories; null among them is for a "
        "response in any category, or in none.",
        examples=[[None]],
    )
    page_size: PageSize = 100
    after: After = None


class StoredResponse(Model):
    """A prediction as it was stored, with what came true."""

    source: str = Field(description="Where the customer is known from.")
    id: str = Field(description="Id of the customer within the source.")
    response: str = Field(description="Type of event that is the response.")
    category: str | None = Field(
        description="Category of the response; null for a response in any category, or in none."
    )
    probability: float = Field(description="Probability of the response, as answered.")
    model: str = Field(description="Exact tag of the model that predicted.")
    prediction_id: UUID = Field(description="Id of the stored prediction.")
    request_id: UUID = Field(description="Id of the request that asked for the prediction.")
    predicted_at: AwareDatetime = Field(description="When the prediction was made, in UTC.")
    start: AwareDatetime = Field(
        description="Beginning of the period in which a response is predicted."
    )
    end: AwareDatetime = Field(description="End of the period in which a response is predicted.")
    target: float | None = Field(
        description="1 where the customer has responded, 0 where they have not; null until two "
        "days after the end, and where the source was not watched for all of the period."
    )


class ResponsePage(Model):
    """Stored predictions, newest first."""

    predictions: list[StoredResponse] = Field(
        description="The predictions of this page, newest first."
    )
    next_page: UUID | None = Field(
        description="Text to send as `after` for the next page; null on the last page."
    )


class ResponseCard(Model):
    """The response model that answers, and how it was made."""

    model: str = Field(description="Tag of the model.")
    kind: Literal["response"] = Field(
        description="Name of the compartment that the model belongs to."
    )
    created_at: AwareDatetime = Field(description="When the model was trained, in UTC.")
    days: int = Field(description="How many days ahead the model predicts.")
    category: str = Field(description="The property of events that holds the category.")
    responses: list[str] = Field(description="Types of events that the model predicts.")
    categories: list[str] = Field(description="Categories in which the model predicts responses.")
    metadata: dict[str, JsonValue] = Field(
        description="What the model has learned from, how it did in a month that it had not seen, "
        "library versions and features."
    )
    reference: Reference | None = Field(
        description="How many of the customers whom it has learned from are in each bin of what "
        "was known of them, and of what it says of them; null of models of older versions."
    )
