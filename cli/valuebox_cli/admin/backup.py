"""`valuebox backup` and `valuebox restore`: all that a service has stored, in a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError

from valuebox import __version__
from valuebox.compartments.register import histories, ledgers
from valuebox.models import archives, registry
from valuebox.store import migrate
from valuebox.store.backup import manifest
from valuebox.store.backup.folder import written_aside
from valuebox.store.backup.manifest import Manifest, ModelFile
from valuebox.store.backup.restoring import check
from valuebox.store.backup.restoring import restore as restore_rows
from valuebox.store.backup.taking import take
from valuebox.store.engine import Store, make_engine, reason
from valuebox.store.urls import must_be_there
from valuebox_cli.terminal.console import Unreachable, exit_codes, out, print_json
from valuebox_cli.terminal.options import DatabaseUrl, Json, database_url
from valuebox_cli.terminal.stopping import stopped_cleanly


class Told(BaseModel):
    """What `--json` prints of a backup that was made or restored."""

    folder: str
    valuebox: str
    """The version that made the backup."""
    made_at: datetime
    database: str
    """The kind of database that it was made of."""
    revision: str
    """How far the tables are migrated: in the backup, or in the database that was restored."""
    rows: dict[str, int]
    """By table, without those that have none."""
    models: list[str]
    size: int
    """Of all files, in bytes."""


def backup(
    folder: Annotated[
        Path, typer.Argument(help="Where to, such as backups/2026-11-30: a folder to be made.")
    ],
    as_json: Json = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Write the whole database and every model into a folder, beside a service that writes on.

    Rows are those of one moment. The folder is there once all of it is written; what was cut off
    is never taken for a backup. It holds what is stored of people, and nobody else may read it.
    """
    with exit_codes(), stopped_cleanly(), _store(database_url, reads=True) as store:
        with written_aside(folder) as aside:
            made_at = datetime.now(UTC)
            revisions, tables = take(store.engine, histories(), aside)
            # After the rows: whatever model they name is there.
            models = [
                ModelFile(tag=one.tag, **manifest.measured(archives.put_aside(one.tag, aside)))
                for one in registry.saved()
            ]
            made = Manifest(
                valuebox=__version__,
                made_at=made_at,
                database="sqlite" if store.engine.dialect.name == "sqlite" else "postgresql",
                revisions=revisions,
                tables=tuple(tables),
                models=tuple(models),
            )
            manifest.write(aside, made)
        _tell(made, folder, "backed up", made.revisions[""], as_json)


def restore(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="What `valuebox backup` has made.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete all that the database holds, first.")
    ] = False,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Fill an empty database with a backup, of SQLite or PostgreSQL alike, and add its models.

    Stop the service before. Every file is compared with its digest first; then all rows are
    restored, or nothing is changed. The backup of an earlier version is migrated to this one.
    Models that the model store has already, undamaged, are left as they are.
    """
    with exit_codes(), stopped_cleanly(), _store(database_url) as store:
        made, others = manifest.read(folder), histories()
        begun_with = {f"{name}_folded" for name in ledgers()}
        # Before the first model is brought back: it may be the one that a service takes next.
        check(store.engine, made, others, replace=replace, begun_with=begun_with)
        for one in made.models:
            archives.bring_back(one.tag, folder / one.file)
        store.expect_many_rows()
        reached = restore_rows(
            store.engine, made, folder, others, replace=replace, begun_with=begun_with
        )
        _tell(made, folder, "restored", reached, as_json)


@contextmanager
def _store(given: str | None, *, reads: bool = False) -> Iterator[Store]:
    url = database_url(given)
    if reads:
        must_be_there(url)
    store = Store(make_engine(url))
    try:
        yield store
    except migrate.DatabaseAway as error:
        raise Unreachable(str(error)) from None
    except DBAPIError as error:
        raise Unreachable(f"the database failed, nothing was changed: {reason(error)}") from None
    finally:
        store.close()


def _tell(made: Manifest, folder: Path, what: str, revision: str, as_json: bool) -> None:
    if as_json:
        print_json(
            Told(
                folder=str(folder),
                valuebox=made.valuebox,
                made_at=made.made_at,
                database=made.database,
                revision=revision,
                rows={one.table: one.rows for one in made.tables if one.rows},
                models=[one.tag for one in made.models],
                size=made.size,
            )
        )
        return
    models = f"{len(made.models)} model{'s' * (len(made.models) != 1)}"
    out.print(
        f"{what}: {made.rows:,} rows and {models}, {made.size / 1e6:,.1f} MB, "
        f"as of {made.made_at:%Y-%m-%d %H:%M:%S} UTC, at revision {revision}",
        soft_wrap=True,
    )
