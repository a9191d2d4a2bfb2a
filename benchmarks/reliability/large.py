"""Kill every part of a large installation under load, time its pages, and expire a month.

    make chaos-large
    make chaos-large OPTIONS="--predictions 100000 --events 200000 --kills 6"

Two services behind HAProxy, and PgBouncer between them and a PostgreSQL with two years of
predictions by month and of events, with a replica that pages are read from. A worker, a service,
PgBouncer, the replica and the database are killed in turns. Then nothing is, pages are timed, and
the oldest month expires. Ends with exit code 1 when one request is not stored exactly once, or a
row of before is missing. By default it takes 45 GB of disk and an hour, most of it to fill.
"""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Final, NamedTuple

import psutil
import typer
from benchmarks.measured_service import WORKERS, database_version, settings_with_model
from benchmarks.reliability.chaos import CLIENTS, RACES, Run, figures
from benchmarks.reliability.chaos_audit import audit
from benchmarks.reliability.chaos_clients import Clients
from benchmarks.reliability.large_expiry import counted, counted_events, expire
from benchmarks.reliability.large_fill import filled
from benchmarks.reliability.large_kills import ALL, LargeKiller, Outage
from benchmarks.reliability.large_pages import Visitor, pages
from benchmarks.reliability.large_parts import REPLICAS, Parts, parts, revive
from benchmarks.report import measured_with, put_section, table
from benchmarks.speed.dashboard import TIMES
from support.databases import Postgres
from support.once import FOLDER

from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.ids import new_id

HEADINGS: Final = (
    "### Chaos run of many parts",
    "### Pages through many parts",
    "### A month of a large database",
)


class Killed(NamedTuple):
    """What came of the kills."""

    told: str
    is_good: bool


def main(
    predictions: Annotated[int, typer.Option(help="Stored before.")] = 20_000_000,
    events: Annotated[int, typer.Option(help="Stored before.")] = 50_000_000,
    kills: Annotated[int, typer.Option(min=len(ALL))] = 54,
    visits: Annotated[int, typer.Option(min=1, help="Of each page.")] = TIMES,
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder for the database, which stays, and is there the next time."),
    ] = None,
    into: Annotated[Path | None, typer.Option(help="Markdown file for the tables.")] = None,
) -> None:
    """Fill, kill, time, expire, and judge."""
    with TemporaryDirectory(prefix="valuebox-large-") as temporary:
        home = keep or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)
        with database(home, predictions, events) as (server, url, settings):
            place = Path(temporary, "parts")
            place.mkdir()
            Path(temporary).chmod(0o755)
            with parts(place, server, url, settings) as every:
                killed = kill_parts(every, kills)
                told = pages(every, visits)
                expired = expire(every)
                version = database_version(every.store)
    for heading, one in zip(HEADINGS, (killed.told, told, expired.told), strict=True):
        content = f"{one}\n\n{measured_with(version)}"
        typer.echo(f"\n{heading}\n\n{content}")
        if into:
            put_section(into, heading, content)
    if not killed.is_good or not expired.is_good:
        typer.echo("some rows are not there exactly once", err=True)
        raise typer.Exit(1)


@contextmanager
def database(
    home: Path, predictions: int, events: int
) -> Iterator[tuple[Postgres, str, dict[str, str]]]:
    """A filled database, its URL, and settings of a service that has its model.

    Args:
        home: Where all of it lies, and may do so from another time.
        predictions: How many it is filled with, where it is not there yet.
        events: So many, too.
    """
    url = home / "url"
    if not url.exists():
        settings_with_model(home)
    settings = {
        "BENTOML_HOME": str(home / "bentoml"),
        "VALUEBOX_WORKERS": str(WORKERS),
        "VALUEBOX_MODEL": "ltv",
    }
    os.environ |= {"BENTOML_HOME": settings["BENTOML_HOME"], FOLDER: str(home)}
    server = Postgres(durable=True, folder=home / "primary")
    try:
        if not url.exists():
            url.write_text(filled(server, LtvModel.load("ltv:latest"), predictions, events))
        yield server, url.read_text(), settings
    finally:
        revive(server)
        server.leave()


def kill_parts(every: Parts, kills: int) -> Killed:
    """Kill parts in turns, and look for what was answered and for what was there before."""
    before, events = counted(every.store), counted_events(every.store)
    # Nobody whom an earlier run has sent.
    since, first_user = new_id(), time.time_ns() // 1_000
    clients, visitor = Clients(every.url, CLIENTS, first_user), Visitor(every.url)
    killer = LargeKiller(every, clients, visitor, random.Random("large"))
    began = time.monotonic()
    try:
        try:
            for number in range(kills):
                kind = ALL[number % len(ALL)]
                typer.echo(f"{number + 1}/{kills}: {kind}, {killer.kill(kind)}")
        finally:
            clients.finish()
        races = clients.race(RACES)
    finally:
        visitor.finish()
    minutes = (time.monotonic() - began) / 60
    run = Run(
        place="PostgreSQL",
        version=database_version(every.store),
        requests=clients.requests,
        kills=killer.kills,
        caught=killer.caught,
        misses=killer.misses,
        races=races,
        found=audit(every.store, clients.requests, since, first_user),
    )
    after = counted(every.store)
    stored = run.found.features + run.found.predictions
    is_whole = sum(after.values()) == sum(before.values()) + stored
    is_whole &= counted_events(every.store) == events
    there = sum(before.values()) // 2
    parts_killed = {
        f"killed: {kind}": sum(one.kind == kind for one in killer.outages) for kind in ALL[3:]
    }
    rows: list[list[object]] = [
        *([name, value] for name, value in (figures(run) | parts_killed).items()),
        ["predictions with their features that were there before", there],
        ["events that were there before", events],
        ["**of these, missing**", 0 if is_whole else "SOME"],
        ["answers that said to come back", clients.refusals.total()],
        ["pages asked for meanwhile", visitor.pages + visitor.refused()],
        ["of these, from the replica", visitor.from_replica],
        ["of these, not there", visitor.refused()],
    ]
    return Killed(
        f"{REPLICAS} services of {WORKERS} workers behind HAProxy, PgBouncer, a replica; {CLIENTS} "
        f"clients; {minutes:.0f} minutes of kills, with a load average of "
        f"{psutil.getloadavg()[0]:.1f}.\n\n{table(['', 'all'], rows)}\n\n"
        f"{_outages(killer.outages)}",
        run.is_good() and is_whole,
    )


def _outages(outages: list[Outage]) -> str:
    rows: list[list[object]] = []
    for kind in ALL[3:]:
        some = [one for one in outages if one.kind == kind]
        seconds, refused = [one.seconds for one in some], [one.refused for one in some]
        row: list[object] = [kind, len(some)]
        row += [f"{median(one):.1f}, {max(one):.1f}" for one in (seconds, refused)]
        rows.append(row)
    header = ["killed, and away for two seconds", "times", "seconds to an answer: median, most"]
    header.append("refused meanwhile: median, most")
    return (
        f"{table(header, rows)}\n\nSeconds from its start until somebody was answered; without a "
        "replica pages are read from the database itself."
    )


if __name__ == "__main__":
    typer.run(main)
