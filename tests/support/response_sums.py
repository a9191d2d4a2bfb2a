"""What the sums of predicted responses should be, from all rows, without any SQL that adds up."""

from typing import Any

import pandas as pd
from sqlalchemy import inspect, select

from valuebox.compartments.response.ledger import LEDGER
from valuebox.compartments.response.tables import (
    ResponseFeatures,
    ResponseOutcome,
    ResponsePrediction,
)
from valuebox.features.bins import SHARE_EDGES, Reference, prediction_codes
from valuebox.schemas.names import MAX_SEGMENT, quoted
from valuebox.store.base import Base
from valuebox.store.engine import Store

_SUMS = LEDGER.sums
_CELL = ["day", "model", "segment"]


def assert_sums(store: Store, references: dict[str, Reference]) -> None:
    """The sums are those over all rows.

    Args:
        store: With the rows and their sums.
        references: What is known of models, by tag.
    """
    rows = _rows(store)
    arrivals = rows.assign(day=rows["predicted_at"].dt.tz_convert("UTC").dt.date, rows=1)
    ends = {"first_at": ("predicted_at", "min"), "last_at": ("predicted_at", "max")}
    sums = {"rows": ("rows", "sum"), "prediction": ("probability", "sum")}
    _same(store, _SUMS.arrivals, arrivals.groupby(_CELL).agg(**sums, **ends))
    _same(store, _SUMS.prediction_bins, _counted(rows, [*_CELL, "bin"]))
    features = [_features(rows, model, one) for model, one in references.items()]
    _same(store, _SUMS.feature_bins, pd.concat(features))
    judged = _judged(rows)
    names = [name for name in _columns(_SUMS.cohorts) if name not in _CELL]
    _same(store, _SUMS.cohorts, judged.groupby(_CELL)[names].sum())
    names = ["users", "known_users", "known_prediction", "known_actual"]
    _same(store, _SUMS.cohort_scatter, judged.groupby([*_CELL, "bin"])[names].sum())


def _rows(store: Store) -> pd.DataFrame:
    said, outcome = ResponsePrediction, ResponseOutcome
    query = (
        select(*inspect(said).columns, outcome.target, ResponseFeatures.known)
        .outerjoin(outcome, outcome.id == said.id)
        .outerjoin(ResponseFeatures, ResponseFeatures.id == said.id)
    )
    with store.reading() as session:
        found = session.execute(query).all()
    rows = pd.DataFrame(found, columns=[*_columns(said), "target", "known"])
    named = rows["response"] + (": " + rows["category"]).fillna("")
    rows["segment"] = [quoted(one[:MAX_SEGMENT]) for one in named]
    rows["day"] = rows["starts_at"].dt.tz_convert("UTC").dt.date
    rows["bin"] = prediction_codes(rows["probability"].to_numpy(), SHARE_EDGES)
    return rows


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    subject = ["source", "customer", "response", "category", "day", "model"]
    newest = rows.sort_values("id").drop_duplicates(subject, keep="last")
    known, chance = newest["target"].notna(), newest["probability"]
    values = {"users": 1, "prediction": chance, "variance": chance * (1 - chance)}
    found = newest.assign(**values)
    held = {f"known_{name}": found[name].where(known, 0) for name in values}
    target = newest["target"].astype(float)
    errors = ((target - chance) ** 2).fillna(0)
    return found.assign(**held, known_actual=target.fillna(0), known_squares=errors)


def _features(rows: pd.DataFrame, model: str, reference: Reference) -> pd.DataFrame:
    mine = rows[(rows["model"] == model) & rows["known"].notna()]
    counted = []
    for name, bins in reference.features.items():
        codes = bins.codes([known.get(name) for known in mine["known"]])
        told = mine.assign(feature=name, bin=codes)
        counted.append(_counted(told, ["day", "model", "feature", "bin"]))
    return pd.concat(counted)


def _counted(rows: pd.DataFrame, keys: list[str]) -> Any:
    return rows.assign(rows=1).groupby(keys)[["rows"]].sum()


def _same(store: Store, table: type[Base], expected: pd.DataFrame) -> None:
    keys = sorted(column.name for column in inspect(table).primary_key)
    names = _columns(table)
    with store.reading() as session:
        rows = session.execute(select(*inspect(table).columns)).all()
    actual = pd.DataFrame(rows, columns=names)
    count = "users" if "users" in names else "rows"
    frames = [
        one[one[count] != 0][names].sort_values(keys).reset_index(drop=True)
        for one in (actual, expected.reset_index())
    ]
    if len(frames[0]) or len(frames[1]):
        pd.testing.assert_frame_equal(*frames, check_dtype=False, atol=1e-6, obj=str(table))


def _columns(table: type[Any]) -> list[str]:
    return [str(column.name) for column in inspect(table).columns]
