"""The models that were served, as the database remembers them."""

from datetime import UTC, datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from valuebox.ltv.bins import Reference
from valuebox.ltv.model import LtvModel
from valuebox.ltv.summaries.adding import KnownModel
from valuebox.ltv.summaries.tables import LtvModelRecord
from valuebox.ltv.uncertainty import Uncertainty


def register(session: Session, model: LtvModel) -> None:
    """Note what a model's predictions will be summed up and judged by, once."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql.insert if is_postgres else sqlite.insert)(LtvModelRecord)
    values = {
        "model": model.tag,
        "trained_at": model.created_at,
        "registered_at": datetime.now(UTC),
        "reference": model.reference.model_dump(mode="json"),
        "uncertainty": model.uncertainty.model_dump(mode="json"),
    }
    session.execute(insert.values(values).on_conflict_do_nothing())


def known_model(session: Session, model: str) -> KnownModel:
    """What is noted of a model."""
    record = session.get(LtvModelRecord, model)
    if record is None:
        return KnownModel(model)
    return KnownModel(
        model,
        Reference.model_validate(record.reference),
        Uncertainty.model_validate(record.uncertainty),
    )
