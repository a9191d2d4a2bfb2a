"""`valuebox predictions`: look up what the service has stored."""

import sys
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

import typer

from valuebox.compartments.ltv.schemas import StoredPrediction
from valuebox.pages.readable import escaped
from valuebox.pages.spreadsheets import write_rows
from valuebox.schemas.paging import MAX_PAGE
from valuebox.schemas.values import MAX_USER_ID
from valuebox_cli.client import DEFAULT_URL, connected
from valuebox_cli.terminal.console import exit_codes
from valuebox_cli.terminal.options import Url


def predictions(
    user_id: Annotated[
        list[int] | None,
        typer.Option(
            min=0, max=MAX_USER_ID, help="Only predictions of this user; several times for several."
        ),
    ] = None,
    request_id: Annotated[
        UUID | None, typer.Option(help="Only predictions of this request.")
    ] = None,
    joined_from: Annotated[
        datetime | None, typer.Option(help="Only users who joined at this time or later.")
    ] = None,
    joined_before: Annotated[
        datetime | None, typer.Option(help="Only users who joined before this time.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Number of predictions at most.")] = 100,
    url: Url = DEFAULT_URL,
) -> None:
    """Look up stored predictions, newest first, as CSV.

    Conditions that are given must all hold; without any, the newest of everybody are printed.
    Texts that a spreadsheet would take for formulas begin with an apostrophe.
    """
    search: dict[str, Any] = {
        "user_ids": user_id,
        "request_id": request_id,
        "joined_from": joined_from,
        "joined_before": joined_before,
    }
    with exit_codes(), connected(url) as client:
        names = list(StoredPrediction.model_fields)
        pages = client.search_all(**search, page_size=min(limit, MAX_PAGE))
        found = (one.model_dump(mode="json") for one in islice(pages, limit))
        write_rows(sys.stdout, names, (_shown(one.values()) for one in found))


def _shown(values: Iterable[Any]) -> list[Any]:
    """Cells as they are, or, where a terminal would obey what is in them, as it may be shown it."""
    if not sys.stdout.isatty():
        return list(values)
    return [escaped(one) if isinstance(one, str) else one for one in values]
