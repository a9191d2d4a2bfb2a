"""`valuebox features`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valuebox_cli.features import declarations
from valuebox_cli.features.blurr.command import import_blurr
from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import check_writable, err, exit_codes, out, writing
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store

if TYPE_CHECKING:
    from valuebox.features.declared.declaration import Declaration
    from valuebox.features.declared.events import Events

app = typer.Typer(
    help="Make features of raw events, as of the moment of each decision.",
    no_args_is_help=True,
)

app.command("import-blurr")(import_blurr)

File = Annotated[
    Path, typer.Argument(metavar="DECLARATION", help="TOML file that says what to make.")
]


@app.command()
def check(
    declaration: File,
) -> None:
    """Check a declaration, and list the columns that it makes."""
    from valuebox.features.declared.reading import read_declaration

    with exit_codes():
        declared = read_declaration(declaration)
        out.print(f"{declared.name}, version {declared.version}, {declared.hash}")
        for name in declared.features:
            out.print(f"  {name}")
        for name in declared.targets:
            out.print(f"  {name}  (target)")


@app.command()
def build(
    declaration: File,
    to: Annotated[Path, typer.Option("--out", help="File to write: .jsonl, .csv or .parquet.")],
    events: Annotated[
        list[Path] | None,
        typer.Option(
            "--events",
            help="Files of events: JSON lines, CSV or Parquet; may be given several times.",
            show_default="the events in the database",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", help="Take events and anchors before this moment alone.", show_default="all"
        ),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(help="JSON file that says what the table was made of.", show_default="none"),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write a row for each anchor: every feature as it was known then, and every target."""
    from valuebox.facts.event_files.reading import read_events
    from valuebox.features.declared.building import build as make
    from valuebox.features.declared.events import once
    from valuebox.features.declared.reading import read_declaration
    from valuebox_cli.features.writing import check_kind, write_table

    with exit_codes():
        check_kind(to)
        check_writable(to)
        check_writable(manifest)
        declared = read_declaration(declaration)
        before = moment_of(at)
        with err.status("reading events …"):
            if events:
                found = once(read_events(events, declared.properties))
            else:
                found = stored_events(declared, before, database_url)
        with err.status("working out features …"):
            table = make(declared, found, before, datetime.now(UTC))
            write_table(table, to)
        if manifest is not None:
            with writing(manifest):
                manifest.write_text(table.manifest.model_dump_json(indent=2) + "\n")
        out.print(
            f"{to}: {len(table):,} rows of {len(table.columns)} columns, "
            f"of {table.manifest.events:,} events"
        )


def stored_events(
    declared: "Declaration", before: datetime | None, database_url: str | None
) -> "Events":
    """Everything in the database that a declaration may look at."""
    from valuebox.facts.features.history import all_events

    with migrated_store(database_url) as store, store.reading() as session:
        return all_events(session.connection(), declared, before).events()


app.command()(declarations.add)
app.command("list")(declarations.listing)
app.command()(declarations.switch)
app.command()(declarations.remove)
app.command()(declarations.audit)
