"""Contenders, started one at a time on what they have in common, and measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from benchmarks.serving import growth
from benchmarks.serving.bodies import CYCLE, known_users, put, put_anew
from benchmarks.serving.contenders import ROOT, Contender
from benchmarks.serving.correctness import check, check_stored
from benchmarks.serving.databases import Database, new_database
from benchmarks.serving.models import Model
from benchmarks.serving.results import Results, figures
from benchmarks.serving.running import Running, prepare, running
from support.databases import Postgres


class Bench:
    """One model, one PostgreSQL server, the same users for everybody.

    Args:
        postgres: Where a database is made for each contender that stores.
        model: What all serve.
        folder: For bodies, logs and SQLite.
        chosen: The contenders that will be measured.
    """

    def __init__(self, postgres: Postgres, model: Model, folder: Path, chosen: list[Contender]):
        self.results = Results()
        self._postgres = postgres
        self._model = model
        self._folder = folder
        self._databases: dict[str, Database] = {}
        self._users = known_users(ROOT / "data" / "test.csv")
        for form in {"rows", *(one.form for one in chosen)}:
            for rows in CYCLE:
                put(folder, self._users, form, rows)

    def measure(self, contender: Contender, seconds: float) -> None:
        """Start it, check it, and measure each of its cells for so long."""
        with self._started(contender) as (served, database):
            for cell in contender.cells:
                if database:
                    database.empty()
                load = served.load(*cell, seconds, self._postgres.processes)
                if database:
                    check_stored(contender.name, database, load, cell.rows)
                found = figures(load, cell.rows)
                self.results.add(contender.name, cell, found)
                typer.echo(
                    f"  {cell}: p50 {found.p50 * 1e3:.2f} ms, p99 {found.p99 * 1e3:.2f} ms, "
                    f"{found.rows_per_second:,.0f} rows/s, {found.errors:.0f} errors"
                )

    def grow(self, contender: Contender, most: int) -> list[growth.Point]:
        """Start it, and see what more and more rows cost, up to `most`."""
        typer.echo(f"growth: {contender.name}")
        put_anew(self._folder, self._users, contender.form, growth.ROWS)
        with self._started(contender) as (served, database):
            if database is None:
                raise ValueError(f"{contender.name} stores nothing")
            return growth.measured(served, most, database.empty, self._postgres.processes)

    @contextmanager
    def _started(self, contender: Contender) -> Iterator[tuple[Running, Database | None]]:
        settings, database = self._model.settings, None
        if contender.stores:
            database = self._database(contender)
            settings = {**settings, "DATABASE_URL": database.url}
        prepare(contender, settings, self._folder)
        with running(contender, settings, self._folder) as served:
            if contender.counted:
                check(served, self._model, database)
            yield served, database

    def _database(self, contender: Contender) -> Database:
        if contender.name not in self._databases:
            made = new_database(self._postgres, contender, self._folder)
            self._databases[contender.name] = made
        return self._databases[contender.name]
