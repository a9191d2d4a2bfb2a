"""Taking users out of the sums, before their rows are deleted in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.predictions.sums.adding import Batch, day_joined, day_received, segment
from valuebox.predictions.sums.counting import count_rows
from valuebox.predictions.sums.folding import reached
from valuebox.predictions.sums.judging import judge_nobody
from valuebox.predictions.sums.models import known_model
from valuebox.predictions.sums.passed_over import summed
from valuebox.predictions.sums.periods import period_name, period_of
from valuebox.predictions.sums.tables import (
    LtvArrivals,
    LtvCohorts,
    LtvCohortScatter,
    LtvFeatureBins,
    LtvFolded,
    LtvPredictionBins,
)
from valuebox.store.ids import first_id

_COUNTS: Final = {
    LtvArrivals: LtvArrivals.rows,
    LtvPredictionBins: LtvPredictionBins.rows,
    LtvFeatureBins: LtvFeatureBins.rows,
    LtvCohorts: LtvCohorts.users,
    LtvCohortScatter: LtvCohortScatter.users,
}
_KNOWN: Final = (
    LtvCohorts.known_prediction,
    LtvCohorts.known_later,
    LtvCohorts.known_future,
    LtvCohorts.known_actual,
    LtvCohorts.known_squares,
)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class _Came:
    """When rows that are forgotten came, in one cell of `LtvArrivals`."""

    day: date
    model: str
    segment: str
    first_at: datetime
    last_at: datetime


class Forgetting:
    """Takes users out of all sums; nobody adds to these until the transaction ends.

    Of rows that were deleted before, nothing is known that could be taken out.
    """

    def __init__(self, session: Session):
        """Wait until nobody else adds to the sums; `session` is in a transaction that writes."""
        state = reached(session, patient=True)
        if state is None:
            raise LookupError("ltv_folded has no row")
        self._session = session
        self._state: LtvFolded = state
        self._came: list[_Came] = []
        self.cohorts: set[tuple[str, str]] = set()
        """Segment and month of joining, such as 2019-07, of whoever was taken out."""

    def take_out(self, user_ids: Sequence[int]) -> None:
        """Subtract what the sums hold of users; as many as fit into a statement."""
        session, through = self._session, self._state.through
        within = and_(LtvFeatures.user_id.in_(user_ids), summed(LtvFeatures.id, through))
        cell = (day_received(session), LtvPrediction.model, segment())
        ends = (func.min(LtvFeatures.received_at), func.max(LtvFeatures.received_at))
        said = LtvPrediction.features_id == LtvFeatures.id
        came = select(*cell, *ends).join(LtvPrediction, said).where(within).group_by(*cell)
        found = [_Came(*row) for row in session.execute(came)]
        for model in {one.model for one in found}:
            known = known_model(session, model)
            count_rows(session, Batch(known, within, through, sign=-1))
            judge_nobody(session, known, user_ids, through)
        self._came += found
        month = period_of(day_joined(), "month")
        joined = select(segment(), month).where(LtvFeatures.user_id.in_(user_ids)).distinct()
        self.cohorts |= {(name, period_name(one)) for name, one in session.execute(joined)}

    def finish(self) -> None:
        """Leave nothing where nobody is left; called when the rows have been deleted."""
        session = self._session
        for table, count in _COUNTS.items():
            session.execute(delete(table).where(count <= 0))
        # What is left of differences of broken numbers.
        nothing = dict.fromkeys(_KNOWN, 0.0)
        some = or_(*(column != 0 for column in _KNOWN))
        session.execute(update(LtvCohorts).where(LtvCohorts.known_users <= 0, some).values(nothing))
        for came in self._came:
            self._mend_ends(came)
        # The last row that the sums hold may have been one of these.
        last = select(LtvFeatures.id).where(LtvFeatures.id <= self._state.through)
        last = last.order_by(LtvFeatures.id.desc()).limit(1)
        self._state.through = session.scalar(last) or UUID(int=0)
        self._state.folded_at = datetime.now(UTC)

    def _mend_ends(self, came: _Came) -> None:
        key = {"day": came.day, "model": came.model, "segment": came.segment}
        cell = self._session.get(LtvArrivals, key)
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
        midnight = datetime.combine(came.day, time(), UTC)
        order = LtvFeatures.id.desc() if newest else LtvFeatures.id
        left = (
            select(LtvFeatures.received_at)
            .join(LtvPrediction, LtvPrediction.features_id == LtvFeatures.id)
            .where(
                LtvFeatures.id.between(first_id(midnight - _DAY), first_id(midnight + 2 * _DAY)),
                summed(LtvFeatures.id, self._state.through),
                day_received(self._session) == came.day,
                LtvPrediction.model == came.model,
                segment() == came.segment,
            )
            .order_by(order)
            .limit(1)
        )
        return self._session.scalar(left) or midnight
