"""What serving costs, side by side with what would otherwise be used.

    make bench-contenders bench

Every contender is started by itself, has to predict what the model predicts and to store what it
says, and is then asked as fast as it answers: requests of 1 to 10,000 users on 1 and on 16
connections. Ends with exit code 1 when a contender is wrong or breaks, or a target is missed.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from report import measured_with, put_section
from serving.bodies import known_users, put
from serving.contenders import ROOT, Contender, named
from serving.correctness import SIZES, check
from serving.databases import Database, durability, new_database
from serving.models import Model, trained
from serving.results import CELLS, Cell, Results, figures
from serving.running import prepare, running
from serving.tables import details, overview
from serving.targets import judged, verdicts
from support.databases import Postgres

HEADING: Final = "## Figures"
QUICK_SECONDS: Final = 0.2
QUICK: Final = (Cell(1, 1), Cell(1, 16), Cell(100, 1), Cell(10_000, 1))


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Every contender once in each.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each measurement.")] = 3.0,
    only: Annotated[list[str] | None, typer.Option(help="A contender; may be repeated.")] = None,
    model: Annotated[str, typer.Option(help="Of the model store; one is trained by default.")] = "",
    quick: Annotated[
        bool, typer.Option(help="One short round of some cells, and no verdict.")
    ] = False,
    into: Annotated[Path | None, typer.Option(help="Markdown file for the tables.")] = None,
) -> None:
    """Run, print the tables, judge."""
    try:
        chosen = named(only or [])
    except LookupError as error:
        raise typer.BadParameter(str(error)) from None
    started = time.monotonic()
    cells = CELLS
    if quick:
        rounds, seconds, cells = 1, QUICK_SECONDS, QUICK
    with TemporaryDirectory(prefix="valuebox-serving-") as temporary:
        folder = Path(temporary)
        postgres = Postgres(durable=True)
        try:
            bench = Bench(postgres, trained(model, folder), folder, cells, seconds, chosen)
            for number in range(rounds):
                for contender in chosen:
                    typer.echo(f"round {number + 1}/{rounds}: {contender.name}")
                    bench.measure(contender)
            versions = durability(postgres)
        finally:
            postgres.remove()
    results = bench.results
    minutes = (time.monotonic() - started) / 60
    lines = f"{measured_with(versions)}\nMedians of {rounds} rounds, {seconds:g} s a measurement; "
    lines += f"it took {minutes:.0f} minutes."
    report = "\n\n".join([lines, verdicts(results), overview(results), details(results)])
    typer.echo(f"\n{report}")
    if into:
        put_section(into, HEADING, report)
    missed = [
        f"{who}: {what}, {found}" for who, _, what, found, ok in judged(results) if ok is False
    ]
    failed = results.failed()
    for line in [*(missed if not quick else []), *failed]:
        typer.echo(line, err=True)
    if failed or (missed and not quick):
        raise typer.Exit(1)


class Bench:
    """Everything that contenders have in common."""

    def __init__(
        self,
        postgres: Postgres,
        model: Model,
        folder: Path,
        cells: tuple[Cell, ...],
        seconds: float,
        chosen: list[Contender],
    ):
        self.results = Results()
        self._postgres = postgres
        self._model = model
        self._folder = folder
        self._cells = cells
        self._seconds = seconds
        self._databases: dict[str, Database] = {}
        users = known_users(ROOT / "data" / "test.csv")
        for form in {"rows", *(one.form for one in chosen)}:
            for rows in {*SIZES, *(cell.rows for cell in cells)}:
                put(folder, users, form, rows)

    def measure(self, contender: Contender) -> None:
        """Start it, check it the first time, and measure every cell."""
        settings = self._model.settings
        database = None
        first = contender.name not in self._databases
        if contender.stores:
            if first:
                made = new_database(self._postgres, contender.stores, self._folder, contender.name)
                self._databases[contender.name] = made
            database = self._databases[contender.name]
            settings = {**settings, "DATABASE_URL": database.url}
        if first:
            prepare(contender, settings, self._folder)
        processes = self._postgres.processes if contender.stores == "PostgreSQL" else list
        with running(contender, settings, self._folder) as served:
            if contender.counted:
                check(served, self._model, database)
            for cell in self._cells:
                if database:
                    database.empty()
                load = served.load(*cell, self._seconds, processes)
                found = figures(load, cell.rows)
                self.results.add(contender.name, cell, found)
                typer.echo(
                    f"  {cell}: p50 {found.p50 * 1e3:.2f} ms, p99 {found.p99 * 1e3:.2f} ms, "
                    f"{found.rows_per_second:,.0f} rows/s, {found.errors:.0f} errors"
                )


if __name__ == "__main__":
    typer.run(main)
