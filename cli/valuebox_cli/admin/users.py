"""`valuebox users`: what is stored of single people, straight on the database."""

import json
import re
from typing import Annotated

import typer

from valuebox.compartments.contract import People
from valuebox.compartments.people import forget as forget_people
from valuebox.compartments.people import records_of
from valuebox.errors import ValueboxError
from valuebox.facts.privacy import sources_of
from valuebox.pages.readable import escaped
from valuebox.schemas.values import MAX_USER_ID
from valuebox.store.engine import Store
from valuebox.store.pruning import scrub
from valuebox_cli.terminal.console import Unreachable, err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store

Ids = Annotated[
    list[str],
    typer.Argument(help="Numerical ids of users; with --source, ids of customers, as they are."),
]
Source = Annotated[
    str | None,
    typer.Option(
        help="Source of the customers whose facts are meant; without it, predictions of users are.",
        show_default=False,
    ),
]

app = typer.Typer(help="Hand out or delete what is stored of people.", no_args_is_help=True)


@app.command()
def export(ids: Ids, source: Source = None, database_url: DatabaseUrl = None) -> None:
    """Print every stored row of some people, as one JSON object a line.

    Of users: features, predictions, outcomes. With --source, of customers of that source: what
    is known of them, their events, and what was predicted of them.
    """
    with exit_codes():
        people = _people(source, ids)
        with migrated_store(database_url) as store:
            with store.reading() as session:
                # All of them first: PostgreSQL ends a transaction that waits for a reader.
                rows = list(records_of(session, people))
            for record in rows:
                typer.echo(json.dumps(record, default=str))
            if source is None:
                _say_what_else(store, ids)


@app.command()
def forget(
    ids: Ids,
    source: Source = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete every stored row of some people.

    Of users: features, predictions, outcomes, and what the sums of the dashboard hold of these.
    With --source, of customers of that source: what is known of them, their events, and what was
    predicted of them; and of sessions with such an id whose customer nobody knows. All of it or,
    when something fails, nothing. A request of theirs that is sent again with its
    `Idempotency-Key` is not answered again. In an SQLite file the bytes are overwritten too.
    """
    with exit_codes():
        people = _people(source, ids)
        with migrated_store(database_url) as store:
            who = "users" if source is None else f"customers of {source}"
            if not yes:
                question = f"Delete everything that is stored of {len(set(ids))} {who}?"
                typer.confirm(escaped(question), abort=True, err=True)
            with store.writing() as session:
                gone = forget_people(session, people)
            scrubbed = scrub(store.engine)
            counts = (f"{count} {what}" for what, count in gone.items())
            out.print(f"deleted: {', '.join(counts)}", soft_wrap=True)
            if source is None:
                _say_what_else(store, ids)
            if not scrubbed:
                raise Unreachable(
                    "the file beside the database that ends in -wal still holds a copy, because "
                    "somebody is reading; run it again"
                )


def _people(source: str | None, ids: list[str]) -> People:
    are_numbers = all(re.fullmatch("[0-9]{1,19}", one) and int(one) <= MAX_USER_ID for one in ids)
    if source is None and not are_numbers:
        raise ValueboxError(
            f"ids of users are whole numbers from 0 to {MAX_USER_ID}; for customers give --source"
        )
    return People(source, ids)


def _say_what_else(store: Store, ids: list[str]) -> None:
    """An id may also be that of a customer, who may be the same person, or another one."""
    with store.reading() as session:
        sources = sources_of(session, ids)
    if sources:
        err.print(
            f"customers with such an id are known from {', '.join(sources)}; whoever is meant "
            "there, too, takes another call with --source"
        )
