"""The endpoint of the churn model."""

from starlette.responses import Response

from valuebox.compartments.api import (
    CustomerPredictions,
    CustomerQuestion,
    CustomerSteps,
    NoModel,
    Pipeline,
    Scope,
    Store,
    endpoint,
)
from valuebox_churn.model import ChurnModel
from valuebox_churn.tables import KEPT


class ChurnApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    store: Store
    pipeline: Pipeline
    churn: ChurnModel | None

    @endpoint(
        "/v1/churn/predict",
        Scope.PREDICT,
        stores=True,
        answers=CustomerPredictions,
        refuses=("not_found", "unanswerable"),
    )
    def churn_predict(self, question: CustomerQuestion, /) -> Response:
        """Predict who will still buy within the coming 60 days; every probability is stored."""
        if self.churn is None:
            raise NoModel("churn", "valuebox churn train")
        steps = CustomerSteps(self.store, KEPT, self.churn, amounts=True)
        return self.pipeline.predict(steps, question)
