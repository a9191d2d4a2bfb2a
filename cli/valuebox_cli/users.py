"""`valuebox users`: what is stored of single people, straight on the database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from valuebox.errors import ValueboxError
from valuebox.ltv import privacy
from valuebox.ltv.schemas import MAX_USER_ID
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine, reason
from valuebox_cli.console import Unreachable, exit_codes, out
from valuebox_cli.options import DatabaseUrl
from valuebox_cli.options import database_url as resolve

UserIds = Annotated[
    list[int], typer.Argument(min=0, max=MAX_USER_ID, help="Numerical identifiers.")
]

app = typer.Typer(help="Hand out or delete what is stored of users.", no_args_is_help=True)


@app.command()
def export(user_ids: UserIds, database_url: DatabaseUrl = None) -> None:
    """Print every stored row of some users, as one JSON object a line."""
    with exit_codes(), _store(database_url) as store, store.reading() as session:
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
    `Idempotency-Key` is not answered again.
    """
    with exit_codes(), _store(database_url) as store:
        if not yes:
            typer.confirm(
                f"Delete everything that is stored of {len(set(user_ids))} users?",
                abort=True,
                err=True,
            )
        with store.writing() as session:
            gone = privacy.forget_users(session, user_ids)
        out.print(
            f"deleted: {gone.features} features, {gone.predictions} predictions, "
            f"{gone.outcomes} outcomes"
        )


@contextmanager
def _store(database_url: str | None) -> Iterator[Store]:
    """The database, when it is there and at this version's schema."""
    store = Store(make_engine(resolve(database_url)))
    try:
        if not migrate.is_current(store.engine):
            raise ValueboxError(
                "the database does not answer or is not at this version's schema; "
                "`valuebox db upgrade` brings it there, or says what is wrong"
            )
        yield store
    except DBAPIError as error:
        raise Unreachable(f"the database failed, nothing was changed: {reason(error)}") from None
    finally:
        store.close()
