"""What a view shows, asked of the sums; nothing here looks at single rows but the last ones."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from valuebox.dashboard.choices import Choice
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums import calibration as calibrated
from valuebox.predictions.sums import queries
from valuebox.predictions.sums.answers import (
    ArrivalDay,
    CohortMean,
    FeatureDrift,
    ModelUse,
    PredictionBin,
    RecentRequest,
    Span,
    Totals,
)
from valuebox.predictions.sums.calibration import Decile, Lift
from valuebox.predictions.sums.cohort_means import (
    cohort_means,
    judged_cohorts,
    nameable_cohorts,
    withheld_cohorts,
)
from valuebox.predictions.sums.drift import drift_with_months
from valuebox.predictions.sums.months import made_months
from valuebox.predictions.sums.selection import Selection
from valuebox.predictions.sums.totals import together, totals
from valuebox.statistics.grain import Grain

DEFAULT_DAYS: Final = 90
_BY_DAY_UP_TO: Final = 100
MAX_DAYS_SHOWN: Final = 200
"""Days that a picture has at most: more could not be told apart."""
ARRIVAL_DAYS: Final = 90
_FEW_ARRIVAL_DAYS: Final = 14
_LISTED: Final = 300
_COMPARED: Final = 12
MAX_JUDGED: Final = 500
"""Cohorts that are judged at most: more would take a view more than half a second."""
_REQUESTS: Final = 15


@dataclass(frozen=True)
class Frame:
    """What a view is over: what was picked, and what the page decided where nothing was."""

    ledger: Ledger
    choice: Choice
    span: Span
    models: Mapping[str, int]
    """Number of users of these days that each model predicted, most first."""
    segments: Mapping[str, int]
    """Number of these users in each segment, largest first."""
    selection: Selection
    """The selection of one model and all its days; of all segments, if none was picked."""
    segment: str | None
    """The segment that is shown over time: picked, or the largest; None where there is none."""
    by: Grain
    total: Totals | None
    """Totals of the selection; None where nobody is in it."""
    least: int
    """The smallest number of users of whom anything is told."""
    unnamed: int
    """Number of segments with fewer than `least` users on these days."""

    @property
    def predicted(self) -> float | None:
        """Mean of all of the selection; see `Totals.predicted`."""
        return self.total.predicted(self.least) if self.total else None

    @property
    def predicted_of_known(self) -> float | None:
        """Mean prediction of users whose outcome is known; see `Totals.predicted_of_known`."""
        return self.total.predicted_of_known(self.least) if self.total else None

    @property
    def actual(self) -> float | None:
        """Mean of all whose outcome is known; see `Totals.actual`."""
        return self.total.actual(self.least) if self.total else None

    @property
    def days(self) -> int:
        """Number of days that the view is over."""
        first, last = self.selection.first, self.selection.last
        return (last - first).days + 1 if first and last else 0

    @property
    def arrival_days(self) -> tuple[date, date] | None:
        """The first and last day of which arrivals are shown; None before any row has come."""
        first, last = self.span.first_received, self.span.last_received
        if first is None or last is None:
            return None
        # Few days look like few, and many fill the picture.
        first = min(first, last - timedelta(days=_FEW_ARRIVAL_DAYS - 1))
        return max(first, last - timedelta(days=ARRIVAL_DAYS - 1)), last


@dataclass(frozen=True)
class Withheld:
    """How many cohorts are not shown, as they would tell of few users."""

    cohorts: int
    compared: int


def frame(session: Session, ledger: Ledger, choice: Choice, span: Span, least: int) -> Frame:
    """Decide what a view is over, where the sums reach over a span, and tell of `least` users."""
    first, last = _days(choice, span)
    whole = Selection(first, last, months=made_months(session, ledger))
    found = totals(session, ledger, whole)
    users: Counter[str] = Counter()
    for one in found:
        users[one.model] += one.users
    models = dict(users.most_common())
    model = choice.model or next(iter(models), None)
    of_model = [one for one in found if one.model == model]
    named = [one for one in of_model if one.users >= least]
    segments = {one.segment: one.users for one in named[:_LISTED]}
    segment = choice.segment or next(iter(segments), None)
    selection = replace(whole, segment=choice.segment, model=model)
    total = together(one for one in of_model if choice.segment in (None, one.segment))
    days = (last - first).days + 1
    by: Grain = choice.by or ("day" if days <= _BY_DAY_UP_TO else "month")
    by = "month" if days > MAX_DAYS_SHOWN else by
    unnamed = len(of_model) - len(named)
    return Frame(
        ledger, choice, span, models, segments, selection, segment, by, total, least, unnamed
    )


def has_rows(session: Session, ledger: Ledger) -> bool:
    """Whether anything was ever predicted: rows are there, or were added up and then deleted."""
    newest = queries.recent_requests(session, ledger, limit=1)
    return bool(newest) or queries.span(session, ledger).first_received is not None


def _days(choice: Choice, span: Span) -> tuple[date, date]:
    last = choice.last or span.last_day or datetime.now(UTC).date()
    first = choice.first or max(last - timedelta(days=DEFAULT_DAYS - 1), span.first_day or last)
    return min(first, last) if choice.first is None else first, max(first, last)


def cohorts(session: Session, over: Frame) -> list[CohortMean]:
    """Cohorts of the segment that is shown over time, by day or month."""
    return cohort_means(session, over.ledger, _over_time(over), over.by, over.least)


def compared(session: Session, over: Frame) -> list[CohortMean]:
    """The largest segments, or the one that was picked, in the last month that has outcomes."""
    selection = _side_by_side(over)
    if selection is None:
        return []
    # Of all segments of the month it is decided which would tell of few.
    largest = tuple(over.segments)[:_COMPARED] if over.choice.segment is None else None
    found = cohort_means(session, over.ledger, selection, "month", over.least, largest)
    return sorted(found, key=lambda one: -one.users)


def withheld(session: Session, over: Frame) -> list[Withheld]:
    """What `cohorts` and `compared` leave out."""
    selection = _side_by_side(over)
    return [
        Withheld(
            withheld_cohorts(session, over.ledger, _over_time(over), over.by, over.least),
            withheld_cohorts(session, over.ledger, selection, "month", over.least)
            if selection
            else 0,
        )
    ]


def _over_time(over: Frame) -> Selection:
    return replace(over.selection, segment=over.segment)


def _side_by_side(over: Frame) -> Selection | None:
    if over.total is None or over.selection.first is None or over.selection.last is None:
        return None
    in_month = (over.total.last_known or over.selection.last).replace(day=1)
    ends = (in_month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    first, last = max(in_month, over.selection.first), min(ends, over.selection.last)
    return replace(over.selection, first=first, last=last)


def judged(session: Session, over: Frame) -> list[CohortMean]:
    """Cohorts that have an interval and an outcome, the furthest outside of it first.

    By day or month, as the view is; where there are more than `MAX_JUDGED` days, by month; where
    there are still more, the largest ones.
    """
    grains: dict[Grain, None] = dict.fromkeys((over.by, "month"))
    found = judged_cohorts(session, over.ledger, over.selection, grains, MAX_JUDGED, over.least)
    known = [one for one in found if one.beyond is not None]
    return sorted(known, key=lambda one: (-one.surprise, one.segment, one.period))


def calibration(session: Session, over: Frame) -> list[Decile]:
    """Tenths of the segment that is shown over time, the likeliest first."""
    return calibrated.deciles(session, over.ledger, _over_time(over), over.least)


def lifts(session: Session, over: Frame) -> list[Lift]:
    """Lift of the likeliest tenth of every segment and month whose outcomes may be told."""
    found = calibrated.lifts(session, over.ledger, over.selection, over.least)
    told = nameable_cohorts(session, over.ledger, over.selection, "month", over.least)
    return [one for one in found if (one.segment, one.period) in told]


def drifts(session: Session, over: Frame) -> list[FeatureDrift]:
    """Every feature and the predictions, the furthest from the training users first, then by month.

    Those of months name their period; the whole, which comes first, has none. All are of all
    segments: of a single one, nothing is known of the training users.
    """
    whole, by_month = drift_with_months(session, over.ledger, replace(over.selection, segment=None))
    found = [*sorted(whole, key=lambda one: -one.psi), *by_month]
    return [one for one in found if one.rows >= over.least]


def predictions(session: Session, over: Frame) -> list[PredictionBin]:
    """Rows by size of their prediction; beside the training users only where all are meant."""
    found = _gathered(queries.prediction_bins(session, over.ledger, over.selection), over.least)
    return [replace(one, expected=None) for one in found] if over.choice.segment else found


def _gathered(bins: list[PredictionBin], least: int) -> list[PredictionBin]:
    """Bins of which the first and the last have at least so many rows; no bin of fewer."""
    while len(bins) > 1 and bins[0].rows < least:
        bins = [_both(bins[0], bins[1]), *bins[2:]]
    while len(bins) > 1 and bins[-1].rows < least:
        bins = [*bins[:-2], _both(bins[-2], bins[-1])]
    return [one for one in bins if len(bins) > 1 or one.rows >= least]


def _both(one: PredictionBin, other: PredictionBin) -> PredictionBin:
    known = [share for share in (one.expected, other.expected) if share is not None]
    return PredictionBin(
        one.model, one.lower, other.upper, one.rows + other.rows, sum(known) if known else None
    )


def arrivals(session: Session, over: Frame) -> list[ArrivalDay]:
    """Rows by the day that they came, of all models, up to the last one with any."""
    if over.arrival_days is None:
        return []
    found = queries.arrival_days(
        session, over.ledger, Selection(*over.arrival_days, over.choice.segment)
    )
    return [one if one.rows >= over.least else replace(one, prediction=None) for one in found]


def models(session: Session, over: Frame) -> list[ModelUse]:
    """Every model that there was."""
    return queries.model_uses(session, over.ledger)


def requests(session: Session, over: Frame) -> list[RecentRequest]:
    """The last ones, whatever was picked."""
    return queries.recent_requests(session, over.ledger, _REQUESTS)
