"""Options that several commands share."""

from typing import Annotated

import typer

from valuebox.settings import load_settings

Url = Annotated[
    str, typer.Option("--url", envvar="VALUEBOX_URL", help="Address of the running service.")
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        help="SQLite file or PostgreSQL; by default what DATABASE_URL says, as for the service.",
        show_default=False,
    ),
]


def database_url(given: str | None) -> str:
    """The option where given, else what the service itself would use."""
    return given or load_settings().database_url.get_secret_value()
