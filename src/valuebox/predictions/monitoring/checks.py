"""Drift, missing and unseen values, and errors of matured cohorts, asked of the sums."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from valuebox.errors import ValueboxError
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.monitoring.drifted import of_drift, too_few
from valuebox.predictions.monitoring.errors import judged
from valuebox.predictions.monitoring.people import people_of
from valuebox.predictions.monitoring.results import (
    Drifted,
    Evidence,
    FeatureFound,
    Finding,
    Matured,
    MonitorResult,
    Thresholds,
    Unknown,
)
from valuebox.predictions.sums import queries
from valuebox.predictions.sums.answers import CohortDay
from valuebox.predictions.sums.drift import drift
from valuebox.predictions.sums.selection import Selection
from valuebox.settings import LEAST_USERS

DEFAULT_DAYS: Final = 30
EVIDENCE: Final = timedelta(days=181)
"""How far before the last day tests of a compartment's own look, unless a first day is given."""
MATURED_SHARE: Final = 0.5
"""Share of the rows of a day, and of the week up to it, whose outcome is known once the day has
matured."""
_WEEK: Final = 7


class NothingToMonitor(ValueboxError):
    """The sums hold no user that was asked for."""


def monitor(
    session: Session,
    ledger: Ledger,
    thresholds: Thresholds,
    since: date | None = None,
    model: str | None = None,
    least: int = LEAST_USERS,
) -> MonitorResult:
    """Compare rows of late with the training rows, and predictions with what came true.

    A row is of the day that its cohort has in the ledger: for users of a subscription, the day of
    joining. Of late is from such a day up to the last one with rows, tomorrow at the latest: what
    is sent of later days is a mistake. Cohorts that have matured are of earlier days: of as many,
    up to the last one that has matured. Both are of the model that predicted most rows of these
    days.

    Args:
        session: Reads the sums, and nothing else.
        ledger: What was predicted and came true.
        thresholds: What the figures are compared with.
        since: The first day; by default the last 30 days are looked at.
        model: Only what this model predicted, by its tag.
        least: Fewer rows are not told of: neither of a cohort, nor of all that have matured.

    Raises:
        NothingToMonitor: when there is no row since, or none that the model has predicted.
    """
    # Wherever the site is, no clock is further ahead of UTC.
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    days = queries.cohort_days(session, ledger, Selection(last=tomorrow, model=model))
    if not days:
        said = f" that {model} predicted" if model else ""
        raise NothingToMonitor(f"the sums hold no {ledger.words.rows}{said} yet")
    last = max(one.day for one in days)
    first = since or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        rows = ledger.words.dated
        raise NothingToMonitor(f"there are no {rows} since {first}; the last are of {last}")
    used = _of_most([one for one in days if one.day >= first])
    drifted = _drifted(session, ledger, used, first, last)
    known_until = _last_matured(days)
    matured = None
    if known_until is not None:
        known_from = known_until - (last - first)
        late = [one for one in days if known_from <= one.day <= known_until]
        selection = Selection(known_from, known_until, model=_of_most(late, known=True))
        matured = judged(session, ledger, selection, least)
    began = min(one.day for one in days)
    lag = (last - (known_until or began - timedelta(days=1))).days
    own = None
    if ledger.evidence is not None:
        own = ledger.evidence(session, ledger, since or last - EVIDENCE, last, model)
    return MonitorResult(
        compartment=ledger.name,
        made_at=datetime.now(UTC),
        thresholds=thresholds,
        drift=drifted,
        matured=matured,
        label_lag_days=lag,
        findings=[
            *(
                one
                for one in (of_drift(drifted, thresholds) if drifted else ())
                if own is None or one.check != "psi"
            ),
            *(own.findings if own else ()),
            *(_of_errors(matured, thresholds) if matured else ()),
            Finding(check="lag", feature=None, value=lag, limit=thresholds.lag, chance=0),
        ],
        unknown=[
            *(_unknown_drift(drifted, used, thresholds) if own is None else _unknown_own(own)),
            *_unknown_error(matured),
        ],
        figures=own.figures if own else [],
    )


def _unknown_drift(drifted: Drifted | None, model: str, limits: Thresholds) -> Iterator[Unknown]:
    if drifted is None:
        yield Unknown(check="psi", why=f"nothing is known of the training users of {model}")
    else:
        yield from too_few(drifted, limits)


def _unknown_own(own: Evidence) -> Iterator[Unknown]:
    if own.unknown is not None:
        yield Unknown(check="evidence", why=own.unknown)


def _unknown_error(matured: Matured | None) -> Iterator[Unknown]:
    if matured is None:
        yield Unknown(check="error", why="too few outcomes are known")


def _of_most(days: Sequence[CohortDay], known: bool = False) -> str:
    """The model that predicted most of these users, or of those whose outcome is known."""
    users: Counter[str] = Counter()
    for one in days:
        users[one.model] += one.known_users if known else one.users
    return max(users, key=lambda model: (users[model], model))


def _last_matured(days: Sequence[CohortDay]) -> date | None:
    users: Counter[date] = Counter()
    known: Counter[date] = Counter()
    for one in days:
        users[one.day] += one.users
        known[one.day] += one.known_users
    # A few early outcomes on a day of few users say nothing of the days around it.
    weeks = {day: [day - timedelta(days=back) for back in range(_WEEK)] for day in users}
    matured = (
        day
        for day, week in weeks.items()
        if known[day] >= MATURED_SHARE * users[day]
        and sum(known[one] for one in week) >= MATURED_SHARE * sum(users[one] for one in week)
    )
    return max(matured, default=None)


def _drifted(
    session: Session, ledger: Ledger, model: str, first: date, last: date
) -> Drifted | None:
    selection = Selection(first, last, model=model)
    people = people_of(session, ledger, selection)
    found = drift(session, ledger, selection, people)
    if not found:
        return None
    features = [
        FeatureFound(
            feature=one.feature,
            psi=one.psi,
            chance=one.noise,
            missing=one.missing,
            missing_expected=one.missing_expected,
            unseen=one.unseen,
            is_category=one.is_category,
        )
        for one in sorted(found, key=lambda one: (-one.psi, one.feature))
    ]
    rows = max(one.rows for one in found)
    return Drifted(model=model, first=first, last=last, rows=rows, people=people, features=features)


def _of_errors(matured: Matured, thresholds: Thresholds) -> Iterator[Finding]:
    # Where next to nothing is spent there is no share of it.
    actual = abs(matured.actual)
    if actual > 0:
        yield Finding(
            check="error",
            feature=None,
            value=matured.error / actual,
            limit=thresholds.error,
            chance=matured.chance / actual,
        )
