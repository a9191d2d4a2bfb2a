"""The endpoints of the response model."""

from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.response.kind import TRAINED_BY
from valuebox.compartments.response.model import Predictor
from valuebox.compartments.response.schemas import (
    ResponseCard,
    ResponsePage,
    ResponsePredictions,
    ResponseQuestion,
    ResponseSearch,
)
from valuebox.compartments.response.search import find_responses
from valuebox.compartments.response.steps import ResponseSteps
from valuebox.predictions.tally import Tally
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import NoModel
from valuebox.serving.pipeline import Pipeline
from valuebox.store.engine import Store


class ResponseApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    store: Store
    pipeline: Pipeline
    responses: Predictor | None
    response_tally: Tally
    """Counts what the model says, where there is one."""

    @endpoint(
        "/v1/growth/response",
        Scope.PREDICT,
        stores=True,
        answers=ResponsePredictions,
        refuses=("not_found", "unanswerable"),
    )
    def growth_response(self, question: ResponseQuestion, /) -> Response:
        """Predict who will buy, like or share, by category, within the coming period.

        Takes 1 to 1,000 stored customers, looks at what they did before, and answers in the same
        order. All predictions are stored or none.
        """
        if self.responses is None:
            raise NoModel("response", TRAINED_BY)
        return self.pipeline.predict(
            ResponseSteps(self.store, self.responses, self.response_tally), question
        )

    @endpoint("/v1/growth/response/search", Scope.READ)
    def growth_response_search(self, search: ResponseSearch, /) -> ResponsePage:
        """Look up stored predictions of responses, with what came true, newest first, in pages."""
        with self.store.reading() as session:
            return find_responses(session, search)

    @endpoint(
        "/v1/growth/response/model",
        Scope.PREDICT,
        Scope.READ,
        answers=ResponseCard,
        refuses=("not_found",),
    )
    def growth_response_model(self) -> ResponseCard:
        """The response model that answers: its tag, how it was made and how it did."""
        model = self.responses
        if model is None:
            raise NoModel("response", TRAINED_BY)
        return ResponseCard(
            model=model.tag,
            kind="response",
            created_at=model.created_at,
            days=model.days,
            category=model.category,
            responses=list(model.encoder.responses),
            categories=list(model.encoder.categories),
            metadata=model.metadata,
            reference=model.reference,
        )
