"""The churn model, as the register of valuebox knows it."""

from typing import Final

from valuebox.compartments.api import Compartment, ModelKind
from valuebox_churn.api import ChurnApi
from valuebox_churn.model import ChurnModel
from valuebox_churn.tables import KEPT

COMPARTMENT: Final = Compartment(
    name="churn",
    question="Will this customer still buy within the next 60 days?",
    endpoints=ChurnApi,
    model=ModelKind(
        "models__churn", "valuebox churn train", ChurnModel.load, newest="churn", note=KEPT.note
    ),
    tables=KEPT.tables,
    migrations="valuebox_churn.migrations",
    ledger=KEPT.ledger,
    personal=(KEPT.personal,),
    expiry=(KEPT.expiry,),
)
