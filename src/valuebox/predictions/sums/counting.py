"""Rows as they are counted: when they came, what was predicted, what their features were."""

from collections.abc import Mapping

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.features.bins import PREDICTION_EDGES, Bins
from valuebox.predictions.sums.adding import Batch, add_up, day_joined, day_received, segment
from valuebox.predictions.sums.coding import between, bin_of
from valuebox.predictions.sums.tables import LtvArrivals, LtvFeatureBins, LtvPredictionBins


def count_rows(session: Session, batch: Batch) -> None:
    """Add the rows of a batch to everything that counts rows, or take them out again."""
    model = batch.model.model
    ends = (LtvArrivals.first_at, LtvArrivals.last_at)
    add_up(session, LtvArrivals, model, _arrivals(session, batch), *ends)
    add_up(session, LtvPredictionBins, model, _predictions(batch))
    if batch.model.reference is not None:
        bins = batch.model.reference.features
        add_up(session, LtvFeatureBins, model, _features(batch, bins))


def _arrivals(session: Session, batch: Batch) -> Select[*tuple[object, ...]]:
    rows = batch.select(
        day_received(session).label("day"),
        segment().label("segment"),
        LtvPrediction.prediction,
        LtvFeatures.received_at,
    ).subquery()
    return select(
        rows.c.day,
        rows.c.segment,
        batch.count().label("rows"),
        (func.sum(rows.c.prediction) * batch.sign).label("prediction"),
        func.min(rows.c.received_at).label("first_at"),
        func.max(rows.c.received_at).label("last_at"),
    ).group_by(rows.c.day, rows.c.segment)


def _predictions(batch: Batch) -> Select[*tuple[object, ...]]:
    rows = batch.select(
        day_joined().label("day"),
        segment().label("segment"),
        between(LtvPrediction.prediction, PREDICTION_EDGES).label("bin"),
    ).subquery()
    return select(*rows.c, batch.count().label("rows")).group_by(*rows.c)


def _features(batch: Batch, bins: Mapping[str, Bins]) -> Select[*tuple[object, ...]]:
    codes = [bin_of(getattr(LtvFeatures, name.lower()), bins[name]) for name in FEATURES]
    columns = [code.label(name) for code, name in zip(codes, FEATURES, strict=True)]
    rows = batch.select(day_joined().label("day"), *columns).cte("coded")
    counted = [
        select(
            rows.c.day,
            literal(name).label("feature"),
            rows.c[name].label("bin"),
            batch.count().label("rows"),
        ).group_by(rows.c.day, rows.c[name])
        for name in FEATURES
    ]
    return select(*union_all(*counted).subquery().c)
