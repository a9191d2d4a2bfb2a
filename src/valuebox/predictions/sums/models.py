"""The models that were served, as the database remembers them."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.uncertainty import Uncertainty
from valuebox.features.bins import Reference
from valuebox.predictions.sums.adding import KnownModel
from valuebox.predictions.sums.tables import LtvModelRecord

_MOST_KNOWN: Final = 50
# By tag and when it was noted, which tells those of several databases apart.
_KNOWN: Final[dict[tuple[str, datetime | None], KnownModel]] = {}


def register(session: Session, model: LtvModel) -> None:
    """Note what a model's predictions will be summed up and judged by, once."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql.insert if is_postgres else sqlite.insert)(LtvModelRecord)
    values = {
        "model": model.tag,
        "trained_at": model.created_at,
        "registered_at": datetime.now(UTC),
        # JSON's own null, where the model was saved before there was one.
        "reference": model.reference and model.reference.model_dump(mode="json"),
        "uncertainty": model.uncertainty.model_dump(mode="json"),
    }
    session.execute(insert.values(values).on_conflict_do_nothing())


def known_model(session: Session, model: str) -> KnownModel:
    """What is noted of a model; that never changes, so it is read and checked once."""
    record = LtvModelRecord
    noted = select(record.registered_at).where(record.model == model)
    key = (model, session.scalar(noted))
    if key[1] is None:
        return KnownModel(model)
    if key not in _KNOWN:
        query = select(record.reference, record.uncertainty).where(record.model == model)
        reference, uncertainty = session.execute(query).one()
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = KnownModel(
            model,
            None if reference is None else Reference.model_validate(reference),
            Uncertainty.model_validate(uncertainty),
        )
    return _KNOWN[key]
