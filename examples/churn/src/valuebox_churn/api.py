"""The endpoint of the churn model."""

from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.customers.steps import CustomerPredictions, CustomerSteps
from valuebox.facts.asking import CustomerQuestion
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import NoModel
from valuebox.serving.pipeline import Pipeline
from valuebox.store.engine import Store
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
