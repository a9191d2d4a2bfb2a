"""Rows as they are counted: when they came, what was predicted, what their features were."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from valuebox.features.bins import Bins
from valuebox.predictions.sums.adding import Batch, add_up, segment_of
from valuebox.predictions.sums.days import day_of
from valuebox.predictions.sums.sql_bins import between, bin_of

Rows = Select[*tuple[Any, ...]]


def count_rows(session: Session, batch: Batch) -> None:
    """Add the rows of a batch to everything that counts rows, or take them out again."""
    model, sums = batch.model.model, batch.ledger.sums
    ends: Any = (sums.arrivals.first_at, sums.arrivals.last_at)
    add_up(session, sums.arrivals, model, _arrivals(batch), *ends)
    add_up(session, sums.prediction_bins, model, _predictions(batch))
    if batch.model.reference is not None and batch.model.reference.features:
        add_up(session, sums.feature_bins, model, _features(batch, batch.model.reference.features))


def _arrivals(batch: Batch) -> Rows:
    ledger = batch.ledger
    rows = batch.select(
        day_of(ledger.received_at).label("day"),
        segment_of(ledger.segment).label("segment"),
        ledger.prediction.label("prediction"),
        ledger.received_at.label("received_at"),
    ).subquery()
    return select(
        rows.c.day,
        rows.c.segment,
        batch.count().label("rows"),
        (func.sum(rows.c.prediction) * batch.sign).label("prediction"),
        func.min(rows.c.received_at).label("first_at"),
        func.max(rows.c.received_at).label("last_at"),
    ).group_by(rows.c.day, rows.c.segment)


def _predictions(batch: Batch) -> Rows:
    ledger = batch.ledger
    rows = batch.select(
        day_of(ledger.day).label("day"),
        segment_of(ledger.segment).label("segment"),
        between(ledger.prediction, ledger.edges).label("bin"),
    ).subquery()
    return select(*rows.c, batch.count().label("rows")).group_by(*rows.c)


def _features(batch: Batch, bins: Mapping[str, Bins]) -> Rows:
    # Features may be called anything, `day` as well.
    codes = [
        bin_of(batch.ledger.feature(name, one), one).label(f"bin_{place}")
        for place, (name, one) in enumerate(bins.items())
    ]
    rows = batch.select_features(day_of(batch.ledger.day).label("day"), *codes).cte("coded")
    counted = [
        select(
            rows.c.day,
            literal(name).label("feature"),
            rows.c[f"bin_{place}"].label("bin"),
            batch.count().label("rows"),
        ).group_by(rows.c.day, rows.c[f"bin_{place}"])
        for place, name in enumerate(bins)
    ]
    return select(*union_all(*counted).subquery().c)
