"""Learn from the decisions of a database, judge what was learned, and promote it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Final, NamedTuple

from sqlalchemy import true

from valuebox.compartments.offers.decisions import DAY, Decisions
from valuebox.compartments.offers.evaluation.gate import Mode, Verdict
from valuebox.compartments.offers.evaluation.stored import NothingToJudge
from valuebox.compartments.offers.ledger import REFERENCE, note
from valuebox.compartments.offers.model import OffersModel, load
from valuebox.compartments.offers.promoting import promote, promotions
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.settling import settle_known
from valuebox.compartments.offers.tables import OfferPromotion
from valuebox.facts.features.indexing import index_newest
from valuebox.facts.scanning import begin
from valuebox.models.registry import ArtifactMissing, ArtifactRefused
from valuebox.store.engine import Store
from valuebox_training.offers.gating import judge
from valuebox_training.offers.learning import Learning, NothingToLearn, learn
from valuebox_training.offers.reference import reference_of

DAYS: Final = 3
"""Days by which what is learned is judged: with more, a twin that is as old is worse than what is
served wherever players change."""

_LOADED: Final = 6
"""Models that are looked through for one that was learned some days ago."""


class Learned(NamedTuple):
    """What has become of a model."""

    tag: str
    decides: bool
    """Whether the model decides from now on."""
    why: str
    """What it was learned from, and what was found, in a sentence."""


def learn_and_promote(
    store: Store,
    now: datetime,
    name: str,
    mode: Mode | None = Mode.WATCH,
    is_apprentice: bool = False,
) -> Learned:
    """Learn, save, and have the new model decide where nothing speaks against it.

    Args:
        store: The database.
        now: Decisions and events before this moment are looked at.
        name: Of the model in the model store.
        mode: What the new model has to show beside the one that decides; None for nothing.
        is_apprentice: Whether the new model is not to decide in any case.

    Raises:
        NothingToLearn: where too few offers were bought.
        ArtifactMissing, ArtifactRefused: where the model that decides cannot be read.
    """
    # Each decision asks for the newest events of its player.
    index_newest(store.engine)
    with store.reading() as session:
        connection = session.connection()
        begin(connection)
        ids, decisions = read(connection, now, true(), Learning().most_rows)
        earlier = promotions(session)
    with store.writing() as session:
        settle_known(session, ids, decisions, now)
    moment = round(now.timestamp() * 1e6)
    previous = load(earlier[0].model) if earlier else None
    model = learn(decisions, moment, previous)
    shown, bought = int(decisions.shown.sum()), int((decisions.own > 0).sum())
    told = {
        "decisions": len(decisions),
        "shown": shown,
        "bought": bought,
        "until": now.astimezone(UTC).isoformat(),
        REFERENCE: reference_of(model, decisions).model_dump(mode="json"),
    }
    why = f"learned from {shown:,} offers that were shown, {bought:,} of them bought"
    verdict = (
        None
        if mode is None or previous is None
        else _judged(decisions, moment, mode, previous, earlier[1:])
    )
    if verdict is not None:
        why = f"{why}; {verdict.why}"
        # The model store keeps no nulls.
        told["judged"] = verdict.model_dump(mode="json", exclude_none=True)
    tag = model.save(name, {}, told)
    decides = not is_apprentice and (verdict is None or verdict.passed)
    with store.writing() as session:
        note(session, load(tag))
        if decides:
            promote(session, tag, why)
    return Learned(tag, decides, why)


def _judged(
    decisions: Decisions,
    now: int,
    mode: Mode,
    previous: OffersModel,
    before: Sequence[OfferPromotion],
) -> Verdict | None:
    """What days say that have not been learned from; None where they are too young, or too few.

    Args:
        decisions: Those before `now`.
        now: Moment, in microseconds since 1970.
        mode: What the new model has to show.
        previous: The model that decides.
        before: Promotions of those that have decided before it, the newest first.
    """
    twin = _of_then(chain([previous], _loaded(before[:_LOADED])), now - DAYS * DAY)
    try:
        return judge(decisions, now, previous, mode=mode, days=DAYS, twin=twin)
    except (NothingToLearn, NothingToJudge):
        return None


def _of_then(models: Iterable[OffersModel], moment: int) -> OffersModel | None:
    """The model that was learned at a moment, or within half a day before; None for none."""
    for model in models:
        if model.until <= moment:
            return model if model.until > moment - DAY // 2 else None
    return None


def _loaded(promoted: Iterable[OfferPromotion]) -> Iterator[OffersModel]:
    """Models one by one, as far as they are still there."""
    for one in promoted:
        try:
            yield load(one.model)
        except (ArtifactMissing, ArtifactRefused):
            return
