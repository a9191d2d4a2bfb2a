"""The page of offers, as the dashboard knows it: what is shown, and what that brings."""

from typing import Any, Final

from sqlalchemy.orm import Session

from valuebox.compartments.contract import Look, Page
from valuebox.compartments.offers.page.lately import (
    CAP,
    MOST,
    decided_lately,
    overall,
    types_of,
    weeks_of,
)
from valuebox.compartments.offers.promoting import promotions
from valuebox.pages.tables import Table, column
from valuebox.schemas.values import Model

WEEKS: Final = Table(
    "weeks",
    (
        column("week", "Week of", "text"),
        column("decisions", "Decisions", "count"),
        column("explored", "At random", "share"),
        column("model", "Money of a model's", "figure"),
        column("random", "Money at random", "figure"),
        column("lift", "Lift", "figure"),
        column("low", "At least", "figure"),
        column("high", "At most", "figure"),
    ),
)
TYPES: Final = Table(
    "types",
    (
        column("type", "Offer", "text"),
        column("chosen", "Chosen", "count"),
        column("share", "Share", "share"),
        column("foretold", "Foretold to be bought", "share"),
        column("bought", "Bought", "share"),
    ),
)
PROMOTIONS: Final = Table(
    "promotions",
    (
        column("model", "Model", "text"),
        column("promoted_at", "Since (UTC)", "moment"),
        column("why", "Why", "text"),
    ),
)
_SHOWN: Final = 20


class OffersPageQuestion(Model):
    """Nothing is asked of the page."""


def look(session: Session, _asked: OffersPageQuestion, _model: Any, least: int) -> Look:
    """What was decided lately, and what came of it; see `Page`."""
    decided = decided_lately(session)
    models = promotions(session)[:_SHOWN]
    return Look(
        rows={
            "weeks": weeks_of(decided, least),
            "types": types_of(decided, least),
            "promotions": models,
        },
        values={
            "all": overall(decided, least),
            "count": len(decided.at),
            "last": max(decided.at, default=None),
            "models": models,
            "most": MOST,
            "cap": CAP,
        },
    )


PAGE: Final = Page(
    title="Offers by the week",
    package=__package__ or "",
    asks=OffersPageQuestion,
    tables=(WEEKS, TYPES, PROMOTIONS),
    look=look,
)
