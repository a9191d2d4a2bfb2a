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

from valuebox.predictions.ledger import Ledger, among
from valuebox.predictions.sums.adding import Batch, KnownModel
from valuebox.predictions.sums.cohort_sums import add_to_cohorts, exchange_outcomes
from valuebox.predictions.sums.counting import count_rows
from valuebox.predictions.sums.models import known_model, reached
from valuebox.predictions.sums.months import REST, make_months
from valuebox.predictions.sums.passed_over import forget_notes, is_noted, next_noted, summed
from valuebox.predictions.sums.tables import FoldingProgress
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
    """Keeps the sums of one ledger in one database up to date."""

    store: Store
    ledger: Ledger
    settled: timedelta = SETTLED
    rest: timedelta = REST
    _models: dict[str, KnownModel] = field(default_factory=dict)

    def fold(self, stop: Event, patient: bool = False) -> Folded:
        """Add all that is settled, once outcomes that nobody reports have been looked up.

        Sums by month are then made of months that have been at rest.

        Args:
            stop: Ends it after the batch under way, which is committed as a whole.
            patient: Whether to wait while another process adds to the sums of the same
                PostgreSQL, or to leave the rest to it.
        """
        self._settle(stop)
        rows = outcomes = 0
        more = True
        while more and not stop.is_set():
            with within(_BATCH_SECONDS), self.store.writing() as session:
                state = reached(session, self.ledger, patient)
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
        make_months(self.store, self.ledger, stop, self.rest)
        return Folded(rows, outcomes)

    def _settle(self, stop: Event) -> None:
        """Store the outcomes that are known by now, where nobody reports them."""
        settle = self.ledger.outcomes.settle
        more = settle is not None
        while settle is not None and more and not stop.is_set():
            with within(_BATCH_SECONDS), self.store.writing() as session:
                more = settle(session, now(session)) > 0
            if more:
                stop.wait(PAUSE_SECONDS)

    def _rows(self, session: Session, state: FoldingProgress) -> int:
        """Add the next rows in the order of their ids, and return how many they were."""
        horizon = first_id(now(session) - self.settled)
        ledger = self.ledger
        is_next = (ledger.id > state.through, ledger.id < horizon, ~is_noted(ledger))
        following = select(ledger.id).where(*is_next).order_by(ledger.id).limit(BATCH)
        ids = session.scalars(following).all()
        if not ids:
            return 0
        # On all sides of a join: whichever the database begins with, it reads a range.
        bounds = [and_(one > state.through, one <= ids[-1]) for one in ledger.ids]
        self._add(session, state, and_(*bounds, ~is_noted(ledger)))
        state.through = ids[-1]
        return len(ids)

    def _noted(self, session: Session, state: FoldingProgress) -> int:
        """Add the next rows that were noted, and return how many they were."""
        ids = next_noted(session, self.ledger, BATCH)
        if ids:
            self._add(session, state, self.ledger.id.in_(ids))
        forget_notes(session, self.ledger, ids, state.through)
        return len(ids)

    def _add(self, session: Session, state: FoldingProgress, within: ColumnElement[bool]) -> None:
        models = self.ledger.select(self.ledger.model).where(within).distinct()
        for model in session.scalars(models).all():
            batch = Batch(self.ledger, self._model(session, model), within, state.through)
            count_rows(session, batch)
            add_to_cohorts(session, batch)
        state.folded_at = datetime.now(UTC)

    def _outcomes(self, session: Session, state: FoldingProgress) -> int:
        """Add the next outcomes that are new or changed, and return how many they were."""
        ledger, outcomes = self.ledger, self.ledger.outcomes
        pending = (
            select(*outcomes.key)
            .where(outcomes.is_new)
            .order_by(*outcomes.key)
            .limit(BATCH)
            # What somebody is changing at this moment can wait; waiting for it could deadlock.
            .with_for_update(skip_locked=True)
        )
        keys = [tuple(row) for row in session.execute(pending)]
        if not keys:
            return 0
        theirs = and_(among(outcomes.of, keys), summed(ledger, ledger.id, state.through))
        for model in session.scalars(ledger.select(ledger.model).where(theirs).distinct()).all():
            batch = Batch(ledger, self._model(session, model), theirs, state.through)
            exchange_outcomes(session, batch)
        session.execute(
            update(outcomes.table)
            .where(among(outcomes.key, keys))
            .values(summed=outcomes.table.target)
            .execution_options(synchronize_session=False)
        )
        state.folded_at = datetime.now(UTC)
        return len(keys)

    def _model(self, session: Session, model: str) -> KnownModel:
        known = self._models.get(model)
        if known is None:
            known = known_model(session, self.ledger, model)
            if known.reference is not None:
                self._models[model] = known
        return known
