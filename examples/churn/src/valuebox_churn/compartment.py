"""The churn model, as the register of valuebox knows it."""

from typing import Any, Final

from valuebox.compartments.contract import Compartment, ModelKind
from valuebox_churn.api import ChurnApi
from valuebox_churn.model import ChurnModel
from valuebox_churn.tables import KEPT


def _open(service: Any, model: ChurnModel | None) -> None:
    service.churn = model


COMPARTMENT: Final = Compartment(
    name="churn",
    question="Will this customer still buy within the next 60 days?",
    endpoints=ChurnApi,
    open=_open,
    model=ModelKind(
        "models__churn", "valuebox churn train", ChurnModel.load, newest="churn", note=KEPT.note
    ),
    tables=KEPT.tables,
    migrations="valuebox_churn.migrations",
    ledger=KEPT.ledger,
    personal=(KEPT.personal,),
    expiry=(KEPT.expiry,),
)
