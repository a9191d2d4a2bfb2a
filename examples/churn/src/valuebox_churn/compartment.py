"""The churn model, as the register of valuebox knows it."""

from typing import Any, Final

from valuebox.compartments.contract import Compartment, ModelKind
from valuebox.compartments.customers import expiry_of, personal_of
from valuebox_churn.api import ChurnApi, ChurnPrediction
from valuebox_churn.model import ChurnModel


def _open(service: Any, model: ChurnModel | None) -> None:
    service.churn = model


COMPARTMENT: Final = Compartment(
    name="churn",
    question="Will this customer still buy within the next 60 days?",
    endpoints=ChurnApi,
    open=_open,
    model=ModelKind("models__churn", "valuebox churn train", ChurnModel.load, newest="churn"),
    tables=(ChurnPrediction,),
    migrations="valuebox_churn.migrations",
    personal=(personal_of(ChurnPrediction, "churn predictions"),),
    expiry=(expiry_of(ChurnPrediction, "churn predictions"),),
)
