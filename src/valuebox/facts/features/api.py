"""The endpoint of features: as of now or another moment, kept as they were answered."""

from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.facts.features.declarations import Declarations
from valuebox.facts.features.schemas import Features, FeaturesQuestion
from valuebox.facts.features.steps import FeaturesSteps
from valuebox.serving.endpoint import endpoint
from valuebox.serving.pipeline import Pipeline
from valuebox.serving.together import gathered
from valuebox.store.engine import Store


class FeaturesApi:
    """Endpoints of the features; the service that they are part of has these attributes."""

    store: Store
    pipeline: Pipeline
    declarations: Declarations

    @endpoint(
        "/v1/features",
        Scope.PREDICT,
        stores=True,
        answers=Features,
        refuses=("not_found", "unanswerable"),
        together=gathered(lambda api: FeaturesSteps(api.store, api.declarations)),
    )
    def features(self, question: FeaturesQuestion, /) -> Response:
        """Work out declared features of customers or sessions, as of now or another moment.

        Everything is looked at that was stored before and happened before the moment. The answer is
        the row that a table of the same declaration has for an anchor at that moment, without its
        targets. Answers are kept, so that `valuebox features audit` can work them out again.
        """
        return self.pipeline.predict(FeaturesSteps(self.store, self.declarations), question)
