"""`valuebox db`: administration straight on the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Annotated

import typer
from sqlalchemy import Engine

from valuebox.compartments.register import by_month, expiry, histories, unchecked_keys
from valuebox.errors import ValueboxError
from valuebox.serving.replays import Replays
from valuebox.settings import MAX_RETENTION_DAYS, load_settings
from valuebox.store import migrate
from valuebox.store.clock import now
from valuebox.store.engine import make_engine
from valuebox.store.partitions.dividing import divide
from valuebox.store.unchecked_keys import lacking
from valuebox.store.urls import must_be_there
from valuebox.worker.expiry import Pruning
from valuebox_cli.terminal.console import Unreachable, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store
from valuebox_cli.terminal.options import database_url as resolve

app = typer.Typer(help="Administer the database, without the service.", no_args_is_help=True)


@app.callback()
def db() -> None:
    """Administer the database, without the service."""


@app.command()
def upgrade(database_url: DatabaseUrl = None) -> None:
    """Bring the database to the schema of this version; `bentoml serve` does so by itself.

    Running it again, or from several places at once, does no harm.
    """
    with exit_codes():
        with _connected(database_url) as engine:
            revision = migrate.upgrade(engine, others=histories())
        out.print(f"the {engine.dialect.name} database is at revision {revision}")
        for one in histories():
            out.print(f"the tables of {one.owner} are at revision {one.head}")


@app.command()
def check(database_url: DatabaseUrl = None) -> None:
    """Look for stored rows that lack the row of another table which they need.

    Run it every night, beside the service. Exits with 1 where some are found: rows of somebody who
    has deleted or restored a table by hand, for one.
    """
    with exit_codes():
        found = 0
        with migrated_store(database_url, "nothing is changed by a check") as store:
            for one in unchecked_keys():
                count = lacking(store, one)
                found += count
                what = f"{count:,} rows lack their" if count else "every row has its"
                out.print(f"{one.table}: {what} row in {one.needed_table}")
        if found:
            raise typer.Exit(1)


@app.command()
def partition(database_url: DatabaseUrl = None) -> None:
    """Keep the tables that grow most in a partition for each month, on PostgreSQL.

    Old months are then dropped at once, whatever they hold, and not row by row. No row is copied,
    and the service goes on meanwhile; from then on it makes partitions for the months to come by
    itself. Running it again, or after it was interrupted, does no harm.
    """
    with exit_codes():
        after_failure = "what was done before stays; run it again"
        with migrated_store(database_url, after_failure) as store:
            with store.reading() as session:
                moment = now(session)
            try:
                done = divide(store.engine, by_month(), moment)
            except migrate.DatabaseAway as error:
                raise Unreachable(f"{error}; {after_failure}") from None
        for table in by_month():
            out.print(f"{table}: {'has' if table in done else 'had'} a partition for each month")


@app.command()
def remove(
    compartment: Annotated[
        str, typer.Argument(help="Name of a compartment that another package has brought.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Take the tables of a compartment of another package away, with all that is in them.

    Do so before the package is uninstalled. Tables of valuebox itself are never removed.
    """
    with exit_codes():
        known = {one.owner: one for one in histories()}
        if compartment not in known:
            others = f"there are {', '.join(known)}" if known else "there are none"
            raise ValueboxError(
                f"no package has tables for a compartment {compartment!r}; {others}"
            )
        if not yes:
            typer.confirm(f"Delete everything that {compartment} has stored?", abort=True, err=True)
        must_be_there(resolve(database_url))
        with _connected(database_url) as engine:
            migrate.remove(engine, known[compartment])
        out.print(f"the tables of {compartment} are gone")


@contextmanager
def _connected(database_url: str | None) -> Iterator[Engine]:
    engine = make_engine(resolve(database_url))
    try:
        yield engine
    except migrate.DatabaseAway as error:
        raise Unreachable(str(error)) from None
    finally:
        engine.dispose()


@app.command()
def prune(
    days: Annotated[
        float | None,
        typer.Option(
            max=MAX_RETENTION_DAYS,
            help="Delete what is older; by default what VALUEBOX_RETENTION_DAYS says, if anything.",
            show_default=False,
        ),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete what is older than is to be kept; the running service does so by itself, every hour.

    Features go with their predictions, by when they were received; an outcome goes when it has
    not changed for as long and no features of its user are left. Events go by when they were
    received, too, and customers when none of their events is left. Expired keys of requests go
    as well: run it with the `VALUEBOX_REPLAY_HOURS` of the service. It works in small steps beside
    the service, and drops old months at once where `valuebox db partition` has made some; what was
    deleted before an interruption stays deleted.
    """
    with exit_codes():
        if days is not None and not days > 0:
            raise ValueboxError("--days takes a number greater than 0")
        settings = load_settings()
        days = settings.retention_days if days is None else days
        with migrated_store(database_url, "what was deleted before stays deleted") as store:
            keep = None if days is None else timedelta(days=days)
            replays = Replays(timedelta(hours=settings.replay_hours))
            pruning = Pruning(store, keep, expiry(), replays.expiry)
            pruned = pruning.prune(Event(), patient=True)
        out.print(f"deleted: {pruning.describe(pruned)}", soft_wrap=True)
