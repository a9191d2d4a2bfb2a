"""Questions for features: how long an answer takes, beside what it cannot do without.

    make bench-features-online [OPTIONS="--events 1000000"] [INTO="--into docs/features-speed.md"]

A database with ten million events is asked in process, in turns with a bare SELECT of the same
rows and with Feast's read of values that are ready-made; then over HTTP, in turns with predictions
of lifetime values. In the end batches of events are stored, with declarations and without.
"""

import os
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import typer
from benchmarks.features.answering import Measured, answering
from benchmarks.features.over_http import FEATURES, PREDICT, OverHttp, bodies_of, over_http
from benchmarks.features.ready_made import PYTHON, ReadyMade
from benchmarks.features.stored_log import Players, stored
from benchmarks.features.storing import WITH, WITHOUT, storing
from benchmarks.measured_service import database_version, settings_with_model
from benchmarks.report import measured_with, put_section, table
from sqlalchemy import make_url
from support.databases import Postgres

from valuebox.facts.features import declarations
from valuebox.facts.features.indexing import index_newest
from valuebox.features.declared.reading import declaration_of
from valuebox.store.engine import Store, make_engine

DECLARATION: Final = Path(__file__).resolve().parents[2] / "examples" / "features" / "offers.toml"
HEADING: Final = "## An answer"


def main(
    events: Annotated[int, typer.Option(help="Events that are stored.")] = 10_000_000,
    rounds: Annotated[int, typer.Option(help="Questions of each kind.")] = 3_000,
    into: Annotated[Path | None, typer.Option(help="Document whose tables are replaced.")] = None,
) -> None:
    """Measure, print, and put the tables into a document."""
    server = Postgres()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls = {"PostgreSQL": server.new_database(), "SQLite": f"sqlite:///{folder / 'events.db'}"}
        parts = [
            part
            for kind, url in urls.items()
            for part in _database(kind, url, events, rounds, folder, server)
        ]
    busy = f"Load average when it ended {os.getloadavg()[2]:.1f}."
    parts.append(f"{events:,} events. {measured_with()} {busy}")
    text = "\n\n".join(parts)
    print(f"{HEADING}\n\n{text}")
    if into:
        put_section(into, HEADING, text)


def _database(
    kind: str, url: str, events: int, rounds: int, folder: Path, server: Postgres
) -> list[str]:
    """What is said of a database."""
    players = stored(url, events, folder)
    store, text = Store(make_engine(url)), DECLARATION.read_text()
    index_newest(store.engine)
    declared = declaration_of(text, "offers")
    with store.writing() as session:
        declarations.add(session, declared, text, answers=True)
    version = database_version(store)
    store.close()
    with ExitStack() as stack:
        peers = [stack.enter_context(closing(one)) for one in _feast(kind, players, folder, server)]
        found = answering(url, declared, players, rounds, peers)
    parts = [f"{version}, in process:", _in_process(found)]
    print(*parts, sep="\n\n", flush=True)
    if kind == "PostgreSQL":
        settings = {**settings_with_model(folder), "DATABASE_URL": url}
        parts += ["Over HTTP:", _over_http(over_http(settings, bodies_of(players), rounds, folder))]
    parts += [_stored(storing(url, DECLARATION, 20))]
    return parts


def _feast(kind: str, players: Players, folder: Path, server: Postgres) -> list[ReadyMade]:
    """Feast with an online store of the same kind, where it is installed."""
    if not PYTHON.exists():
        return []
    online: dict[str, object] = {"type": "sqlite", "path": str(folder / "online.db")}
    if kind == "PostgreSQL":
        parsed = make_url(server.new_database())
        host = str(parsed.query["host"])
        online = {"type": "postgres", "host": host, "port": 5432, "database": parsed.database}
        online |= {"db_schema": "public", "user": parsed.username, "password": parsed.password}
    return [ReadyMade("Feast, ready-made", online, folder / f"feast-{kind}", players.usual)]


def _in_process(found: dict[str, Measured]) -> str:
    base = found["bare SELECT"].p50
    rows: list[list[object]] = [
        [name, f"{one.p50:.3f}", f"{one.p99:.2f}", f"{one.p50 / base:.2f}"]
        for name, one in found.items()
    ]
    return table(["", "p50, ms", "p99, ms", "p50 ÷ bare SELECT"], rows)


def _over_http(found: OverHttp) -> str:
    base = found.latencies[PREDICT].p50
    rows: list[list[object]] = [
        [
            f"`{path}`",
            f"{found.latencies[path].p50:.2f}",
            f"{found.latencies[path].p50 / base:.2f}",
            f"{median(one.answers for one in found.rates[path]):,.0f}",
            f"{median(one.cpu for one in found.rates[path]):.2f}",
        ]
        for path in (PREDICT, FEATURES)
    ]
    header = ["", "p50, ms", "÷ predict", "answers/s of 16 connections", "CPU of workers, ms"]
    return table(header, rows)


def _stored(found: dict[str, Measured]) -> str:
    times = found[WITH].p50 / found[WITHOUT].p50
    return (
        f"Storing 10,000 events takes {found[WITHOUT].p50:.0f} ms without declarations and "
        f"{found[WITH].p50:.0f} ms with three, {times:.2f} times as long."
    )


if __name__ == "__main__":
    typer.run(main)
