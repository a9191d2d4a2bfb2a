"""Offers at a glance: what models bring beside choices that were drawn at random."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.briefs import Brief, Standing, State
from valuebox.compartments.offers.promoting import newest_promotion
from valuebox.compartments.offers.report.decided import decided_lately
from valuebox.compartments.offers.report.weeks import overall
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.facts.arrivals import last_facts
from valuebox.pages.readable import count, figure
from valuebox.store.clock import CLOCK

MOST: Final = 2_000
"""Decisions that are compared, the newest whose week has passed: the page has more of them."""
_PASSED: Final = timedelta(days=8)
"""After so long what a decision brought within its week is settled."""


def brief(session: Session, _service: Any, least: int) -> Brief:
    """What decisions tell at a glance; see `Compartment.brief`."""
    said = OfferDecision
    columns = (said.decided_at, said.offer_type, said.model)
    newest = session.execute(select(*columns).order_by(said.id.desc()).limit(1)).first()
    if newest is None:
        return Brief(untold="No offer was chosen yet.")
    decided_at, offer_type, model = newest
    what = "no offer: rules left none" if offer_type is None else f"the offer {offer_type}"
    promoted = newest_promotion(session)
    return Brief(
        answered=f"{what}, by {model or 'chance'}",
        answered_at=decided_at,
        model="" if promoted is None else promoted.model,
        fresh={
            "model promoted": None if promoted is None else promoted.promoted_at,
            "event received": last_facts(session)["event received"],
        },
        standing=_standing(session, least),
        untold="It takes more decisions, of models and at random, whose week has passed.",
    )


def _standing(session: Session, least: int) -> Standing | None:
    decided = decided_lately(session, MOST, before=CLOCK.moment() - _PASSED)
    found = overall(decided, least)
    if found is None or found.lift is None or found.low is None or found.high is None:
        return None
    state: State = "better" if found.low > 0 else "worse" if found.high < 0 else "open"
    low, high = (f"{'+' if one > 0 else ''}{figure(one)}" for one in (found.low, found.high))
    return Standing(
        f"{figure(abs(found.lift))} {'more' if found.lift >= 0 else 'less'} a decision",
        "money within a week after a model's choice than after one at random; 90 % interval "
        f"{low} to {high}, of {count(len(decided))} decisions.",
        state,
    )
