"""The client of programs that do other things while they wait for an answer."""

import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload
from uuid import UUID

import httpx
from tenacity import AsyncRetrying

from valuebox.client import calls
from valuebox.client.bodies import Columns, Rows, like
from valuebox.client.calls import Answer, Call
from valuebox.client.link import DEFAULT_URL, Link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

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


class AsyncClient:
    """A valuebox service, called over HTTP by coroutines.

    It is made with the arguments of `Client`, and has its methods, which are awaited.
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
        self._http = httpx.AsyncClient(**self._link.options())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._link.name!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_raised: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up; the client cannot be used any more."""
        await self._http.aclose()

    async def call(
        self, path: str, body: Any, answers: type[T], *, key: str | None = None
    ) -> Answer[T]:
        """Send a request to any endpoint, such as that of a compartment from another package.

        See `Client.call`.
        """
        return await self._send(calls.call(path, body, answers, key))

    async def predict(self, users: Rows, *, key: str | None = None) -> "list[Prediction]":
        """Predict lifetime values of 1 to 10,000 users, and have them stored.

        See `Client.predict`.
        """
        return (await self._told(calls.predict(users, key))).root

    @overload
    async def predict_bulk(
        self, users: "pd.DataFrame", *, key: str | None = None
    ) -> "pd.DataFrame": ...
    @overload
    async def predict_bulk(
        self, users: Columns, *, key: str | None = None
    ) -> "PredictionTable": ...
    async def predict_bulk(
        self, users: "Columns | pd.DataFrame", *, key: str | None = None
    ) -> "PredictionTable | pd.DataFrame":
        """Predict lifetime values of 1 to 100,000 users by column, and have them stored.

        See `Client.predict_bulk`.
        """
        return like(users, await self._told(calls.predict_bulk(users, key)))

    async def search(
        self,
        *,
        user_ids: list[int] | None = None,
        request_id: UUID | None = None,
        joined_from: datetime | str | None = None,
        joined_before: datetime | str | None = None,
        page_size: int | None = None,
        after: UUID | None = None,
    ) -> "PredictionPage":
        """One page of stored predictions, newest first; see `Client.search`."""
        conditions = {name: one for name, one in locals().items() if name != "self"}
        return (await self._send(calls.search(conditions))).content

    async def search_all(self, **conditions: Any) -> "AsyncIterator[StoredPrediction]":
        """All stored predictions that fulfil the conditions of `search`, page by page.

        See `Client.search_all`.
        """
        while True:
            page = await self.search(**conditions)
            for one in page.predictions:
                yield one
            if page.next_page is None:
                return
            conditions["after"] = page.next_page

    async def outcomes(
        self, values: "Rows | Mapping[int, float]", *, key: str | None = None
    ) -> "OutcomesStored":
        """Report what users really spent; see `Client.outcomes`."""
        return (await self._send(calls.outcomes(values, key))).content

    async def model_card(self) -> "ModelCard":
        """The lifetime-value model that answers, and how it was made; see `Client.model_card`."""
        return (await self._send(calls.model_card())).content

    async def models(self) -> "Questions":
        """Which questions the service can answer, and by which models; see `Client.models`."""
        return (await self._send(calls.models())).content

    async def customers(self, customers: Rows, *, key: str | None = None) -> "CustomersStored":
        """Store 1 to 10,000 customers: `source`, `id`, `created` and `attributes` of each.

        See `Client.customers`.
        """
        return (await self._send(calls.customers(customers, key))).content

    async def events(self, events: Rows, *, key: str | None = None) -> "EventsStored":
        """Store 1 to 10,000 events: `source`, `id`, `customer`, `type`, `time`, … of each.

        See `Client.events`.
        """
        return (await self._send(calls.events(events, key))).content

    async def raw_events(
        self, mapping: str, events: Rows, *, source: str | None = None, key: str | None = None
    ) -> "EventsStored":
        """Store 1 to 10,000 events as they come, with the names that a mapping knows.

        See `Client.raw_events`.
        """
        return (await self._send(calls.raw_events(mapping, events, source, key))).content

    async def features(self, **question: Any) -> "Features":
        """Declared features as of a moment; arguments are the fields of `POST /v1/features`.

        See `Client.features`.
        """
        return (await self._send(calls.features(question))).content

    async def growth_report(self, **question: Any) -> "GrowthReport":
        """A growth report; arguments are the fields of `POST /v1/growth/report`.

        See `Client.growth_report`.
        """
        return (await self._send(calls.growth_report(question))).content

    async def growth_experiment(self, **question: Any) -> "ExperimentReport":
        """The arms of an experiment; arguments are the fields of `POST /v1/growth/experiment`.

        See `Client.growth_experiment`.
        """
        return (await self._send(calls.growth_experiment(question))).content

    async def growth_uplift(self, **question: Any) -> "UpliftReport":
        """On whom a treatment works; arguments are the fields of `POST /v1/growth/uplift`.

        See `Client.growth_uplift`.
        """
        return (await self._send(calls.growth_uplift(question))).content

    async def response(
        self, customers: Rows, *, at: datetime | None = None, key: str | None = None
    ) -> "ResponsePredictions":
        """How likely 1 to 1,000 stored customers are to respond, and have it stored.

        See `Client.response`.
        """
        return (await self._send(calls.response(customers, at, key))).content

    async def response_search(self, **conditions: Any) -> "ResponsePage":
        """One page of stored responses, newest first, with what came true of them.

        See `Client.response_search`.
        """
        return (await self._send(calls.response_search(conditions))).content

    async def response_search_all(self, **conditions: Any) -> "AsyncIterator[StoredResponse]":
        """All stored responses that fulfil the conditions of `response_search`, page by page.

        See `Client.response_search_all`.
        """
        while True:
            page = await self.response_search(**conditions)
            for one in page.predictions:
                yield one
            if page.next_page is None:
                return
            conditions["after"] = page.next_page

    async def response_model(self) -> "ResponseCard":
        """The response model that answers, and how it was made; see `Client.response_model`."""
        return (await self._send(calls.response_model())).content

    async def offers_decide(self, *, key: str | None = None, **question: Any) -> "Decision":
        """The offer to show in a session; arguments are the fields of `POST /v1/offers/decide`.

        See `Client.offers_decide`.
        """
        return (await self._send(calls.offers_decide(question, key))).content

    async def offers_feedback(self, feedback: Rows, *, key: str | None = None) -> "FeedbackStored":
        """Tell what became of offers; see `Client.offers_feedback`."""
        return (await self._send(calls.offers_feedback(feedback, key))).content

    async def offers_decision(self, decision_id: UUID | str) -> "ExplainedDecision":
        """A stored decision, and what came of it; see `Client.offers_decision`."""
        return (await self._send(calls.offers_decision(decision_id))).content

    async def items(self, items: Rows, *, key: str | None = None) -> "ItemsStored":
        """Store items of shops; see `Client.items`."""
        return (await self._send(calls.items(items, key))).content

    async def recommend(self, *, key: str | None = None, **question: Any) -> "Recommendation":
        """What a visitor should see next; arguments are the fields of `POST /v1/recommend`."""
        return (await self._send(calls.recommend(question, key))).content

    async def _told(self, call: Call[T]) -> T:
        answer = await self._send(call)
        if answer.warnings:
            warnings.warn(answer.warnings, UserWarning, stacklevel=3)
        return answer.content

    async def _send(self, call: Call[T]) -> Answer[T]:
        """Send a request, and again while that may help.

        What stores carries a key, and the rest only reads: sending again does no harm.
        """
        answer: Answer[T] = await AsyncRetrying(**self._link.patience())(self._send_once, call)
        return answer

    async def _send_once(self, call: Call[T]) -> Answer[T]:
        try:
            response = await self._http.post(**self._link.request(call))
        except httpx.HTTPError as error:
            raise self._link.failed(error) from None
        return self._link.read(call, response)
