"""The models that were served, as the database remembers them."""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from valuebox.features.bins import PREDICTION, Reference
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.adding import KnownModel
from valuebox.predictions.sums.tables import FoldingProgress, LateModel
from valuebox.store.upsert import insert_missing

_MOST_KNOWN: Final = 50
# By ledger, tag and when it was noted, which tells those of several databases apart.
_KNOWN: Final[dict[tuple[str, str, datetime | None], KnownModel]] = {}


class Note(NamedTuple):
    """What predictions of a model will be summed up and judged by."""

    model: str
    """Exact tag."""
    trained_at: datetime
    reference: Reference | None
    """What the model was trained on, by bin; None where that was not learned."""
    uncertainty: dict[str, Any]
    """What the `Spread` of the ledger needs, as JSON."""


def register(session: Session, ledger: Ledger, note: Note) -> None:
    """Note what a model's predictions will be summed up and judged by, once.

    Of a model whose rows the sums hold already it is noted how far these reach, so that they are
    taken out again as they were added. Waits until nobody else adds to the sums.
    """
    models: type[Any] = ledger.sums.models
    if session.scalar(select(models.model).where(models.model == note.model)) is not None:
        return
    last = _last_unknown(session, ledger, note.model)
    if last is not None:
        late = {"ledger": ledger.name, "model": note.model, "unknown_through": last}
        insert_missing(session, LateModel, late)
    reference = note.reference and _countable(ledger, note.reference)
    values = {
        "model": note.model,
        "trained_at": note.trained_at,
        "registered_at": datetime.now(UTC),
        # JSON's own null, where the model was saved before there was one.
        "reference": reference and reference.model_dump(mode="json"),
        "uncertainty": note.uncertainty,
    }
    insert_missing(session, models, values)


def reached(session: Session, ledger: Ledger, patient: bool) -> FoldingProgress | None:
    """How far the sums reach, locked; None where somebody else is adding to them."""
    state = select(ledger.sums.folded).with_for_update(skip_locked=not patient)
    return session.scalars(state).one_or_none()


def _last_unknown(session: Session, ledger: Ledger, model: str) -> UUID | None:
    """The last row of a model that is not noted yet, as far as the sums hold any."""
    state, sums = reached(session, ledger, patient=True), ledger.sums
    if state is None or not session.scalar(select(exists().where(sums.arrivals.model == model))):
        return None
    added = select(sums.passed_over.id).where(sums.passed_over.is_summed)
    ahead = ledger.select(ledger.id).where(
        ledger.id.in_(added), ledger.id > state.through, ledger.model == model
    )
    return session.scalar(ahead.order_by(ledger.id.desc()).limit(1)) or state.through


def _countable(ledger: Ledger, reference: Reference) -> Reference:
    """The reference without features whose names the tables, or SQLite's JSON, cannot hold.

    Nor is one kept that goes by the name of the predictions.
    """
    longest = ledger.sums.feature_bins.feature.type.length
    kept = {
        kind: {
            name: bins
            for name, bins in getattr(reference, kind).items()
            if len(name) <= longest and '"' not in name and name != PREDICTION
        }
        for kind in ("numbers", "categories")
    }
    return reference.model_copy(update=kept)


def known_model(session: Session, ledger: Ledger, model: str) -> KnownModel:
    """What is noted of a model; that never changes, so it is read and checked once."""
    record = ledger.sums.models
    noted = select(record.registered_at).where(record.model == model)
    key = (ledger.name, model, session.scalar(noted))
    if key[2] is None:
        return KnownModel(model)
    if key not in _KNOWN:
        late = select(LateModel.unknown_through).where(
            LateModel.ledger == ledger.name, LateModel.model == model
        )
        query = select(record.reference, record.uncertainty, late.scalar_subquery())
        found = session.execute(query.where(record.model == model)).one()
        reference, uncertainty, unknown_through = found
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = KnownModel(
            model,
            None if reference is None else Reference.model_validate(reference),
            ledger.spread.learned(uncertainty),
            unknown_through,
        )
    return _KNOWN[key]
