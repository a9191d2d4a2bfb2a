"""The command `valuebox import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.progress import Progress as Bars
from rich.progress import TaskID

from valuebox.errors import ValueboxError
from valuebox.facts import schemas
from valuebox.pages.spreadsheets import write_rows
from valuebox.settings import load_settings
from valuebox_cli.terminal.console import check_writable, exit_codes, out, progress
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store

if TYPE_CHECKING:
    from valuebox_cli.importing.run import Imported

_SOURCE: TypeAdapter[str] = TypeAdapter(schemas.Source)


def _print_mappings(asked: bool) -> None:
    if asked:
        from valuebox.facts.raw.listing import raw_mappings

        with exit_codes():
            for name in raw_mappings(load_settings().mappings):
                out.print(name)
        raise typer.Exit


def import_facts(
    source: Annotated[
        str,
        typer.Argument(
            help="CSV, Parquet, JSON or SQLite file, folder of such files, or database URL."
        ),
    ],
    mapping: Annotated[
        Path,
        typer.Option(
            help="TOML file that says which columns hold what, or the name of one for raw events; "
            "see docs/import.md."
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            "--source",
            help="Name of the source of customers and events; ids are unique within it.",
            show_default="what the mapping says, or the name of SOURCE",
        ),
    ] = None,
    rejected: Annotated[
        Path | None, typer.Option(help="Write rows that cannot be stored there, as CSV.")
    ] = None,
    mappings: Annotated[
        bool,
        typer.Option(
            "--mappings",
            callback=_print_mappings,
            is_eager=True,
            help="Print the names of mappings for raw events, and stop.",
        ),
    ] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Import customers and events, straight into the database.

    Each is stored once by its source and id: the same import again changes nothing, and goes on
    where it was interrupted. Rows that cannot be stored, and strange ones that are, are counted
    and named; where some could not be stored, the exit code is 2.
    """
    # Arrow takes a while to import, and hardly anything else needs it.
    from valuebox_cli.importing.prepare import prepared
    from valuebox_cli.importing.telling import told

    with exit_codes():
        check_writable(rejected)
        known_as, run = prepared(source, mapping, name)
        _check(known_as)
        with (
            migrated_store(database_url, "what was stored before stays stored") as store,
            progress("rows") as bars,
        ):
            done = run(known_as, store, _Shown(bars))
        if rejected:
            _write(rejected, done)
        for line in told(done):
            out.print(line, soft_wrap=True)
        if not done.is_whole:
            raise ValueboxError("not all that was read is stored; the rest is")


class _Shown:
    """How far an import is, as a bar for each part."""

    def __init__(self, bars: Bars):
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, what: str, rows: int | None) -> None:
        """Another part begins, of so many rows if that is known."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(what, total=rows)

    def advance(self, rows: int) -> None:
        """So many more rows are done."""
        if self._task is not None:
            self._bars.advance(self._task, rows)


def _check(name: str) -> None:
    try:
        _SOURCE.validate_python(name)
    except ValidationError as error:
        raise ValueboxError(f"--source: {error.errors()[0]['msg']}") from None


def _write(path: Path, done: "Imported") -> None:
    several = len(done.events) > 1
    rows: list[tuple[Any, ...]] = []
    for what, tables in (("customers", done.customers), ("events", done.events)):
        for one in tables:
            table = f"{what} of {one.found.called}" if several else what
            rows += [(table, row, reason) for row, reason in one.found.rejected]
    with path.open("w", newline="", encoding="utf-8") as file:
        write_rows(file, ("table", "row", "reason"), sorted(rows))
