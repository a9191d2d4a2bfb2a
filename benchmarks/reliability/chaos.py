"""Kill the service under load, again and again, and count what is stored.

    make chaos          # as processes of this machine
    make chaos-image    # in containers

On PostgreSQL and on SQLite clients send with keys and send again until they are answered, while a
worker, the whole server, or the server between a commit and its answer is killed with SIGKILL. Ends
with exit code 1 when one request is stored other than exactly once.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from benchmarks.measured_service import (
    SETTINGS,
    WORKERS,
    complete,
    database_version,
    settings_with_model,
    started,
)
from benchmarks.reliability.chaos_audit import Audit, audit
from benchmarks.reliability.chaos_clients import RACERS, Clients, Request
from benchmarks.reliability.chaos_gates import before_service
from benchmarks.reliability.chaos_kills import KINDS, Kill, Killer
from benchmarks.reliability.chaos_places import DATABASES, Place
from benchmarks.report import measured_with, put_section, table
from support.containers import docker
from support.killable import KillableServer
from support.killable_container import KillableContainer

from valuebox.store import migrate

CLIENTS: Final = 8
RACES: Final = 5
HEADING: Final = "### Chaos run"
HEADING_IN_CONTAINERS: Final = "### Chaos run in containers"

# Starts a service on a database.
Start = Callable[[Place], KillableServer]


@dataclass(frozen=True)
class Run:
    """What happened on one database."""

    place: str
    version: str
    """Of the database."""
    requests: list[Request]
    kills: list[Kill]
    caught: list[Request]
    """Those of the kills between commit and answer."""
    misses: int
    races: list[Request]
    found: Audit

    def is_good(self) -> bool:
        """Whether every request was stored exactly once, and answered by what is stored."""
        replayed = all(one.replayed for one in self.caught)
        alike = not any(one.differing for one in self.races)
        return self.found.is_good(len(self.requests)) and replayed and alike


def main(
    kills: Annotated[int, typer.Option(min=len(KINDS), help="On each database.")] = 54,
    database: Annotated[str, typer.Option(help="Only this one: PostgreSQL or SQLite.")] = "",
    image: Annotated[str, typer.Option(help="Kill containers of this image instead.")] = "",
    into: Annotated[Path | None, typer.Option(help="Markdown file for the table.")] = None,
) -> None:
    """Run, print the table, judge."""
    if database not in {"", *DATABASES}:
        raise typer.BadParameter(f"{database} is none of {', '.join(DATABASES)}")
    started_at = time.monotonic()
    with TemporaryDirectory(prefix="valuebox-chaos-") as temporary:
        folder = Path(temporary)
        start = _in_containers(image, folder) if image else _natively(folder)
        runs = []
        for name in [database] if database else DATABASES:
            with DATABASES[name](folder) as place:
                runs.append(_run(place, kills, start))
    minutes = (time.monotonic() - started_at) / 60
    lines = f"{_measured(runs, image)}\n"
    lines += f"{WORKERS} workers, {CLIENTS} clients; it took {minutes:.0f} minutes."
    report = f"{lines}\n\n{_table(runs)}"
    typer.echo(f"\n{report}")
    if into:
        put_section(into, HEADING_IN_CONTAINERS if image else HEADING, report)
    if not all(run.is_good() for run in runs):
        typer.echo("some requests are not stored exactly once", err=True)
        raise typer.Exit(1)


def _natively(folder: Path) -> Start:
    settings = settings_with_model(folder)
    return lambda place: started(
        {**settings, "DATABASE_URL": place.url}, folder / f"{place.name}.log"
    )


def _in_containers(image: str, folder: Path) -> Start:
    return lambda place: complete(
        KillableContainer(image, {**SETTINGS, "DATABASE_URL": place.url}, folder)
    )


def _measured(runs: list[Run], image: str) -> str:
    databases = [run.version for run in runs]
    if not image:
        return measured_with(*databases)
    code = "import platform; print(platform.python_version())"
    python = docker("run", "--rm", "--entrypoint", "python3", image, "-c", code).strip()
    engine = docker("version", "--format", "{{.Server.Version}}").strip()
    return measured_with(*databases, f"Docker {engine}", python=python)


def _run(place: Place, kills: int, start: Start) -> Run:
    migrate.upgrade(place.store.engine)
    server = start(place)
    relay, url = None, server.url
    if place.name == "SQLite":
        relay, url = before_service(server.port, place.gate)
    try:
        clients = Clients(url, CLIENTS)
        try:
            killer = Killer(server, clients, place.store, place.gate, random.Random(place.name))
            for number in range(kills):
                kill = killer.kill(KINDS[number % len(KINDS)])
                typer.echo(f"{place.name} {number + 1}/{kills}: {kill.kind}, broke {kill.broken}")
        finally:
            clients.finish()
        races = clients.race(RACES)
    finally:
        server.end()
        if relay:
            relay.close()
    return Run(
        place=place.name,
        version=database_version(place.store),
        requests=clients.requests,
        kills=killer.kills,
        caught=killer.caught,
        misses=killer.misses,
        races=races,
        found=audit(place.store, clients.requests),
    )


def _table(runs: list[Run]) -> str:
    columns = [figures(run) for run in runs]
    rows: list[list[object]] = [[name, *(one[name] for one in columns)] for name in columns[0]]
    return table(["", *(run.place for run in runs)], rows)


def figures(run: Run) -> dict[str, object]:
    """What has happened, by its name."""
    found = run.found
    broken = [kill.broken for kill in run.kills]
    killed = Counter(kill.kind for kill in run.kills)
    kinds = {f"killed: {kind}": count for kind, count in killed.items()}
    return {
        "requests, each with a key": len(run.requests),
        "attempts": sum(one.attempts for one in run.requests),
        "answers": sum(bool(one.answer) + one.repeats for one in run.requests),
        "of these, given again on request": sum(one.repeats for one in run.requests),
        "of these, to a request that was stored before its connection broke": sum(
            one.replayed for one in run.requests
        ),
        **kinds,
        "killed, together": len(run.kills),
        "caught between commit and answer, and then answered from the stored rows": sum(
            one.replayed for one in run.caught
        ),
        "requests that a kill broke off: least, median, most": (
            f"{min(broken)}, {median(broken):.0f}, {max(broken)}"
        ),
        "kills not counted, since they broke none": run.misses,
        f"keys that {RACERS} clients raced on": len(run.races),
        "different answers to one of these": max(one.differing for one in run.races),
        "keys stored": found.keys,
        "rows sent to be predicted": found.sent,
        "rows in `ltv_features`": found.features,
        "rows in `ltv_predictions`": found.predictions,
        "outcomes sent": found.sent_outcomes,
        "rows in `ltv_outcomes`": found.outcomes,
        "**lost rows**": found.lost,
        "**rows stored twice**": found.duplicates,
        "**answers that differ** from what is stored, or from each other": found.differing,
    }


if __name__ == "__main__":
    typer.run(main)
