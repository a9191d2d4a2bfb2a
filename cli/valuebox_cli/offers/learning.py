"""Learn from the decisions of a database, and promote the model."""

from datetime import UTC, datetime

from sqlalchemy import true

from valuebox.compartments.offers.ledger import REFERENCE, note
from valuebox.compartments.offers.model import OffersModel, load
from valuebox.compartments.offers.promoting import promote, promotions
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.settling import settle_known
from valuebox.facts.scanning import begin
from valuebox.store.engine import Store
from valuebox_training.offers.learning import learn
from valuebox_training.offers.reference import reference_of


def learn_and_promote(store: Store, now: datetime, name: str) -> str:
    """Learn, save, and have the new model decide.

    Args:
        store: The database.
        now: Decisions and events before this moment are looked at.
        name: Of the model in the model store.

    Returns:
        What was done, in a sentence.

    Raises:
        NothingToLearn: where too few offers were bought.
        ArtifactMissing, ArtifactRefused: where the model that decides cannot be read.
    """
    with store.reading() as session:
        connection = session.connection()
        begin(connection)
        ids, decisions = read(connection, now, true())
        earlier = promotions(session)
    with store.writing() as session:
        settle_known(session, ids, decisions, now)
    previous: OffersModel | None = load(earlier[0].model) if earlier else None
    model = learn(decisions, _microseconds(now), previous)
    found = {
        "decisions": len(decisions),
        "shown": int(decisions.shown.sum()),
        "bought": int((decisions.own > 0).sum()),
        "until": now.astimezone(UTC).isoformat(),
        REFERENCE: reference_of(model, decisions).model_dump(mode="json"),
    }
    tag = model.save(name, {}, found)
    why = f"learned from {found['shown']} offers that were shown, {found['bought']} of them bought"
    with store.writing() as session:
        note(session, load(tag))
        promote(session, tag, why)
    return f"{tag} decides: {why}"


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)
