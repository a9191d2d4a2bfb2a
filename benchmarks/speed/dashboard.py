"""How long a view of the dashboard takes with ten million predictions in its sums, over HTTP.

A week of users is stored and added up as the service does it; the sums of that week are then copied
until there are two years of them. Views read sums, and of rows the last requests alone: with
`--rows`, which takes 8 GB of disk and a quarter of an hour, the rows are copied as well.

    PYTHONPATH=tests python -m benchmarks.speed.dashboard [--rows | --sqlite] [--into FILE]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pandas as pd
from benchmarks.report import measured_with, put_section, table
from sqlalchemy import func, inspect, select, text, update
from support.dashboards import as_sent
from support.databases import Postgres
from support.once import FOLDER
from support.open_weeks import Told, under_way
from support.played_weeks import play_weeks
from support.responded import fold as fold_responses
from support.responded import season
from support.services import Service, running
from support.sums import TABLES, fold, send

from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.predictions.sums.months import make_months
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.writing import Rows
from valuebox_training.ltv.simulate import simulate
from valuebox_training.ltv.train import train

HEADING = "## How fast"
WEEKS = 104
MONDAY = pd.Timestamp("2019-08-26")
FIRST = f"{MONDAY - pd.Timedelta(weeks=WEEKS - 1):%Y-%m-%d}"
PER_DAY = 355
SENT = 500
# Of the users, and in how many segments that have few.
RARE, RARE_SEGMENTS = 0.05, 180
TIMES = 25
VIEWS = {
    "90 days, all segments": "compartment=ltv",
    "90 days, one segment": "segment=US",
    "90 days, a small segment": "segment=R007",
    "200 days by day, one segment": "from=2019-02-14&to=2019-09-01&by=day&segment=GB",
    "a year by month": "from=2018-09-02&to=2019-09-01",
    "two years by month": f"from={FIRST}&to=2019-09-01",
    "two years by month, one segment": f"from={FIRST}&to=2019-09-01&segment=US",
}
# A UUID of version 7 begins with the milliseconds since 1970.
WEEKS_BEFORE = (
    "(lpad(to_hex(('x' || substr(replace({0}::text, '-', ''), 1, 12))::bit(48)::bigint"
    " - :week * 604800000::bigint), 12, '0') || substr(replace({0}::text, '-', ''), 13))::uuid"
)
MOVED = {
    "postgresql": {
        **{name: WEEKS_BEFORE.format(name) for name in ("id", "features_id", "request_id")},
        **{
            name: f"{name} - :week * interval '7 days'"
            for name in ("join_date", "received_at", "predicted_at", "first_at", "last_at")
        },
        "user_id": "user_id + :week * 1000000",
        "day": "day - :week * 7",
    },
    "sqlite": {
        **{
            name: f"strftime('%Y-%m-%d %H:%M:%f', {name}, (-7 * :week) || ' days')"
            for name in ("first_at", "last_at")
        },
        "day": "date(day, (-7 * :week) || ' days')",
    },
}


def a_week(per_day: int) -> pd.DataFrame:
    """Users of a simulated site, all joining in one week."""
    rng = np.random.default_rng(5)
    world = simulate(users_per_day=per_day, seed=5)
    users = pd.concat([part.users for part in (world.train, world.valid, world.test)])
    count = len(users)
    clock = users["join_date"] - users["join_date"].dt.normalize()
    days = pd.to_timedelta(np.arange(count) * 7 // count, unit="D")
    names = np.array([f"R{number:03}" for number in range(RARE_SEGMENTS)])
    segments = np.where(
        rng.random(count) < RARE, rng.choice(names, count), users["country_segment"]
    )
    return users.assign(
        user_id=np.arange(count), join_date=MONDAY + days + clock, country_segment=segments
    )


def fill(store: Store, model: LtvModel, with_rows: bool, per_day: int = PER_DAY) -> int:
    """Store a week, add it up, copy it, and return how many predictions the sums are of.

    Args:
        store: An empty database; PostgreSQL where rows are copied.
        model: That predicts.
        with_rows: Whether rows are copied, beside their sums.
        per_day: Joins a day of the simulated nine months, which all become one week.
    """
    users = a_week(per_day)
    sent = as_sent(users)
    requests = [
        send(store, sent[start : start + SENT], model) for start in range(0, len(sent), SENT)
    ]
    now = datetime.now(UTC)
    with store.writing() as session:
        for position, request in enumerate(requests):
            came = now - timedelta(days=6 - position * 7 // len(requests))
            of_request = LtvFeatures.request_id == request
            session.execute(update(LtvFeatures).where(of_request).values(received_at=came))
    told = {"user_id": users["user_id"].to_numpy(), "target": users["target"].to_numpy()}
    told |= {"first_reported_at": now, "changed_at": now}
    store.insert([Rows(LtvOutcome, len(users), told)])
    analyze(store)
    fold(store)
    is_sqlite = store.engine.dialect.name == "sqlite"
    with store.engine.begin() as connection:
        if not is_sqlite:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        for of in (*((LtvFeatures, LtvPrediction) if with_rows else ()), *TABLES.values()):
            began = time.monotonic()
            _copy(connection, of, requests[0])
            print(f"{of.__tablename__}: {time.monotonic() - began:.0f} s", flush=True)
    # As the service does once they have been at rest.
    make_months(store, LEDGER, Event(), rest=timedelta(0))
    analyze(store)
    with store.reading() as session:
        return int(session.scalar(select(func.sum(LEDGER.sums.cohorts.users))) or 0)


def analyze(store: Store) -> None:
    """Have the database know about how many rows there are."""
    is_sqlite = store.engine.dialect.name == "sqlite"
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in (
            ("ANALYZE",) if is_sqlite else ("SET statement_timeout = 0", "VACUUM ANALYZE")
        ):
            connection.execute(text(statement))


def _copy(connection: Any, of: Any, first: UUID) -> None:
    """Insert the last week of a table as every earlier one, the earliest first."""
    names = [column.name for column in inspect(of).columns]
    moved = MOVED[connection.dialect.name]
    into = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(moved.get(name, f'"{name}"') for name in names)
    is_last, last = "day >= :last", MONDAY.date()
    if of in (LtvFeatures, LtvPrediction):
        is_last, last = "id >= :last", first
    elif of is LEDGER.sums.arrivals:
        is_last, last = "last_at > :last", datetime.now(UTC) - timedelta(hours=156)
    statement = text(
        f"INSERT INTO {of.__tablename__} ({into}) "  # noqa: S608
        f"SELECT {values} FROM {of.__tablename__} WHERE {is_last}"
    )
    for week in range(WEEKS - 1, 0, -1):
        connection.execute(statement, {"week": week, "last": last})


def touch(store: Store) -> None:
    """Change the sums."""
    with store.writing() as session:
        session.execute(update(LEDGER.sums.folded).values(folded_at=datetime.now(UTC)))


def measure(
    http: httpx.Client, path: str, before: Callable[[], object] = int, times: int = TIMES
) -> np.ndarray:
    """Milliseconds of each of some answers, the first ones not counted.

    Args:
        http: Asks.
        path: What for.
        before: Is called before every request.
        times: How many.
    """
    took = []
    for _ in range(times + 3):
        before()
        began = time.perf_counter()
        answer = http.get(path)
        took.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    return np.array(took[3:])


def fill_others(store: Store) -> None:
    """Half a year of responses, a week of a sportsbook, and three weeks of a game."""
    season(store)
    fold_responses(store)
    under_way(store, feed=Told())
    play_weeks(store, datetime.now(UTC), 3)


def front_page(service: Service) -> list[object]:
    """The row of the front page, which remembers nothing from one look to the next."""
    took = measure(service.http, "/dashboard", partial(touch, service.store))
    return ["the front page", *(f"{one:.0f}" for one in np.quantile(took, (0.5, 0.95))), "", ""]


def main() -> None:
    """Fill a database, ask for views, and print or write how long they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, help="a Markdown file whose section is replaced")
    parser.add_argument("--rows", action="store_true", help="copy rows as well as their sums")
    parser.add_argument("--sqlite", action="store_true", help="ask SQLite, without rows")
    options = parser.parse_args()
    if options.rows and options.sqlite:
        parser.error("rows are copied on PostgreSQL alone")
    into = options.into
    postgres = Postgres()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BENTOML_HOME"] = os.environ[FOLDER] = folder
        simulate(users_per_day=150, seed=7).write(Path(folder))
        files = (Path(folder, "train.csv"), Path(folder, "valid.csv"))
        model = LtvModel.load(train(*files, "ltv").tag)
        url = f"sqlite:///{folder}/sums.db" if options.sqlite else postgres.new_database()
        store = Store(make_engine(url))
        migrate.upgrade(store.engine)
        predictions = fill(store, model, options.rows)
        fill_others(store)
        rows: list[list[object]] = []
        with running(url, Path(folder), {"VALUEBOX_MODEL": model.tag}) as service:
            rows.append(front_page(service))
            change = partial(touch, service.store)
            for name, query in VIEWS.items():
                page = measure(service.http, f"/dashboard?{query}", change)
                again = measure(service.http, f"/dashboard?{query}")
                csv = measure(service.http, f"/dashboard/cohorts.csv?{query}", change)
                figures = (*np.quantile(page, (0.5, 0.95)), np.median(again), np.median(csv))
                rows.append([name, *(f"{figure:.0f}" for figure in figures)])
                print(rows[-1], flush=True)
        store.close()
    postgres.remove()
    said = (
        f"{predictions:,} predictions of two years, {20 + RARE_SEGMENTS} segments, beside some "
        "weeks of responses, handle and offers, on "
        f"{'SQLite' if options.sqlite else 'PostgreSQL'}, as sums{' and rows' * options.rows}; "
        f"one worker, one view after the other, {TIMES} of each. Milliseconds until all of the "
        "answer is there, just after the sums have changed, and again while they have not "
        "(`make bench-dashboard`):\n\n"
        + table(["view", "median", "95 %", "again", "`cohorts.csv`"], rows)
        + f"\n\n{measured_with()}"
    )
    print(said)
    if into:
        put_section(into, HEADING, said)


if __name__ == "__main__":
    main()
