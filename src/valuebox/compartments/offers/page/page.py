"""The page of offers, as the dashboard knows it: what is shown, and what that brings."""

from typing import Any, Final

from sqlalchemy.orm import Session

from valuebox.compartments.contract import Look, Page
from valuebox.compartments.offers.page.whom import whom_of
from valuebox.compartments.offers.promoting import promotions
from valuebox.compartments.offers.report.decided import CAP, decided_lately
from valuebox.compartments.offers.report.figures import (
    overlap_of,
    propensities_of,
    regret_of,
    values_of,
)
from valuebox.compartments.offers.report.report import learning_of
from valuebox.compartments.offers.report.tables import PROPENSITIES, TYPES, VALUES
from valuebox.compartments.offers.report.weeks import overall, types_of, weeks_of
from valuebox.pages.tables import Table, column
from valuebox.schemas.values import Model
from valuebox.store.clock import CLOCK

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
WHOM: Final = Table(
    "whom",
    (
        column("type", "Offer", "text"),
        column("feature", "Known of players", "text"),
        column("value", "Which is", "text"),
        column("players", "Decisions", "count"),
        column("chosen", "Chosen", "share"),
        column("odds", "Odds of purchase times", "figure"),
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
MOST: Final = 10_000
"""Decisions that are looked at, the newest: reading them has to be quick."""


class OffersPageQuestion(Model):
    """Nothing is asked of the page."""


def look(session: Session, _asked: OffersPageQuestion, _service: Any, least: int) -> Look:
    """What was decided lately, and what came of it; see `Page`."""
    decided = decided_lately(session, MOST)
    models = promotions(session)[:_SHOWN]
    return Look(
        rows={
            "weeks": weeks_of(decided, least),
            "types": types_of(decided, least),
            "whom": whom_of(session, least),
            "calibration": values_of(decided, least),
            "propensities": propensities_of(decided, least),
            "promotions": models,
        },
        values={
            "all": overall(decided, least),
            "count": len(decided),
            "learning": learning_of(session, CLOCK.moment()),
            "regret": regret_of(decided, least),
            "overlap": overlap_of(decided),
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
    tables=(WEEKS, TYPES, WHOM, VALUES, PROPENSITIES, PROMOTIONS),
    look=look,
)
