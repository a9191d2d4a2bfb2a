"""How far off the means of matured cohorts were, and how far chance alone takes them."""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.monitoring.people import people_of
from valuebox.predictions.monitoring.results import CHANCE_Z, Matured, SegmentFound
from valuebox.predictions.sums.answers import CohortMean
from valuebox.predictions.sums.cohort_means import cohort_means, nameable_cohorts
from valuebox.predictions.sums.models import known_model
from valuebox.predictions.sums.selection import Selection

_LISTED: Final = 50
_MEAN_ERROR: Final = math.sqrt(2 / math.pi)
"""Mean of the absolute value of a normal error, in its deviations."""
_SCATTER: Final = math.sqrt(math.pi / 2 - 1)
"""How the absolute value scatters around its mean, in such means."""


def judged(session: Session, ledger: Ledger, selection: Selection, least: int) -> Matured | None:
    """The errors of the cohorts of a selection, by segment and month, beside what chance leaves.

    Args:
        session: Reads.
        ledger: What was predicted and came true.
        selection: Days that have matured, and the model that predicted.
        least: Of fewer rows nothing is told.

    Returns:
        None where too few outcomes are known.
    """
    model = selection.model or ""
    means = cohort_means(session, ledger, selection, "month")
    found = list(_with_chance(session, ledger, selection, means))
    users = sum(one.users for one in found)
    if users < max(least, 1) or selection.first is None or selection.last is None:
        return None
    nameable = nameable_cohorts(session, ledger, selection, "month", least)
    named = [one for one in found if (one.segment, one.month) in nameable]
    inside = [one.is_inside for one in found if one.is_inside is not None]
    floor = _mean((one.users, one.floor) for one in found)
    return Matured(
        model=model,
        first=selection.first,
        last=selection.last,
        users=users,
        actual=_mean((one.users, one.actual) for one in found),
        error=_mean((one.users, abs(one.actual - one.predicted)) for one in found),
        floor=floor,
        chance=floor + CHANCE_Z * _scatter(ledger, found),
        inside=sum(inside) / len(inside) if inside else None,
        segments=sorted(named, key=lambda one: (-one.users, one.segment, one.month))[:_LISTED],
    )


def _with_chance(
    session: Session, ledger: Ledger, selection: Selection, means: Iterable[CohortMean]
) -> Iterable[SegmentFound]:
    """Cohorts of which enough is known to tell their errors from chance."""
    people = people_of(session, ledger, selection)
    for one in means:
        if one.actual is None or one.floor is None:
            continue
        learned = known_model(session, ledger, one.model).learned
        variance = one.known_users * (one.floor / _MEAN_ERROR) ** 2
        moved = _MEAN_ERROR * ledger.spread.level(learned, one.segment, variance)
        # What comes true of the same people within a month is nearly the same.
        times = max(one.known_users / people, 1.0) if people else 1.0
        yield SegmentFound(
            segment=one.segment,
            month=one.period,
            users=one.known_users,
            actual=one.actual,
            predicted=one.predicted,
            floor=math.hypot(one.floor * math.sqrt(times), moved),
            lower=one.lower,
            upper=one.upper,
        )


def _scatter(ledger: Ledger, found: Iterable[SegmentFound]) -> float:
    """Deviation of the mean error where chance alone is at work."""
    floors: defaultdict[tuple[str, str], float] = defaultdict(float)
    users = 0
    for one in found:
        # Months that share people and a level err to the same side.
        floors[one.segment, "" if ledger.people else one.month] += one.users * one.floor
        users += one.users
    return _SCATTER * math.hypot(*floors.values()) / users


def _mean(weighted: Iterable[tuple[int, float]]) -> float:
    pairs = list(weighted)
    whole = sum(users for users, _ in pairs)
    return sum(users * value for users, value in pairs) / whole if whole else 0.0
