"""What the sums say of rows: how many came, what was predicted, how the models were used."""

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.features.bins import PREDICTION_EDGES
from valuebox.predictions.sums.models import known_model
from valuebox.predictions.sums.periods import chosen
from valuebox.predictions.sums.tables import (
    LtvArrivals,
    LtvCohorts,
    LtvFolded,
    LtvModelRecord,
    LtvPredictionBins,
)
from valuebox.predictions.sums.views import (
    Arrivals,
    JoinedDay,
    ModelUse,
    PredictionBin,
    RecentRequest,
    Selection,
    Span,
)
from valuebox.store.ids import place_in_block

if TYPE_CHECKING:
    from datetime import datetime

_ENDS: Final = (None, *PREDICTION_EDGES, None)


def span(session: Session) -> Span:
    """What the sums reach over."""
    joined = session.execute(select(func.min(LtvCohorts.day), func.max(LtvCohorts.day))).one()
    received = session.execute(select(func.min(LtvArrivals.day), func.max(LtvArrivals.day))).one()
    return Span(*joined, *received, session.scalar(select(LtvFolded.folded_at)))


def arrivals(session: Session, selection: Selection) -> list[Arrivals]:
    """Rows by the day that they came, which is what the days of the selection mean here."""
    query = chosen(
        selection,
        LtvArrivals,
        LtvArrivals.day,
        LtvArrivals.model,
        func.sum(LtvArrivals.rows),
        func.sum(LtvArrivals.prediction),
    )
    query = query.group_by(LtvArrivals.day, LtvArrivals.model)
    found = session.execute(query.order_by(LtvArrivals.day, LtvArrivals.model))
    return [Arrivals(day, model, int(rows), total / int(rows)) for day, model, rows, total in found]


def prediction_bins(session: Session, selection: Selection) -> list[PredictionBin]:
    """Rows by prediction, by model, from the first bin with rows to the last one."""
    bins = LtvPredictionBins
    query = chosen(selection, bins, bins.model, bins.bin, func.sum(bins.rows))
    by_model: dict[str, dict[int, int]] = {}
    for model, one, rows in session.execute(query.group_by(bins.model, bins.bin)):
        by_model.setdefault(model, {})[one] = int(rows)
    found = []
    for model, counts in sorted(by_model.items()):
        reference = known_model(session, model).reference
        users = reference.predictions if reference else None
        for one in range(min(counts), max(counts) + 1):
            expected = users[one] / sum(users) if users else None
            ends = (_ENDS[one], _ENDS[one + 1])
            found.append(PredictionBin(model, *ends, counts.get(one, 0), expected))
    return found


def joined_days(session: Session, selection: Selection) -> list[JoinedDay]:
    """Users by the day that they joined and by model, in order of days."""
    table = LtvCohorts
    counts = (func.sum(table.users), func.sum(table.known_users))
    query = chosen(selection, table, table.day, table.model, *counts)
    query = query.group_by(table.day, table.model).having(counts[0] > 0)
    found = session.execute(query.order_by(table.day, table.model))
    return [JoinedDay(day, model, int(users), int(known)) for day, model, users, known in found]


def model_uses(session: Session) -> list[ModelUse]:
    """Every model that was used or registered, the last used first."""
    uses: dict[str, tuple[datetime | None, datetime | None, int]] = {
        model: (first, last, int(rows))
        for model, first, last, rows in session.execute(
            select(
                LtvArrivals.model,
                func.min(LtvArrivals.first_at),
                func.max(LtvArrivals.last_at),
                func.sum(LtvArrivals.rows),
            ).group_by(LtvArrivals.model)
        )
    }
    record = LtvModelRecord
    known = select(record.model, record.trained_at, record.registered_at)
    trained: dict[str, datetime] = {}
    noted: dict[str, datetime] = {}
    for model, trained[model], noted[model] in session.execute(known):
        uses.setdefault(model, (None, None, 0))
    found = [ModelUse(model, trained.get(model), *use) for model, use in uses.items()]
    found.sort(key=lambda one: (one.last_at or noted[one.model], one.model), reverse=True)
    return found


def recent_requests(session: Session, limit: int = 20) -> list[RecentRequest]:
    """The last requests that stored predictions, newest first; also those not in the sums yet."""
    newest = (
        select(LtvFeatures.id, LtvFeatures.request_id, LtvFeatures.received_at, LtvPrediction.model)
        .join(LtvPrediction, LtvPrediction.features_id == LtvFeatures.id)
        .order_by(LtvFeatures.id.desc())
        .limit(1)
    )
    found: list[RecentRequest] = []
    query = newest
    while len(found) < limit:
        row = session.execute(query).one_or_none()
        if row is None:
            break
        # Its rows are numbered: nothing has to be counted, or even read.
        first, position = place_in_block(row.id)
        found.append(RecentRequest(row.request_id, row.received_at, position + 1, row.model))
        query = newest.where(LtvFeatures.id < first)
    return found
