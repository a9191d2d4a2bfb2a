"""The endpoint of the response model."""

from typing import Final

from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.response.model import Predictor
from valuebox.compartments.response.schemas import ResponsePredictions, ResponseQuestion
from valuebox.compartments.response.steps import ResponseSteps
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import NoModel
from valuebox.serving.pipeline import Pipeline
from valuebox.store.engine import Store

TRAINED_BY: Final = "valuebox growth train"


class ResponseApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    store: Store
    pipeline: Pipeline
    responses: Predictor | None

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
        return self.pipeline.predict(ResponseSteps(self.store, self.responses), question)
