"""What the sums in the database should be, from all rows."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import inspect, select, text

from support.users import add_predictions, received
from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.ledger import LEDGER, note
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.features.bins import prediction_codes
from valuebox.predictions.sums.folding import SETTLED, Folded, Folding
from valuebox.schemas.names import MISSING_SEGMENT
from valuebox.store import clock
from valuebox.store.base import Base
from valuebox.store.engine import Store
from valuebox.store.ids import new_id

TABLES = {
    "arrivals": LEDGER.sums.arrivals,
    "predictions": LEDGER.sums.prediction_bins,
    "features": LEDGER.sums.feature_bins,
    "cohorts": LEDGER.sums.cohorts,
    "scatter": LEDGER.sums.cohort_scatter,
}
# What was stored a moment ago is taken for settled.
AT_ONCE = timedelta(seconds=-5)
_MANY = 500


def send(store: Store, sent: list[dict[str, Any]], model: LtvModel, tag: str | None = None) -> UUID:
    """Store users and what a model says of them, as the service does; returns the request's id.

    Args:
        store: Where to.
        sent: As requests hold them.
        model: That says something.
        tag: Under which it does, if not under its own.
    """
    columns, request_id = received(sent), new_id()
    with store.writing() as session:
        note(session, model)
        add_predictions(
            session,
            request_id,
            columns,
            lambda: model.estimate(columns.features),
            tag or model.tag,
        )
    return request_id


@contextmanager
def some_time_ago() -> Iterator[None]:
    """What is sent in the block was so long ago that it is settled."""
    with clock_off(-2 * SETTLED.total_seconds()):
        yield


@contextmanager
def clock_off(seconds: float) -> Iterator[None]:
    """What is sent in the block comes from a machine whose clock is so much ahead of ours."""
    now = time.time_ns
    with pytest.MonkeyPatch.context() as patch:
        shifted = SimpleNamespace(time_ns=lambda: now() + int(seconds * 1e9))
        patch.setattr(clock, "time", shifted)
        yield


def report(store: Store, targets: dict[int, float]) -> None:
    """Store outcomes, as the service does; PostgreSQL then knows about how many rows there are."""
    with store.writing() as session:
        repository.put_outcomes(session, targets)
        if len(targets) > _MANY and store.engine.dialect.name == "postgresql":
            # What it does by itself within a minute: tests do not wait for that, and plans that are
            # made without statistics take ten times as long.
            session.execute(text("ANALYZE"))


def fold(store: Store) -> Folded:
    """Add everything to the sums, once a service that is adding to them is done."""
    return Folding(store, LEDGER, AT_ONCE).fold(Event(), patient=True)


def stored_sums(store: Store) -> dict[str, pd.DataFrame]:
    """The sums as they are, without those over nobody."""
    return {name: _sums(_frame(store, table), table) for name, table in TABLES.items()}


def expected_sums(store: Store, *models: LtvModel) -> dict[str, pd.DataFrame]:
    """The sums over all rows, made without any SQL that adds up."""
    rows = _frame(store, LtvFeatures).merge(
        _frame(store, LtvPrediction), left_on="id", right_on="features_id", suffixes=("", "_p")
    )
    rows["segment"] = rows["country_segment"].fillna(MISSING_SEGMENT)
    rows["joined"] = rows["join_date"].dt.date
    rows["came"] = rows["received_at"].dt.tz_convert("UTC").dt.date
    rows["rows"] = 1
    rows["bin"] = prediction_codes(rows["prediction"].to_numpy())
    cell = ["model", "segment"]
    arrivals = rows.groupby(["came", *cell]).agg(
        rows=("rows", "sum"),
        prediction=("prediction", "sum"),
        first_at=("received_at", "min"),
        last_at=("received_at", "max"),
    )
    found = {
        "arrivals": arrivals.rename_axis(index={"came": "day"}),
        "predictions": _by_day(rows, [*cell, "bin"])[["rows"]].sum(),
        "features": pd.concat([_features(rows, model) for model in models]),
    }
    users = rows.sort_values("id").drop_duplicates(["user_id", "model"], keep="last")
    users = users.merge(_frame(store, LtvOutcome), on="user_id", how="left")
    users = pd.concat([_judged(users, model) for model in models])
    found["cohorts"] = _by_day(users, cell)[_names(LEDGER.sums.cohorts)].sum()
    found["scatter"] = _by_day(users, [*cell, "scatter"])[["users", "known_users"]].sum()
    found["scatter"] = found["scatter"].rename_axis(index={"scatter": "bin"})
    return {name: _sums(frame.reset_index(), TABLES[name]) for name, frame in found.items()}


def assert_sums(store: Store, *models: LtvModel) -> None:
    """The sums are those over all rows."""
    actual, expected = stored_sums(store), expected_sums(store, *models)
    for name in TABLES:
        pd.testing.assert_frame_equal(actual[name], expected[name], check_dtype=False, atol=1e-6)


def _features(rows: pd.DataFrame, model: LtvModel) -> pd.DataFrame:
    mine = rows[rows["model"] == model.tag]
    binned = [
        mine[["joined", "model", "rows"]].assign(
            feature=name, bin=model.reference.features[name].codes(mine[name.lower()].tolist())
        )
        for name in FEATURES
    ]
    return _by_day(pd.concat(binned), ["model", "feature", "bin"])[["rows"]].sum()


def _judged(users: pd.DataFrame, model: LtvModel) -> pd.DataFrame:
    users = users[users["model"] == model.tag].copy()
    learned, prediction = model.uncertainty, users["prediction"].to_numpy()
    paid, has_paid = users["stv"].fillna(0).to_numpy(), users["stv"].notna().to_numpy()
    users["users"] = 1
    users["later"] = later = prediction - paid
    users["future"] = np.where(has_paid, np.maximum(later, 0), learned.future_share * prediction)
    users["scatter"] = np.where(
        has_paid, learned.known.bins(later), -1 - learned.missing.bins(later)
    )
    known = users["target"].notna()
    for name in ("users", "prediction", "later", "future"):
        users[f"known_{name}"] = users[name].where(known, 0)
    users["known_actual"] = users["target"].fillna(0)
    users["known_squares"] = ((users["target"] - prediction) ** 2).fillna(0)
    return users


def _by_day(rows: pd.DataFrame, keys: list[str]) -> Any:
    return rows.rename(columns={"joined": "day"}).groupby(["day", *keys])


def _sums(frame: pd.DataFrame, table: type[Base]) -> pd.DataFrame:
    keys = sorted(column.name for column in inspect(table).primary_key)
    values = _names(table)
    count = "users" if "users" in frame else "rows"
    found = frame[frame[count] > 0]
    return found[[*keys, *values]].sort_values(keys).reset_index(drop=True)


def _names(table: type[Base]) -> list[str]:
    keys = {column.name for column in inspect(table).primary_key}
    return [name for name in inspect(table).columns.keys() if name not in keys]  # noqa: SIM118


def _frame(store: Store, table: type[Base]) -> pd.DataFrame:
    columns = inspect(table).columns
    with store.reading() as session:
        found = session.execute(select(*columns)).all()
    return pd.DataFrame(found, columns=[column.name for column in columns])
