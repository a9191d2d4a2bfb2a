"""How long a decision about five offers takes, beside a prediction of a lifetime value.

    make bench-offers-deciding [OPTIONS="--events 1000000"] [INTO="--into docs/offers.md"]

A service on PostgreSQL with ten million events of a game is asked for both in turns, then for each
from sixteen connections at once. Every decision is of another session.
"""

import json
import os
import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated, Final
from uuid import uuid4

import numpy as np
import typer
from benchmarks.features.answering import AT
from benchmarks.features.over_http import PREDICT, OverHttp, bodies_of, over_http
from benchmarks.features.stored_log import Players, stored
from benchmarks.measured_service import settings_with_model
from benchmarks.offers.contenders import Uniform
from benchmarks.offers.learning import beside
from benchmarks.offers.playing import EPOCH, Playing
from benchmarks.report import measured_with, put_section, table
from support.databases import Postgres

from valuebox.compartments.offers.candidates import column_of
from valuebox.compartments.offers.decisions import DAY
from valuebox.compartments.offers.model import NEWEST
from valuebox.facts.features.indexing import index_newest
from valuebox.store.engine import Store, make_engine
from valuebox_training.offers.games.worlds import WORLDS
from valuebox_training.offers.learning import learn

HEADING: Final = "### How long a decision takes"
DECIDE: Final = "/v1/offers/decide"
OFFERS: Final = (
    *(("coins", 1.99), ("gems", 2.99), ("boost", 4.99), ("skin", 4.99), ("bundle", 9.99)),
)
_DAYS: Final = 14
"""That the model has learned from."""


def main(
    events: Annotated[int, typer.Option(help="Events that are stored.")] = 10_000_000,
    rounds: Annotated[int, typer.Option(help="Questions of each kind.")] = 3_000,
    into: Annotated[Path | None, typer.Option(help="Document whose table is replaced.")] = None,
) -> None:
    """Measure, print, and put the table into a document."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Postgres()
        url = database.new_database()
        players = stored(url, events, folder)
        store = Store(make_engine(url))
        index_newest(store.engine)
        store.close()
        settings = settings_with_model(folder)
        _learned(settings["BENTOML_HOME"])
        settings |= {"DATABASE_URL": url, "VALUEBOX_MODELS__OFFERS": NEWEST}
        bodies = {PREDICT: bodies_of(players)[PREDICT], DECIDE: _bodies(players)}
        found = over_http(settings, bodies, rounds, folder, database)
    text = f"{_table(found)}\n\n{events:,} events on PostgreSQL. {measured_with()}"
    print(text)
    if into is not None:
        put_section(into, HEADING, text)


def _learned(home: str) -> None:
    """Save a model in a model store, by a process that looks into no other one."""
    if os.fork():
        os.wait()
        return
    os.environ["BENTOML_HOME"] = home
    game = WORLDS["few-stationary"].game(1)
    playing = Playing(game, 1)
    playing.run(Uniform(), learning=False)
    now = EPOCH + _DAYS * DAY
    decisions = playing.decisions(now)
    decisions = decisions.where(decisions.time < now)
    rows = [beside(number) for number in range(len(decisions))]
    more = {name: column_of([one[name] for one in rows]) for name in rows[0]}
    decisions.features.update(more)  # type: ignore[attr-defined]
    learn(decisions, now).save(NEWEST, {}, {})
    os._exit(0)


def _bodies(players: Players) -> list[bytes]:
    candidates = [{"offer_type": kind, "offer_price": price} for kind, price in OFFERS]
    whom = np.random.default_rng(0).choice(players.usual, 100_000)
    at = AT.isoformat()
    return [
        json.dumps(
            {"customer": one, "session": uuid4().hex, "candidates": candidates, "at": at}
        ).encode()
        for one in whom.tolist()
    ]


def _table(found: OverHttp) -> str:
    base = found.latencies[PREDICT].p50
    rows: list[list[object]] = [
        [
            f"`{path}`",
            f"{one.p50:.2f}",
            f"{one.p50 / base:.2f}",
            f"{one.p99:.1f}",
            f"{median(rate.answers for rate in found.rates[path]):,.0f}",
            f"{median(rate.cpu for rate in found.rates[path]):.2f}",
            f"{median(rate.in_all for rate in found.rates[path]):.2f}",
        ]
        for path, one in found.latencies.items()
    ]
    header = ["", "p50, ms", "÷ predict", "p99, ms", "answers/s of 16", "CPU of workers, ms"]
    header.append("with client and database")
    return table(header, rows)


if __name__ == "__main__":
    typer.run(main)
