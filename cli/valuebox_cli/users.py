"""`valuebox users`: what is stored of single people, straight on the database."""

import json
from typing import Annotated

import typer

from valuebox.ltv import privacy
from valuebox.ltv.schemas import MAX_USER_ID
from valuebox.store.pruning import scrub
from valuebox_cli.console import Unreachable, exit_codes, out
from valuebox_cli.options import DatabaseUrl, migrated_store

UserIds = Annotated[
    list[int], typer.Argument(min=0, max=MAX_USER_ID, help="Numerical identifiers.")
]

app = typer.Typer(help="Hand out or delete what is stored of users.", no_args_is_help=True)


@app.command()
def export(user_ids: UserIds, database_url: DatabaseUrl = None) -> None:
    """Print every stored row of some users, as one JSON object a line."""
    with exit_codes(), migrated_store(database_url) as store, store.reading() as session:
        # All of them first: PostgreSQL ends a transaction that waits for somebody who reads.
        for record in list(privacy.records_of_users(session, user_ids)):
            typer.echo(json.dumps(record, default=str))


@app.command()
def forget(
    user_ids: UserIds,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete every stored row of some users: features, predictions, outcomes.

    All of it or, when something fails, nothing. A request of theirs that is sent again with its
    `Idempotency-Key` is not answered again. In an SQLite file the bytes are overwritten too.
    """
    with exit_codes(), migrated_store(database_url) as store:
        if not yes:
            typer.confirm(
                f"Delete everything that is stored of {len(set(user_ids))} users?",
                abort=True,
                err=True,
            )
        with store.writing() as session:
            gone = privacy.forget_users(session, user_ids)
        scrubbed = scrub(store.engine)
        out.print(
            f"deleted: {gone.features} features, {gone.predictions} predictions, "
            f"{gone.outcomes} outcomes"
        )
        if not scrubbed:
            raise Unreachable(
                "the file beside the database that ends in -wal still holds a copy, because "
                "somebody is reading; run it again"
            )
