"""Adding to the sums what is new since, in batches, each in a transaction of its own.

A row's id says when it was made, and nothing is stored of a request that took too long, so that
all rows up to a moment are there a little later: the sums hold all rows through one id and none
after it. Rows whose id says another time are added by themselves (`passed_over`). An outcome knows
which of its values the sums hold.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.tables import NOT_SUMMED, LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.predictions.sums.adding import Batch, KnownModel
from valuebox.predictions.sums.counting import count_rows
from valuebox.predictions.sums.judging import judge_outcomes, judge_rows
from valuebox.predictions.sums.models import known_model
from valuebox.predictions.sums.passed_over import forget_notes, is_noted, next_noted, summed
from valuebox.predictions.sums.tables import LtvFolded
from valuebox.store.clock import now
from valuebox.store.deadline import within
from valuebox.store.engine import Store
from valuebox.store.ids import first_id

BATCH: Final = 2_000
SETTLED: Final = timedelta(seconds=60)
"""After that a row is stored or never will be; more than the service's deadline by more than
what ids may be off."""
# Others write between two batches.
PAUSE_SECONDS: Final = 0.02
_BATCH_SECONDS: Final = 60.0


class Folded(NamedTuple):
    """What was added to the sums."""

    rows: int
    outcomes: int


@dataclass
class Folding:
    """Keeps the sums of one database up to date."""

    store: Store
    settled: timedelta = SETTLED
    _models: dict[str, KnownModel] = field(default_factory=dict)

    def fold(self, stop: Event, patient: bool = False) -> Folded:
        """Add all that is settled.

        Args:
            stop: Ends it after the batch under way, which is committed as a whole.
            patient: Whether to wait while another process adds to the sums of the same
                PostgreSQL, or to leave the rest to it.
        """
        rows = outcomes = 0
        more = True
        while more and not stop.is_set():
            with within(_BATCH_SECONDS), self.store.writing() as session:
                state = reached(session, patient)
                if state is None:
                    break
                batch = self._rows(session, state)
                if batch < BATCH:
                    batch += self._noted(session, state)
                changed = self._outcomes(session, state) if batch < BATCH else 0
            rows, outcomes = rows + batch, outcomes + changed
            more = batch >= BATCH or changed == BATCH
            if more:
                stop.wait(PAUSE_SECONDS)
        return Folded(rows, outcomes)

    def _rows(self, session: Session, state: LtvFolded) -> int:
        """Add the next rows in the order of their ids, and return how many they were."""
        horizon = first_id(now(session) - self.settled)
        following = (
            select(LtvFeatures.id)
            .where(LtvFeatures.id > state.through, LtvFeatures.id < horizon, ~is_noted())
            .order_by(LtvFeatures.id)
            .limit(BATCH)
        )
        ids = session.scalars(following).all()
        if not ids:
            return 0
        # On both sides of the join: whichever the database begins with, it reads a range.
        both = (LtvFeatures.id, LtvPrediction.features_id)
        bounds = [and_(one > state.through, one <= ids[-1]) for one in both]
        self._add(session, state, and_(*bounds, ~is_noted()))
        state.through = ids[-1]
        return len(ids)

    def _noted(self, session: Session, state: LtvFolded) -> int:
        """Add the next rows that were noted, and return how many they were."""
        ids = next_noted(session, BATCH)
        if ids:
            self._add(session, state, LtvFeatures.id.in_(ids))
        forget_notes(session, ids, state.through)
        return len(ids)

    def _add(self, session: Session, state: LtvFolded, within: ColumnElement[bool]) -> None:
        models = (
            select(LtvPrediction.model)
            .join(LtvFeatures, LtvFeatures.id == LtvPrediction.features_id)
            .where(within)
            .distinct()
        )
        for model in session.scalars(models).all():
            batch = Batch(self._model(session, model), within, state.through)
            count_rows(session, batch)
            judge_rows(session, batch)
        state.folded_at = datetime.now(UTC)

    def _outcomes(self, session: Session, state: LtvFolded) -> int:
        """Add the next outcomes that are new or changed, and return how many they were."""
        pending = (
            select(LtvOutcome.user_id)
            .where(NOT_SUMMED)
            .order_by(LtvOutcome.user_id)
            .limit(BATCH)
            # What somebody is changing at this moment can wait; waiting for it could deadlock.
            .with_for_update(skip_locked=True)
        )
        user_ids = session.scalars(pending).all()
        if not user_ids:
            return 0
        of_users = (
            select(LtvPrediction.model)
            .join(LtvFeatures, LtvFeatures.id == LtvPrediction.features_id)
            .where(LtvFeatures.user_id.in_(user_ids), summed(LtvFeatures.id, state.through))
            .distinct()
        )
        for model in session.scalars(of_users).all():
            judge_outcomes(session, self._model(session, model), user_ids, state.through)
        session.execute(
            update(LtvOutcome)
            .where(LtvOutcome.user_id.in_(user_ids))
            .values(summed=LtvOutcome.target)
            .execution_options(synchronize_session=False)
        )
        state.folded_at = datetime.now(UTC)
        return len(user_ids)

    def _model(self, session: Session, model: str) -> KnownModel:
        known = self._models.get(model)
        if known is None:
            known = known_model(session, model)
            if known.reference is not None:
                self._models[model] = known
        return known


def reached(session: Session, patient: bool) -> LtvFolded | None:
    """How far the sums reach, locked; None where somebody else is adding to them."""
    return session.scalars(select(LtvFolded).with_for_update(skip_locked=not patient)).one_or_none()
