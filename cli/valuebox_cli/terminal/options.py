"""Options that several commands share, and what they stand for."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Final

import typer
from sqlalchemy.exc import DBAPIError

from valuebox.compartments.register import histories
from valuebox.errors import ValueboxError
from valuebox.settings import load_settings
from valuebox.store import migrate
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store, make_engine, reason
from valuebox.store.urls import must_be_there
from valuebox_cli.terminal.console import Unreachable

Url = Annotated[
    str, typer.Option("--url", envvar="VALUEBOX_URL", help="Address of the running service.")
]
USERS: Final = "Users: CSV, which may be compressed, Parquet, or a folder of it"
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Refuse files that lack a feature, or call it nearly right."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source", help="Customers of this source; several times for several.", show_default="all"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print everything, as JSON, and nothing else.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        help="SQLite file or PostgreSQL; by default what DATABASE_URL says, as for the service.",
        show_default=False,
    ),
]
"""Type of the option `--database-url`; None where it is not given."""


def database_url(given: str | None) -> str:
    """The option where given, else what the service itself would use."""
    return given or load_settings().database_url.get_secret_value()


@contextmanager
def migrated_store(
    given: str | None, after_failure: str = "nothing was changed"
) -> Iterator[Store]:
    """The database of the option, when it is there and at this version's schema.

    Args:
        given: The option.
        after_failure: What holds when it fails in between.

    Raises:
        ValueboxError: when it is not there, or at another schema.
        Unreachable: when it fails in between.
    """
    url = database_url(given)
    must_be_there(url)
    store = Store(make_engine(url))
    try:
        if not migrate.is_current(store.engine, histories()):
            raise ValueboxError(
                "the database does not answer or is not at this version's schema; "
                "`valuebox db upgrade` brings it there, or says what is wrong"
            )
        with store.reading() as session:
            CLOCK.compare(session)
        _spare_imports()
        yield store
    except DBAPIError as error:
        raise Unreachable(f"the database failed, {after_failure}: {reason(error)}") from None
    finally:
        store.close()


@cache
def _spare_imports() -> None:
    """Have no garbage looked for among what was imported, which lives as long as the command.

    Looked through again and again, it took a quarter of the time in which a million rows are read.
    """
    gc.freeze()
