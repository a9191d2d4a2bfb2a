"""`valuebox keys`: who may call the service, straight on the database."""

from typing import Annotated

import typer

from valuebox.access import keys
from valuebox.access.callers import REFRESH_SECONDS, ROW_BYTES
from valuebox.access.keys import ApiKey, Scope
from valuebox_cli.terminal.console import err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store
from valuebox_cli.terminal.tabular import print_table

_MOST = 2**31 - 1
_Limit = Annotated[
    int | None,
    typer.Option(
        min=1, max=_MOST, show_default="no limit", help="Requests a minute that the key may send."
    ),
]

app = typer.Typer(help="Hand out and revoke API keys.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the owner; shown in lists and in the log.")],
    scope: Annotated[
        list[Scope],
        typer.Option(
            help="What it is for, once or more: `predict` stores predictions and outcomes, `read` "
            "reads what is stored and the metrics, `ingest` stores customers and events, `admin` "
            "may do everything."
        ),
    ],
    requests_per_minute: _Limit = None,
    rows_per_minute: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=_MOST,
            show_default="no limit",
            help="Rows a minute that the key may send, in bodies of at most "
            f"{ROW_BYTES:,} bytes for each row.",
        ),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make an API key and print it, once: only its digest is stored.

    Callers send it as `Authorization: Bearer KEY`; the command line takes it from
    VALUEBOX_API_KEY. A running service knows it within seconds.
    """
    with exit_codes():
        with migrated_store(database_url) as store, store.writing() as session:
            text = keys.create_key(session, name, scope, requests_per_minute, rows_per_minute)
        typer.echo(text)
        err.print(f"the key of {name}; it cannot be shown again")


@app.command("list")
def list_keys(database_url: DatabaseUrl = None) -> None:
    """Print every key that was handed out, and what it may do; not the keys themselves."""
    with exit_codes(), migrated_store(database_url) as store, store.reading() as session:
        headings = ["name", "scopes", "requests/min", "rows/min", "created", "revoked"]
        print_table("", headings, map(_row, keys.all_keys(session)), texts=(0, 1))


def _row(key: ApiKey) -> tuple[str, ...]:
    limits = (key.requests_per_minute, key.rows_per_minute)
    revoked = f"{key.revoked_at:%Y-%m-%d}" if key.revoked_at else ""
    return (
        key.name,
        key.scopes,
        *("" if limit is None else f"{limit:,}" for limit in limits),
        f"{key.created_at:%Y-%m-%d}",
        revoked,
    )


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Name of the key.")], database_url: DatabaseUrl = None
) -> None:
    """Make a key useless, for good; a running service refuses it within seconds."""
    with exit_codes(), migrated_store(database_url) as store:
        with store.writing() as session:
            keys.revoke_key(session, name)
        out.print(
            f"revoked the key of {name}; services stop taking it within {REFRESH_SECONDS:g} s"
        )
