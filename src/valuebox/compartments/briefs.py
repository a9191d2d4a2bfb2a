"""What the front page of the dashboard tells of a compartment, and how a ledger tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.pages.readable import compact, count, percent
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.answers import Span
from valuebox.predictions.sums.months import made_months
from valuebox.predictions.sums.queries import recent_requests, span
from valuebox.predictions.sums.selection import Selection
from valuebox.predictions.sums.standing import Beside, cohorts_beside_one_mean, lift_of_likeliest

State = Literal["better", "worse", "open"]
JUDGED_DAYS: Final = 180
"""Days of cohorts that a ledger's standing is of, up to the last one with rows."""


@dataclass(frozen=True)
class Standing:
    """The one figure that says whether a compartment is better than its baseline."""

    value: str
    """The figure, as people read it, with its unit: "38 % smaller error"."""
    about: str
    """What the figure compares with what, as a sentence."""
    state: State
    """`open` where chance alone could explain the difference."""


@dataclass(frozen=True)
class Brief:
    """A compartment at a glance; what is left out is not known, or does not apply."""

    answered: str = ""
    """What was answered last, such as "500 users, by ltv:2a4bqzq5x6lzqhqr"."""
    answered_at: datetime | None = None
    model: str = ""
    """Tag of the model that answers, where that is another one than the service has loaded."""
    fresh: Mapping[str, datetime | date | None] = field(default_factory=dict)
    """How new that is which answers rest on, by what it is: "model trained", "events up to"."""
    standing: Standing | None = None
    untold: str = "There is no baseline to compare with."
    """Why there is no `standing`, as a sentence."""
    trouble: str = ""
    """What somebody should look at beside the findings of `valuebox monitor`, as a sentence."""


def brief_of_ledger(session: Session, ledger: Ledger, least: int) -> Brief:
    """What the predictions of any compartment tell at a glance.

    Args:
        session: Reads.
        ledger: The predictions and what came true.
        least: The smallest number of rows that anything is told of.
    """
    newest = next(iter(recent_requests(session, ledger, 1)), None)
    if newest is None:
        return Brief(untold="Nothing was predicted yet.")
    reach = span(session, ledger)
    judged = _judged(session, ledger, reach)
    noted = ledger.sums.models
    trained = session.scalar(select(noted.trained_at).where(noted.model == newest.model))
    rows = ledger.words.rows.removesuffix("s") if newest.rows == 1 else ledger.words.rows
    return Brief(
        answered=f"{count(newest.rows)} {rows}, by {newest.model}",
        answered_at=newest.received_at,
        fresh={
            "model trained": trained,
            "outcomes up to": None if judged is None else judged.last,
        },
        standing=None if judged is None else _standing(session, ledger, judged, least),
        untold="No outcome is known yet." if judged is None else "Too few outcomes are known yet.",
    )


def _judged(session: Session, ledger: Ledger, reach: Span) -> Selection | None:
    """The last days of which outcomes are known; None where there are none."""
    if reach.last_day is None:
        return None
    table, first = ledger.sums.cohorts, reach.last_day - timedelta(days=JUDGED_DAYS - 1)
    query = select(func.max(table.day)).where(table.day >= first, table.known_users > 0)
    last = session.scalar(query)
    if last is None:
        return None
    return Selection(first, last, months=made_months(session, ledger))


def _standing(session: Session, ledger: Ledger, judged: Selection, least: int) -> Standing | None:
    if ledger.is_share and ledger.spread.is_calibrated:
        lift = lift_of_likeliest(session, ledger, judged, least)
        return None if lift is None else _of_lift(lift)
    found = cohorts_beside_one_mean(session, ledger, judged, least)
    return None if found is None else _of_error(found)


def _of_lift(lift: Beside) -> Standing:
    return Standing(
        f"{compact(round(lift.ours / lift.baseline, 1))} times as often",
        f"did it come true of the likeliest tenth as of all {count(lift.rows)}; of a tenth picked "
        "at random it would as often.",
        _state(lift.ours - lift.baseline, lift.chance),
    )


def _of_error(error: Beside) -> Standing:
    less = 1 - error.ours / error.baseline
    return Standing(
        f"{percent(abs(less))} {'smaller' if less >= 0 else 'larger'} error",
        "in the mean of a segment in a month than one mean for all "
        f"{count(error.rows)} would have made, even the true one.",
        _state(error.baseline - error.ours, error.chance),
    )


def _state(gain: float, chance: float) -> State:
    if abs(gain) <= chance:
        return "open"
    return "better" if gain > 0 else "worse"
