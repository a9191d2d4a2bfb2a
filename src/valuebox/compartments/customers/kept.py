"""Stored predictions about customers: judged, handed out, forgotten and expired, once for all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, literal, select, true
from sqlalchemy.orm import Session

from valuebox.compartments.contract import People, Personal, Whose
from valuebox.compartments.customers.model import CustomerModel
from valuebox.compartments.customers.tables import CustomerOutcome, CustomerPrediction
from valuebox.features.bins import SHARE_EDGES
from valuebox.predictions import settling
from valuebox.predictions.judging import Case, Condition, Judging
from valuebox.predictions.ledger import Ledger, Outcomes
from valuebox.predictions.monitoring.keeping import unname
from valuebox.predictions.periods import prune_periods
from valuebox.predictions.share_spread import ShareSpread
from valuebox.predictions.sums.days import day_of
from valuebox.predictions.sums.forgetting import Forgetting
from valuebox.predictions.sums.models import Note, register
from valuebox.predictions.sums.tables import sum_tables
from valuebox.predictions.words import Words
from valuebox.store.ids import first_id
from valuebox.store.people import chunks, records
from valuebox.store.pruning import Pruned, deleted, next_batch
from valuebox.worker.expiry import Expiry


@dataclass(frozen=True)
class KeptRows:
    """Stored predictions about customers: handed out, forgotten and expired by customer.

    What else is stored of a prediction goes with it, by its foreign key.
    """

    ledger: Ledger
    predictions: type[Any]
    """Mapped class with `id`, `source` and `customer`."""
    beside: tuple[type[Any], ...]
    """Mapped classes whose `id` is that of a prediction, such as that of the outcomes."""
    rows: str
    """What people call the predictions, such as "churn predictions"."""
    expired: str
    """What those that have expired are counted as, such as "churn"."""

    @property
    def personal(self) -> Personal:
        """How rows are handed out and deleted by customer."""
        return Personal(Whose.CUSTOMERS, self._records, self._forget)

    def _records(self, session: Session, people: People) -> Iterator[dict[str, Any]]:
        said = self.predictions
        for condition in self._of(people):
            yield from records(session, said, condition, said.id)
            theirs = select(said.id).where(condition)
            for table in self.beside:
                yield from records(session, table, table.id.in_(theirs), table.id)

    def _forget(self, session: Session, people: People) -> Mapping[str, int]:
        count = 0
        forgetting = Forgetting(session, self.ledger)
        for condition in self._of(people):
            forgetting.take_out(condition)
            count += deleted(session, self.predictions, condition)
        forgetting.finish()
        unname(session, self.ledger, forgetting.cohorts)
        return {self.rows: count}

    def _of(self, people: People) -> Iterator[ColumnElement[bool]]:
        said = self.predictions
        for chunk in chunks(people.ids):
            yield (said.source == literal(people.source)) & said.customer.in_(chunk)

    @property
    def expiry(self) -> Expiry:
        """How old rows are deleted, by the moment that their ids tell."""
        return Expiry(self._prune, {self.expired: self.rows})

    def _prune(self, session: Session, before: datetime, after: UUID | None = None) -> Pruned:
        said = self.predictions
        batch = next_batch(session, said.id, first_id(before), after)
        count = deleted(session, said, batch.holds(said.id))
        if batch.last is None:
            prune_periods(session, self.ledger.name, first_id(before))
        return Pruned({self.expired: count}, batch.last)


@dataclass(frozen=True)
class Kept:
    """The tables of a compartment that predicts one probability of each customer."""

    name: str
    """Name of the compartment."""
    predictions: type[CustomerPrediction]
    outcomes: type[CustomerOutcome]
    came_true: Callable[[str], ColumnElement[bool]]
    """Function of the `judged_by` of a model: the condition under which an event
    (`facts.tables.Event`) of the customer and the period is what was predicted."""
    rows: str
    """What people call the rows, such as "churn predictions"."""

    @property
    def tables(self) -> tuple[type[CustomerPrediction], type[CustomerOutcome]]:
        """The tables beside the sums."""
        return self.predictions, self.outcomes

    @cached_property
    def ledger(self) -> Ledger:
        """Where to find what was predicted and what came true."""
        said = self.predictions
        spread = ShareSpread(said.prediction)
        return Ledger(
            name=self.name,
            source=said,
            ids=(said.id,),
            request_id=said.request_id,
            received_at=said.predicted_at,
            model=said.model,
            prediction=said.prediction,
            # Who is asked about again and again on a day counts once.
            subject=(said.source, said.customer, day_of(said.starts_at)),
            day=said.starts_at,
            segment=said.source,
            outcomes=Outcomes(self.outcomes, (self.outcomes.id,), (said.id,), self._settle),
            sums=sum_tables(self.name, said, spread),
            spread=spread,
            feature=lambda name, _: said.known[name].as_float(),
            edges=SHARE_EDGES,
            is_share=True,
            people=(said.source, said.customer),
            words=Words(
                rows="predictions",
                dated="predictions for periods that began",
                day="Period began",
            ),
        )

    def note(self, session: Session, model: CustomerModel) -> None:
        """Store what predictions of a model will be summed up and judged by, once."""
        register(session, self.ledger, Note(model.tag, model.created_at, model.reference, {}))

    def _settle(self, session: Session, until: datetime) -> int:
        def condition(_: Session, judged_by: str | None) -> Condition:
            return Condition(self.came_true(judged_by or ""), (Case(true()),))

        judging = Judging(self.name, self.predictions, self.outcomes, condition)
        return settling.settle(session, until, judging)

    @property
    def personal(self) -> Personal:
        """How rows are handed out and deleted by customer."""
        return self._kept.personal

    @property
    def expiry(self) -> Expiry:
        """How old rows are deleted, by the moment that their ids tell."""
        return self._kept.expiry

    @property
    def _kept(self) -> KeptRows:
        return KeptRows(self.ledger, self.predictions, (self.outcomes,), self.rows, self.name)
