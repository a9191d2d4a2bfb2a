"""How long `valuebox offers learn` takes out of a database with a million decisions.

    make bench-offers-learning [OPTIONS="--decisions 200000 --database sqlite"] [INTO="…"]

The decisions are of a made-up game whose offers were drawn at random. What is told are seconds of
processors, the command's start included, and the most memory that it took.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import numpy as np
import typer
from benchmarks.offers.contenders import Uniform
from benchmarks.offers.playing import EPOCH, Playing
from benchmarks.report import measured_with, put_section, table
from support.databases import Postgres

from valuebox.compartments.offers.decisions import DAY, Decisions
from valuebox.compartments.offers.features import declared, named
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import add_events
from valuebox.features.declared.columns import coded, values
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.ids import new_id
from valuebox.store.writing import Rows, write
from valuebox_training.offers.games.worlds import WORLDS

HEADING: Final = "### Learning out of a database"
_WORLD: Final = "few-stationary"
_OF_A_PLAYER: Final = 8.6
"""Decisions of a player in this world, on average."""
_BATCH: Final = 20_000


def main(
    decisions: Annotated[int, typer.Option(help="About how many are stored.")] = 1_000_000,
    database: Annotated[str, typer.Option(help="sqlite or postgresql; both by default.")] = "",
    into: Annotated[Path | None, typer.Option(help="Document whose table is replaced.")] = None,
) -> None:
    """Store decisions, learn from them twice, and print what it took."""
    rows: list[list[object]] = []
    for kind in [database] if database else ["sqlite", "postgresql"]:
        with TemporaryDirectory() as name:
            lite = f"sqlite:///{Path(name) / 'offers.db'}"
            url = lite if kind == "sqlite" else Postgres().new_database()
            # A child is said to take what its parent holds when it begins: this one stays small.
            with ProcessPoolExecutor(1, get_context("spawn")) as aside:
                until, count = aside.submit(_stored, url, decisions).result()
            environment = {**os.environ, "BENTOML_HOME": f"{name}/bentoml", "DATABASE_URL": url}
            for which, at in (("the first time", until), ("an hour later", until + HOUR)):
                rows.append([kind, count, which, *_learned(environment, at)])
                print(*rows[-1], sep=" | ", flush=True)
    header = ["database", "decisions", "learned", "processor, s", "wall, s", "memory, MB"]
    text = f"{table(header, rows)}\n\n{measured_with()}"
    print(text)
    if into is not None:
        put_section(into, HEADING, text)


HOUR: Final = timedelta(hours=1)


def _learned(environment: dict[str, str], at: datetime) -> tuple[str, str, int]:
    """Processor seconds, wall seconds and megabytes of the command."""
    valuebox = str(Path(sys.executable).with_name("valuebox"))
    began = time.monotonic()
    child = subprocess.Popen(
        [valuebox, "offers", "learn", "--at", at.isoformat()],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError("the command has failed")
    wall = time.monotonic() - began
    return f"{_cpu(used):.1f}", f"{wall:.1f}", round(used.ru_maxrss / 1024)


def _cpu(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _stored(url: str, count: int) -> tuple[datetime, int]:
    """Store decisions and what came of them; return the moment after the last, and how many."""
    game = WORLDS[_WORLD].game(1, int(count / _OF_A_PLAYER))
    playing = Playing(game, 1)
    playing.run(Uniform(), learning=False)
    last = EPOCH + game.players.setting.days * DAY
    decisions = playing.decisions(last)
    store = Store(make_engine(url))
    migrate.upgrade(store.engine)
    for start in range(0, len(decisions), _BATCH):
        rows = np.arange(start, min(start + _BATCH, len(decisions)))
        with store.writing() as session:
            write(session, [_rows(decisions.where(rows), rows)])
            add_events(session, _shown(decisions.where(rows), rows))
    for events in _bought(playing, decisions):
        with store.writing() as session:
            add_events(session, events)
    store.close()
    return datetime.fromtimestamp(last / 1e6, UTC), len(decisions)


def _rows(some: Decisions, numbers: Any) -> Rows:
    every = np.arange(len(some))
    names = dict.fromkeys(declared().features)
    known = {name: values(one, every) for name, one in some.features.items() if name in names}
    offers = list(_offers(some))
    chosen = [of[place] for of, place in zip(offers, some.choice.tolist(), strict=True)]
    features = [
        names | beside(number) | dict(zip(known, row, strict=True))
        for number, row in zip(numbers.tolist(), zip(*known.values(), strict=True), strict=True)
    ]
    columns = {
        "id": [new_id() for _ in numbers],
        "source": "game",
        "customer": [f"player-{one}" for one in some.customer.tolist()],
        "session": [f"session-{one}" for one in numbers.tolist()],
        "at": some.time.astype("datetime64[us]"),
        "decided_at": some.time.astype("datetime64[us]"),
        "candidates": offers,
        "choice": some.choice.tolist(),
        "offer_type": [one["offer_type"] for one in chosen],
        "offer_price": [one["offer_price"] for one in chosen],
        "propensities": [[1 / len(of)] * len(of) for of in offers],
        "worths": None,
        "left_out": None,
        "features": features,
        "declaration": named(),
        "model": None,
        "seed": 1,
        "explored": True,
    }
    return Rows(OfferDecision, len(some), columns)


def beside(number: int) -> dict[str, Any]:
    """What games tell besides, and this one does not know."""
    return {
        "language": ("DE", "FR", "EN")[number % 3],
        "os": ("Android", "iOS")[number % 2],
        "level": float(number % 40),
        "currency_balance": float(number * 37 % 5_000),
        "prev_week.launches": float(number % 4),
        "prev_quarter.win_ratio": number % 11 / 11,
    }


def _offers(some: Decisions) -> Iterator[list[dict[str, Any]]]:
    every = np.arange(len(some.price))
    columns = {"offer_type": values(some.type, every), "offer_price": some.price.tolist()}
    columns |= {name: values(one, every) for name, one in some.properties.items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for first, end in zip(some.begins[:-1].tolist(), some.begins[1:].tolist(), strict=True):
        yield rows[first:end]


def _shown(some: Decisions, numbers: Any) -> ArrivingEvents:
    kinds = values(some.type, some.chosen)
    told = zip(kinds, some.price[some.chosen].tolist(), strict=True)
    return _events(
        "offer_shown",
        some.customer,
        [f"session-{one}" for one in numbers.tolist()],
        some.time,
        np.full(len(some), np.nan),
        [{"offer_type": kind, "offer_price": price} for kind, price in told],
    )


def _bought(playing: Playing, decisions: Decisions) -> Iterator[ArrivingEvents]:
    own = decisions.where(decisions.own > 0)
    sku = [str(one) for one in values(coded(own.type), own.chosen)]
    numbers = np.flatnonzero(decisions.own > 0)
    told = [{"sku": one, "purchase_source": "offer"} for one in sku]
    sessions = [f"session-{one}" for one in numbers.tolist()]
    yield _events("purchase", own.customer, sessions, own.time, own.own, told)
    player, time, amount = playing.other_purchases()
    moments = EPOCH + (time * DAY).astype(np.int64)
    nothing = [{"sku": "coins-pack-1", "purchase_source": "shop"}] * len(player)
    yield _events("purchase", player, [None] * len(player), moments, amount, nothing)


def _events(
    kind: str, player: Any, session: list[Any], time: Any, amount: Any, told: list[dict[str, Any]]
) -> ArrivingEvents:
    count = len(player)
    players = [f"player-{one}" for one in player.tolist()]
    return ArrivingEvents(
        source=["game"] * count,
        id=[str(new_id()) for _ in range(count)],
        customer=players,
        session=session,
        type=[kind] * count,
        time=time.astype("datetime64[us]"),
        amount=amount,
        currency=[None] * count,
        properties=told,
    )


if __name__ == "__main__":
    typer.run(main)
