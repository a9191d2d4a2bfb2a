"""Taking people out of the sums, before their rows are deleted in the same transaction."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.adding import Batch, segment_of
from valuebox.predictions.sums.cohort_sums import take_out_of_cohorts
from valuebox.predictions.sums.counting import count_rows
from valuebox.predictions.sums.days import day_of
from valuebox.predictions.sums.models import known_model, reached
from valuebox.predictions.sums.months import drop_changed_months
from valuebox.predictions.sums.passed_over import summed
from valuebox.predictions.sums.selection import period_name, period_of
from valuebox.store.ids import first_id

if TYPE_CHECKING:
    from valuebox.predictions.sums.tables import Arrivals, FoldingProgress

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class _Came:
    """When rows that are forgotten came, in one cell of `Arrivals`."""

    day: date
    model: str
    segment: str
    first_at: datetime
    last_at: datetime


class Forgetting:
    """Takes rows out of all sums of a ledger; nobody adds to these until the transaction ends.

    Of rows that were deleted before, nothing is known that could be taken out.
    """

    def __init__(self, session: Session, ledger: Ledger):
        """Wait until nobody else adds to the sums; `session` is in a transaction that writes."""
        state = reached(session, ledger, patient=True)
        if state is None:
            raise LookupError(f"{ledger.name}_folded has no row")
        self._session = session
        self._ledger = ledger
        self._state: FoldingProgress = state
        self._came: list[_Came] = []
        self.cohorts: set[tuple[str, str]] = set()
        """Segment and month of the cohort, such as 2019-07, of whatever was taken out."""

    def take_out(self, theirs: ColumnElement[bool]) -> None:
        """Subtract what the sums hold of some people.

        Args:
            theirs: Condition on the rows of the ledger that holds for all rows of these people.
        """
        session, ledger, through = self._session, self._ledger, self._state.through
        within = and_(theirs, summed(ledger, ledger.id, through))
        cell = (day_of(ledger.received_at), ledger.model, segment_of(ledger.segment))
        ends = (func.min(ledger.received_at), func.max(ledger.received_at))
        found = [
            _Came(*row)
            for row in session.execute(ledger.select(*cell, *ends).where(within).group_by(*cell))
        ]
        for model in {one.model for one in found}:
            batch = Batch(ledger, known_model(session, ledger, model), within, through, sign=-1)
            count_rows(session, batch)
            take_out_of_cohorts(session, batch)
        self._came += found
        month = period_of(day_of(ledger.day), "month")
        cohorts = ledger.select(segment_of(ledger.segment), month).where(theirs).distinct()
        self.cohorts |= {(name, period_name(one)) for name, one in session.execute(cohorts)}

    def finish(self) -> None:
        """Leave nothing where nobody is left; called when the rows have been deleted."""
        session, ledger, sums = self._session, self._ledger, self._ledger.sums
        rows = (sums.arrivals.rows, sums.prediction_bins.rows, sums.feature_bins.rows)
        for count in (*rows, sums.cohorts.users, sums.cohort_scatter.users):
            session.execute(delete(count.class_).where(count <= 0))
        # What is left of differences of broken numbers.
        amounts = ("prediction", "actual", "squares", *ledger.spread.extras)
        known = [getattr(sums.cohorts, f"known_{name}") for name in amounts]
        some = or_(*(column != 0 for column in known))
        nothing = {column.key: 0.0 for column in known}
        session.execute(
            update(sums.cohorts).where(sums.cohorts.known_users <= 0, some).values(nothing)
        )
        for came in self._came:
            self._mend_ends(came)
        drop_changed_months(session, ledger)
        # The last row that the sums hold may have been one of these.
        last = select(ledger.id).where(ledger.id <= self._state.through)
        last = last.order_by(ledger.id.desc()).limit(1)
        self._state.through = session.scalar(last) or UUID(int=0)
        self._state.folded_at = datetime.now(UTC)

    def _mend_ends(self, came: _Came) -> None:
        key = {"day": came.day, "model": came.model, "segment": came.segment}
        cell: Arrivals | None = self._session.get(self._ledger.sums.arrivals, key)
        if cell is None:
            return
        if cell.first_at == came.first_at:
            cell.first_at = self._end(came, newest=False)
        if cell.last_at == came.last_at:
            cell.last_at = self._end(came, newest=True)

    def _end(self, came: _Came, newest: bool) -> datetime:
        """When the first or the newest row came that is left of a cell, found by its id.

        Where only the sums know of the rows that are left, it is the beginning of the day.
        """
        ledger = self._ledger
        midnight = datetime.combine(came.day, time(), UTC)
        left = (
            ledger.select(ledger.received_at)
            .where(
                ledger.id.between(first_id(midnight - _DAY), first_id(midnight + 2 * _DAY)),
                summed(ledger, ledger.id, self._state.through),
                day_of(ledger.received_at) == came.day,
                ledger.model == came.model,
                segment_of(ledger.segment) == came.segment,
            )
            .order_by(ledger.id.desc() if newest else ledger.id)
            .limit(1)
        )
        return self._session.scalar(left) or midnight
