"""The client of programs that wait for each answer."""

import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload
from uuid import UUID

import httpx
from tenacity import Retrying

from valuebox.client import calls
from valuebox.client.bodies import Columns, Rows, like
from valuebox.client.calls import Answer, Call
from valuebox.client.link import DEFAULT_URL, Link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from valuebox.compartments.growth.experiments.schemas import ExperimentReport
    from valuebox.compartments.growth.report import GrowthReport
    from valuebox.compartments.growth.uplift.schemas import UpliftReport
    from valuebox.compartments.ltv.bulk import PredictionTable
    from valuebox.compartments.ltv.schemas import (
        ModelCard,
        OutcomesStored,
        Prediction,
        PredictionPage,
        StoredPrediction,
    )
    from valuebox.compartments.offers.schemas import Decision, ExplainedDecision, FeedbackStored
    from valuebox.compartments.questions import Questions
    from valuebox.compartments.recommend.schemas import ItemsStored, Recommendation
    from valuebox.compartments.response.schemas import (
        ResponseCard,
        ResponsePage,
        ResponsePredictions,
        StoredResponse,
    )
    from valuebox.facts.features.schemas import Features
    from valuebox.facts.schemas import CustomersStored, EventsStored

T = TypeVar("T")


class Client:
    """A valuebox service, called over HTTP.

    Rows may be dictionaries or a data frame; NaN, NaT and NA are sent as null. Every method sends
    one request. What stores is stored once, however often the request has to be sent: each one
    carries an `Idempotency-Key`, `key` or one of its own. Threads may share a client.

    Args:
        url: Address of the service.
        api_key: An API key; by default that of the environment variable `VALUEBOX_API_KEY`, if any.
        timeout: Seconds that one answer may take.
        retry_seconds: Seconds for which a request is sent again while the service is away; 0 sends
            each once. `Retry-After` of an answer is honoured.
        limit_seconds: Seconds for which a request waits that the limits of the API key refuse; 90
            outlast the minute that limits are counted by.
        wait_for_start: Whether a service that has never answered this client is waited for, too.

    Raises:
        ServiceError: in every method, when the service cannot be reached or refuses the request;
            here, when the address or the key cannot be one.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout: float = 90.0,
        retry_seconds: float = 30.0,
        limit_seconds: float = 90.0,
        wait_for_start: bool = True,
    ):
        self._link = Link(url, api_key, timeout, retry_seconds, limit_seconds, wait_for_start)
        self._http = httpx.Client(**self._link.options())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._link.name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; the client cannot be used any more."""
        self._http.close()

    def call(self, path: str, body: Any, answers: type[T], *, key: str | None = None) -> Answer[T]:
        """Send a request to any endpoint, such as that of a compartment from another package.

        Args:
            path: Of the endpoint.
            body: What JSON can hold.
            answers: What the answer is read as; a pydantic model, or `dict`.
            key: The `Idempotency-Key`.
        """
        return self._send(calls.call(path, body, answers, key))

    def predict(self, users: Rows, *, key: str | None = None) -> "list[Prediction]":
        """Predict lifetime values of 1 to 10,000 users, and have them stored.

        Args:
            users: Each with `user_id`, `join_date`, and features as far as they are known.
            key: The `Idempotency-Key`.

        Returns:
            A prediction for each user, in the order sent. What is strange about the columns is a
            `UserWarning`.
        """
        return self._told(calls.predict(users, key)).root

    @overload
    def predict_bulk(self, users: "pd.DataFrame", *, key: str | None = None) -> "pd.DataFrame": ...
    @overload
    def predict_bulk(self, users: Columns, *, key: str | None = None) -> "PredictionTable": ...
    def predict_bulk(
        self, users: "Columns | pd.DataFrame", *, key: str | None = None
    ) -> "PredictionTable | pd.DataFrame":
        """Predict lifetime values of 1 to 100,000 users by column, and have them stored.

        Args:
            users: A data frame or columns by name, as in `predict`.
            key: The `Idempotency-Key`.

        Returns:
            Columns, or a data frame with the index of `users`: `model`, `user_id`, `prediction`,
            `lower`, `upper` and `prediction_id`, in the order sent.
        """
        return like(users, self._told(calls.predict_bulk(users, key)))

    def search(
        self,
        *,
        user_ids: list[int] | None = None,
        request_id: UUID | None = None,
        joined_from: datetime | str | None = None,
        joined_before: datetime | str | None = None,
        page_size: int | None = None,
        after: UUID | None = None,
    ) -> "PredictionPage":
        """One page of stored predictions, newest first.

        Args:
            user_ids: Of these users.
            request_id: Of this request.
            joined_from: Of users who joined then or later.
            joined_before: Of users who joined before then.
            page_size: How many predictions; 100 by default.
            after: `next_page` of the page before.
        """
        conditions = {name: one for name, one in locals().items() if name != "self"}
        return self._send(calls.search(conditions)).content

    def search_all(self, **conditions: Any) -> "Iterator[StoredPrediction]":
        """All stored predictions that fulfil the conditions of `search`, page by page."""
        while True:
            page = self.search(**conditions)
            yield from page.predictions
            if page.next_page is None:
                return
            conditions["after"] = page.next_page

    def outcomes(
        self, values: "Rows | Mapping[int, float]", *, key: str | None = None
    ) -> "OutcomesStored":
        """Report what users really spent.

        Args:
            values: The value of each user by `user_id`, or rows with `user_id` and `target`.
            key: The `Idempotency-Key`.
        """
        return self._send(calls.outcomes(values, key)).content

    def model_card(self) -> "ModelCard":
        """The lifetime-value model that answers, and how it was made."""
        return self._send(calls.model_card()).content

    def models(self) -> "Questions":
        """Which questions the service can answer, and by which models."""
        return self._send(calls.models()).content

    def customers(self, customers: Rows, *, key: str | None = None) -> "CustomersStored":
        """Store 1 to 10,000 customers: `source`, `id`, `created` and `attributes` of each."""
        return self._send(calls.customers(customers, key)).content

    def events(self, events: Rows, *, key: str | None = None) -> "EventsStored":
        """Store 1 to 10,000 events: `source`, `id`, `customer`, `type`, `time`, … of each."""
        return self._send(calls.events(events, key)).content

    def raw_events(
        self, mapping: str, events: Rows, *, source: str | None = None, key: str | None = None
    ) -> "EventsStored":
        """Store 1 to 10,000 events as they come, with the names that a mapping knows.

        Args:
            mapping: Name of the mapping.
            events: Whatever is known of each.
            source: Of events that do not say theirs; by default what the mapping says.
            key: The `Idempotency-Key`.
        """
        return self._send(calls.raw_events(mapping, events, source, key)).content

    def features(self, **question: Any) -> "Features":
        """Declared features as of a moment; arguments are the fields of `POST /v1/features`."""
        return self._send(calls.features(question)).content

    def growth_report(self, **question: Any) -> "GrowthReport":
        """A growth report; arguments are the fields of `POST /v1/growth/report`."""
        return self._send(calls.growth_report(question)).content

    def growth_experiment(self, **question: Any) -> "ExperimentReport":
        """The arms of an experiment; arguments are the fields of `POST /v1/growth/experiment`."""
        return self._send(calls.growth_experiment(question)).content

    def growth_uplift(self, **question: Any) -> "UpliftReport":
        """On whom a treatment works; arguments are the fields of `POST /v1/growth/uplift`."""
        return self._send(calls.growth_uplift(question)).content

    def response(
        self, customers: Rows, *, at: datetime | None = None, key: str | None = None
    ) -> "ResponsePredictions":
        """How likely 1 to 1,000 stored customers are to respond, and have it stored.

        Args:
            customers: `source` and `id` of each.
            at: Moment at which the period begins; now by default.
            key: The `Idempotency-Key`.
        """
        return self._send(calls.response(customers, at, key)).content

    def response_search(self, **conditions: Any) -> "ResponsePage":
        """One page of stored responses, newest first, with what came true of them.

        Args:
            conditions: Fields of `POST /v1/growth/response/search`, such as `customers`.
        """
        return self._send(calls.response_search(conditions)).content

    def response_search_all(self, **conditions: Any) -> "Iterator[StoredResponse]":
        """All stored responses that fulfil the conditions of `response_search`, page by page."""
        while True:
            page = self.response_search(**conditions)
            yield from page.predictions
            if page.next_page is None:
                return
            conditions["after"] = page.next_page

    def response_model(self) -> "ResponseCard":
        """The response model that answers, and how it was made."""
        return self._send(calls.response_model()).content

    def offers_decide(self, *, key: str | None = None, **question: Any) -> "Decision":
        """The offer to show in a session; arguments are the fields of `POST /v1/offers/decide`."""
        return self._send(calls.offers_decide(question, key)).content

    def offers_feedback(self, feedback: Rows, *, key: str | None = None) -> "FeedbackStored":
        """Tell what became of 1 to 1,000 offers: `decision_id` and `what` of each."""
        return self._send(calls.offers_feedback(feedback, key)).content

    def offers_decision(self, decision_id: UUID | str) -> "ExplainedDecision":
        """A stored decision: what was known and thought, why, and what came of it."""
        return self._send(calls.offers_decision(decision_id)).content

    def items(self, items: Rows, *, key: str | None = None) -> "ItemsStored":
        """Store 1 to 10,000 items of shops, each once; fields are those of `POST /v1/items`."""
        return self._send(calls.items(items, key)).content

    def recommend(self, *, key: str | None = None, **question: Any) -> "Recommendation":
        """What a visitor should see next; arguments are the fields of `POST /v1/recommend`."""
        return self._send(calls.recommend(question, key)).content

    def _told(self, call: Call[T]) -> T:
        answer = self._send(call)
        if answer.warnings:
            warnings.warn(answer.warnings, UserWarning, stacklevel=3)
        return answer.content

    def _send(self, call: Call[T]) -> Answer[T]:
        """Send a request, and again while that may help.

        What stores carries a key, and the rest only reads: sending again does no harm.
        """
        answer: Answer[T] = Retrying(**self._link.patience())(self._send_once, call)
        return answer

    def _send_once(self, call: Call[T]) -> Answer[T]:
        try:
            response = self._http.post(**self._link.request(call))
        except httpx.HTTPError as error:
            raise self._link.failed(error) from None
        return self._link.read(call, response)
