"""The endpoints of the service: what each is sent, and what it answers.

What answers are read as is imported when a call is made: a program that only sends events needs no
pandas.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID, uuid4

from valuebox.client.bodies import Columns, Rows, columns_of, encoded, rows_of
from valuebox.client.errors import ServiceError
from valuebox.schemas.plain import plain

if TYPE_CHECKING:
    import pandas as pd

    from valuebox.compartments.growth.experiments.schemas import ExperimentReport
    from valuebox.compartments.growth.report import GrowthReport
    from valuebox.compartments.growth.uplift.schemas import UpliftReport
    from valuebox.compartments.ltv.bulk import PredictionTable
    from valuebox.compartments.ltv.schemas import (
        ModelCard,
        OutcomesStored,
        PredictionPage,
        Predictions,
    )
    from valuebox.compartments.offers.schemas import Decision, ExplainedDecision, FeedbackStored
    from valuebox.compartments.questions import Questions
    from valuebox.compartments.recommend.schemas import ItemsStored, Recommendation
    from valuebox.compartments.response.schemas import (
        ResponseCard,
        ResponsePage,
        ResponsePredictions,
    )
    from valuebox.facts.features.schemas import Features
    from valuebox.facts.schemas import CustomersStored, EventsStored

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and the type of its answer."""

    path: str
    body: bytes
    answers: type[T]
    key: str
    """The `Idempotency-Key`: what stores is stored once, however often it is sent with this key."""


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What a service answered to `Client.call`.

    Attributes:
        content: The answer, as the type that was asked for.
        request_id: Id of the request; that of the first one, where the answer is given again.
        is_replayed: Whether an earlier request with the same key was answered so.
        warnings: What is strange about the input, in sentences; None where nothing is.
    """

    content: T
    request_id: UUID
    is_replayed: bool
    warnings: str | None


def call(path: str, body: Any, answers: type[T], key: str | None = None) -> Call[T]:
    """A request to any endpoint; without a key it gets one of its own.

    Raises:
        ServiceError: when the body cannot be sent, the key cannot be one, or the path is an address
            of its own, which an API key is not sent to.
    """
    if not path.startswith("/"):
        raise ServiceError("a path of the service begins with /", "invalid_input")
    if key is not None and not re.fullmatch("[!-~]+", key):
        raise ServiceError("key is to be visible ASCII characters", "invalid_input")
    return Call(path, encoded(plain(body)), answers, uuid4().hex if key is None else key)


def predict(users: Rows, key: str | None) -> "Call[Predictions]":
    """The request that predicts users by row; see `Client.predict`."""
    from valuebox.compartments.ltv.schemas import Predictions

    return call("/v1/ltv/predict", rows_of(users), Predictions, key)


def predict_bulk(users: "Columns | pd.DataFrame", key: str | None) -> "Call[PredictionTable]":
    """The request that predicts users by column; see `Client.predict_bulk`."""
    from valuebox.compartments.ltv.bulk import PredictionTable

    return call("/v1/ltv/predict/bulk", columns_of(users), PredictionTable, key)


def search(conditions: Mapping[str, Any]) -> "Call[PredictionPage]":
    """The request for a page of stored predictions; see `Client.search`."""
    from valuebox.compartments.ltv.schemas import PredictionPage

    given = {name: value for name, value in conditions.items() if value is not None}
    return call("/v1/ltv/predictions/search", given, PredictionPage)


def outcomes(values: "Rows | Mapping[int, float]", key: str | None) -> "Call[OutcomesStored]":
    """The request that reports what users really spent; see `Client.outcomes`."""
    from valuebox.compartments.ltv.schemas import OutcomesStored

    if isinstance(values, Mapping):
        values = [{"user_id": user, "target": target} for user, target in values.items()]
    return call("/v1/ltv/outcomes", rows_of(values), OutcomesStored, key)


def model_card() -> "Call[ModelCard]":
    """The request for the card of the lifetime-value model; see `Client.model_card`."""
    from valuebox.compartments.ltv.schemas import ModelCard

    return call("/v1/ltv/model", {}, ModelCard)


def models() -> "Call[Questions]":
    """The request for the questions that the service can answer; see `Client.models`."""
    from valuebox.compartments.questions import Questions

    return call("/v1/models", {}, Questions)


def customers(rows: Rows, key: str | None) -> "Call[CustomersStored]":
    """The request that stores customers; see `Client.customers`."""
    from valuebox.facts.schemas import CustomersStored

    return call("/v1/customers", rows_of(rows), CustomersStored, key)


def events(rows: Rows, key: str | None) -> "Call[EventsStored]":
    """The request that stores events; see `Client.events`."""
    from valuebox.facts.schemas import EventsStored

    return call("/v1/events", rows_of(rows), EventsStored, key)


def raw_events(
    mapping: str, events: Rows, source: str | None, key: str | None
) -> "Call[EventsStored]":
    """The request that stores events as they come; see `Client.raw_events`."""
    from valuebox.facts.schemas import EventsStored

    upload = {"mapping": mapping, "source": source, "events": rows_of(events)}
    return call("/v1/events/raw", upload, EventsStored, key)


def features(question: Mapping[str, Any]) -> "Call[Features]":
    """The request for declared features; see `Client.features`."""
    from valuebox.facts.features.schemas import Features

    return call("/v1/features", question, Features)


def growth_report(question: Mapping[str, Any]) -> "Call[GrowthReport]":
    """The request for a growth report; see `Client.growth_report`."""
    from valuebox.compartments.growth.report import GrowthReport

    return call("/v1/growth/report", question, GrowthReport)


def growth_experiment(question: Mapping[str, Any]) -> "Call[ExperimentReport]":
    """The request for the arms of an experiment; see `Client.growth_experiment`."""
    from valuebox.compartments.growth.experiments.schemas import ExperimentReport

    return call("/v1/growth/experiment", question, ExperimentReport)


def growth_uplift(question: Mapping[str, Any]) -> "Call[UpliftReport]":
    """The request for the effect of a treatment by segment; see `Client.growth_uplift`."""
    from valuebox.compartments.growth.uplift.schemas import UpliftReport

    return call("/v1/growth/uplift", question, UpliftReport)


def response(customers: Rows, at: datetime | None, key: str | None) -> "Call[ResponsePredictions]":
    """The request that predicts responses of customers; see `Client.response`."""
    from valuebox.compartments.response.schemas import ResponsePredictions

    question = {"customers": rows_of(customers), "at": at}
    return call("/v1/growth/response", question, ResponsePredictions, key)


def response_search(conditions: Mapping[str, Any]) -> "Call[ResponsePage]":
    """The request for a page of stored responses; see `Client.response_search`."""
    from valuebox.compartments.response.schemas import ResponsePage

    return call("/v1/growth/response/search", conditions, ResponsePage)


def response_model() -> "Call[ResponseCard]":
    """The request for the card of the response model; see `Client.response_model`."""
    from valuebox.compartments.response.schemas import ResponseCard

    return call("/v1/growth/response/model", {}, ResponseCard)


def offers_decide(question: Mapping[str, Any], key: str | None) -> "Call[Decision]":
    """The request for the offer of a session; see `Client.offers_decide`."""
    from valuebox.compartments.offers.schemas import Decision

    return call("/v1/offers/decide", question, Decision, key)


def offers_feedback(feedback: Rows, key: str | None) -> "Call[FeedbackStored]":
    """The request that tells what became of offers; see `Client.offers_feedback`."""
    from valuebox.compartments.offers.schemas import FeedbackStored

    return call("/v1/offers/feedback", {"feedback": rows_of(feedback)}, FeedbackStored, key)


def offers_decision(decision_id: UUID | str) -> "Call[ExplainedDecision]":
    """The request for a stored decision; see `Client.offers_decision`."""
    from valuebox.compartments.offers.schemas import ExplainedDecision

    return call("/v1/offers/decision", {"decision_id": str(decision_id)}, ExplainedDecision)


def items(rows: Rows, key: str | None) -> "Call[ItemsStored]":
    """The request that stores items of shops; see `Client.items`."""
    from valuebox.compartments.recommend.schemas import ItemsStored

    return call("/v1/items", rows_of(rows), ItemsStored, key)


def recommend(question: Mapping[str, Any], key: str | None) -> "Call[Recommendation]":
    """The request for what a visitor should see next; see `Client.recommend`."""
    from valuebox.compartments.recommend.schemas import Recommendation

    return call("/v1/recommend", question, Recommendation, key)
