"""`valuebox db`: administration straight on the database."""

from datetime import timedelta
from threading import Event
from typing import Annotated

import typer

from valuebox.compartments.register import expiry
from valuebox.errors import ValueboxError
from valuebox.serving.replays import Replays
from valuebox.settings import MAX_RETENTION_DAYS, load_settings
from valuebox.store import migrate
from valuebox.store.engine import make_engine
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
        engine = make_engine(resolve(database_url))
        try:
            revision = migrate.upgrade(engine)
        except migrate.DatabaseAway as error:
            raise Unreachable(str(error)) from None
        finally:
            engine.dispose()
        out.print(f"the {engine.dialect.name} database is at revision {revision}")


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
    the service; what was deleted before an interruption stays deleted.
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
