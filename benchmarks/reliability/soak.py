"""Keep the service busy for a while, and see whether anything grows.

    make soak

Mixed work on PostgreSQL with two workers, as much as they take. Ends with exit code 1 when memory,
descriptors, threads or database connections grow, or an answer has another status than is due.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, quantiles
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import psutil
import typer
from benchmarks.measured_service import WORKERS, database_version, settings_with_model, started
from benchmarks.reliability.soak_load import MIX, Load
from benchmarks.reliability.soak_trend import Trend, fit
from benchmarks.report import measured_with, put_section, table
from sqlalchemy import func, select, text
from support.databases import Postgres
from support.killable import KillableServer

from valuebox.compartments.ltv.tables import LtvPrediction
from valuebox.store.engine import Store, make_engine

CONNECTIONS: Final = 16
SAMPLE_SECONDS: Final = 5.0
# What allocators hold rises for some ten minutes, at the same memory in use, and stays then.
WARM_UP_SECONDS: Final = 600.0
BUSIEST_SHARE: Final = 0.1
"""The part of the warm-up in which all connections send the largest requests."""
# A shorter run says nothing about growth.
VERDICT_MINUTES: Final = 5.0
HEADING: Final = "### Soak"


@dataclass(frozen=True)
class Sample:
    """The service at one moment, and what it did since the one before."""

    seconds: float
    memory: float
    """MiB of all processes together; pages that they share count for each."""
    workers: list[float]
    """MiB of each worker."""
    descriptors: int
    threads: int
    connections: int
    """To the database."""
    requests: int
    """A second."""
    latencies: list[float]
    """Seconds, of requests of one user."""


MEASURES: Final[dict[str, Callable[[Sample], float]]] = {
    "memory, MiB": lambda one: one.memory,
    "open descriptors": lambda one: one.descriptors,
    "threads": lambda one: one.threads,
    "database connections": lambda one: one.connections,
}


def main(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long.")] = 24.0,
    into: Annotated[Path | None, typer.Option(help="Markdown file for the table.")] = None,
) -> None:
    """Run, print the tables, judge."""
    with TemporaryDirectory(prefix="valuebox-soak-") as name:
        postgres = Postgres()
        try:
            samples, load, lines = _soak(postgres, Path(name), minutes * 60)
        finally:
            postgres.remove()
    samples = [one for one in samples if one.seconds >= _warm_up(minutes * 60)]
    hours = [one.seconds / 3600 for one in samples]
    trends = {name: fit(hours, list(map(of, samples))) for name, of in MEASURES.items()}
    for number in range(WORKERS):
        values = [one.workers[number] for one in samples]
        trends[f"memory of worker {number + 1}, MiB"] = fit(hours, values)
    judged = minutes >= VERDICT_MINUTES
    report = "\n\n".join([lines, _trend_table(trends, judged), _load_table(load, samples)])
    typer.echo(f"\n{report}")
    if into:
        put_section(into, HEADING, report)
    grows = [name for name, trend in trends.items() if judged and not trend.is_flat]
    for problem in [*(f"{name} grows" for name in grows), *load.wrong]:
        typer.echo(problem, err=True)
    if grows or load.wrong:
        raise typer.Exit(1)


def _soak(postgres: Postgres, folder: Path, seconds: float) -> tuple[list[Sample], Load, str]:
    url = postgres.new_database()
    settings = {**settings_with_model(folder), "DATABASE_URL": url}
    server = started(settings, folder / "serve.log")
    store = Store(make_engine(url))
    try:
        load = Load(server.port, CONNECTIONS, _warm_up(seconds) * BUSIEST_SHARE)
        try:
            samples = _sample(server, load, store, seconds)
        finally:
            load.finish()
        with store.reading() as session:
            rows = session.scalar(select(func.count()).select_from(LtvPrediction))
        lines = f"{measured_with(database_version(store))}\n"
        lines += f"{WORKERS} workers, {CONNECTIONS} connections, {seconds / 60:g} minutes, "
        lines += f"{sum(load.done.values()):,} requests, {rows:,} stored predictions."
    finally:
        store.close()
        server.end()
    return samples, load, lines


def _warm_up(seconds: float) -> float:
    """How much of a run so long is not judged."""
    return min(WARM_UP_SECONDS, seconds * 5 / 12)


def _sample(server: KillableServer, load: Load, store: Store, seconds: float) -> list[Sample]:
    samples: list[Sample] = []
    started = before = time.monotonic()
    processes, workers = server.processes(), server.workers()
    requests = 0
    while before - started < seconds:
        time.sleep(min(SAMPLE_SECONDS, seconds / 10))
        now, done = time.monotonic(), sum(load.done.values())
        sample = Sample(
            seconds=now - started,
            memory=sum(map(_mebibytes, processes)),
            workers=list(map(_mebibytes, workers)),
            descriptors=sum(one.num_fds() for one in processes),
            threads=sum(one.num_threads() for one in processes),
            connections=_connections(store),
            requests=round((done - requests) / (now - before)),
            latencies=load.take_latencies(),
        )
        samples.append(sample)
        before, requests = now, done
        figures = (f"{of(sample):,.0f} {name}" for name, of in MEASURES.items())
        typer.echo(f"{sample.seconds:4.0f} s: {sample.requests} requests/s, {', '.join(figures)}")
    return samples


def _mebibytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def _connections(store: Store) -> int:
    """Of the service: all but the one that asks."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    with store.reading() as session:
        return int(session.scalar(text(f"{query} AND pid <> pg_backend_pid()")) or 0)


def _trend_table(trends: dict[str, Trend], judged: bool) -> str:
    header = ["after the warm-up", "first", "last", "average", "an hour more", "verdict"]
    rows: list[list[object]] = []
    for name, one in trends.items():
        verdict = ("flat" if one.is_flat else "**grows**") if judged else "too short to say"
        slope = f"{one.slope:+,.1f} ± {one.uncertainty:,.1f}"
        figures = [f"{value:,.1f}" for value in (one.first, one.last, one.level)]
        rows.append([name, *figures, slope, verdict])
    return table(header, rows)


def _load_table(load: Load, samples: list[Sample]) -> str:
    third = max(1, len(samples) // 3)
    rows = [
        ["first third", *_figures(samples[:third])],
        ["last third", *_figures(samples[-third:])],
    ]
    header = ["", "requests/s", "one user, p50 in ms", "one user, p99 in ms"]
    work = table(["of this kind", "requests"], [[name, load.done[name]] for name in MIX])
    return f"{table(header, rows)}\n\n{work}"


def _figures(samples: list[Sample]) -> list[object]:
    latencies = [1e3 * one for sample in samples for one in sample.latencies]
    rate = round(mean(one.requests for one in samples))
    return [rate, f"{median(latencies):.0f}", f"{quantiles(latencies, n=100)[98]:.0f}"]


if __name__ == "__main__":
    typer.run(main)
