"""What the sums say of rows: how many came, what was predicted, how the models were used."""

from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.answers import (
    ArrivalDay,
    CohortDay,
    ModelUse,
    PredictionBin,
    RecentRequest,
    Span,
)
from valuebox.predictions.sums.models import known_model
from valuebox.predictions.sums.selection import Selection, chosen, summed
from valuebox.store.ids import place_in_block

if TYPE_CHECKING:
    from datetime import datetime


def span(session: Session, ledger: Ledger) -> Span:
    """What the sums reach over."""
    ends = [
        session.execute(select(func.min(table.day), func.max(table.day))).one()
        for table in (ledger.sums.cohorts, ledger.sums.arrivals)
    ]
    folded_at = session.scalar(select(ledger.sums.folded.folded_at))
    return Span(*ends[0], *ends[1], folded_at)


def arrival_days(session: Session, ledger: Ledger, selection: Selection) -> list[ArrivalDay]:
    """Rows by the day that they came, which is what the days of the selection mean here."""
    table = ledger.sums.arrivals
    sums = (func.sum(table.rows), func.sum(table.prediction))
    query = chosen(selection, table, table.day, table.model, *sums)
    query = query.group_by(table.day, table.model)
    found = session.execute(query.order_by(table.day, table.model))
    return [
        ArrivalDay(day, model, int(rows), total / int(rows)) for day, model, rows, total in found
    ]


def prediction_bins(session: Session, ledger: Ledger, selection: Selection) -> list[PredictionBin]:
    """Rows by prediction, by model, from the first bin with rows to the last one."""
    bins, months = ledger.sums.prediction_bins, ledger.sums.months
    by_month, edges = months and months.prediction_bins, (None, *ledger.edges, None)
    rows = summed(selection, bins, by_month, lambda one: (one.model, one.bin, one.rows)).c
    query = select(rows.model, rows.bin, func.sum(rows.rows)).group_by(rows.model, rows.bin)
    by_model: dict[str, dict[int, int]] = {}
    for model, one, count in session.execute(query):
        by_model.setdefault(model, {})[one] = int(count)
    found = []
    for model, counts in sorted(by_model.items()):
        reference = known_model(session, ledger, model).reference
        users = reference.predictions if reference else None
        for one in range(min(counts), max(counts) + 1):
            expected = users[one] / sum(users) if users else None
            ends = (edges[one], edges[one + 1])
            found.append(PredictionBin(model, *ends, counts.get(one, 0), expected))
    return found


def cohort_days(session: Session, ledger: Ledger, selection: Selection) -> list[CohortDay]:
    """Rows by the day of their cohort and by model, in order of days."""
    table = ledger.sums.cohorts
    counts = (func.sum(table.users), func.sum(table.known_users))
    query = chosen(selection, table, table.day, table.model, *counts)
    query = query.group_by(table.day, table.model).having(counts[0] > 0)
    found = session.execute(query.order_by(table.day, table.model))
    return [CohortDay(day, model, int(users), int(known)) for day, model, users, known in found]


def model_uses(session: Session, ledger: Ledger) -> list[ModelUse]:
    """Every model that was used or registered, the last used first."""
    arrivals, record = ledger.sums.arrivals, ledger.sums.models
    uses: dict[str, tuple[datetime | None, datetime | None, int]] = {
        model: (first, last, int(rows))
        for model, first, last, rows in session.execute(
            select(
                arrivals.model,
                func.min(arrivals.first_at),
                func.max(arrivals.last_at),
                func.sum(arrivals.rows),
            ).group_by(arrivals.model)
        )
    }
    known = select(record.model, record.trained_at, record.registered_at)
    trained: dict[str, datetime] = {}
    noted: dict[str, datetime] = {}
    for model, trained[model], noted[model] in session.execute(known):
        uses.setdefault(model, (None, None, 0))
    found = [ModelUse(model, trained.get(model), *use) for model, use in uses.items()]
    found.sort(key=lambda one: (one.last_at or noted[one.model], one.model), reverse=True)
    return found


def recent_requests(session: Session, ledger: Ledger, limit: int = 20) -> list[RecentRequest]:
    """The last requests that stored predictions, newest first; also those not in the sums yet."""
    columns = (ledger.id, ledger.request_id, ledger.received_at, ledger.model)
    newest = ledger.select(*columns).order_by(ledger.id.desc()).limit(1)
    found: list[RecentRequest] = []
    query = newest
    while len(found) < limit:
        row = session.execute(query).one_or_none()
        if row is None:
            break
        last, request_id, received_at, model = row
        # Its rows are numbered: nothing has to be counted, or even read. Former versions, where a
        # request had an id of another block, began with 0.
        first, position = place_in_block(last)
        rows = position if first == request_id else position + 1
        found.append(RecentRequest(request_id, received_at, rows, model))
        query = newest.where(ledger.id < first)
    return found
