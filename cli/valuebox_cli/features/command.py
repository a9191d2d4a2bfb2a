"""`valuebox features`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from valuebox.errors import ValueboxError
from valuebox_cli.cluster import Dask, cluster
from valuebox_cli.features import declarations
from valuebox_cli.features.blurr.command import import_blurr
from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import (
    check_writable,
    err,
    exit_codes,
    out,
    progress,
    writing,
)
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store
from valuebox_cli.terminal.stopping import stopped_cleanly

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.progress import Progress

    from valuebox_cli.features import building

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
    buckets: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000,
            help="Spread the customers over so many files, and work out one after the other.",
            show_default="by the number of events, 1 up to 6 million",
        ),
    ] = None,
    dask: Dask = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write a row for each anchor: every feature as it was known then, and every target.

    There may be more events than memory holds: they are spread over buckets in a folder beside the
    output. The table is the same whatever the number of buckets, and where a Dask cluster works
    them out.
    """
    from valuebox.features.declared.building import manifest_of
    from valuebox.features.declared.reading import read_declaration
    from valuebox_cli.features import building
    from valuebox_cli.features.writing import check_is_no_input, check_kind

    with exit_codes(), stopped_cleanly():
        check_kind(to)
        inputs = [declaration, *(events or [])]
        check_is_no_input(to, inputs)
        if manifest is not None:
            check_is_no_input(manifest, [*inputs, to])
            if manifest.absolute() == to.absolute():
                raise ValueboxError(f"{manifest}: is the table itself")
        check_writable(to)
        check_writable(manifest)
        declared = read_declaration(declaration)
        now, tells = datetime.now(UTC), manifest is not None
        question = building.Question(declared, moment_of(at), now, tells)
        with _given(question, events, database_url) as given, cluster(dask) as client:
            count = building.bucket_count(given.total, buckets, client)
            if count == 1 and client is None:
                with err.status("working out features …"):
                    written = building.write_at_once(question, given.batches, to)
            else:
                with progress("done") as bar:
                    written = building.write_spread(
                        question, given.batches, to, count, _shown(bar), client
                    )
        if manifest is not None:
            told = manifest_of(declared, question.at, question.now, *written)
            with writing(manifest):
                manifest.write_text(told.model_dump_json(indent=2) + "\n")
        columns = 4 + len(declared.features) + len(declared.targets) + (declared.horizon > 0)
        counts = written.counts
        out.print(
            f"{to}: {counts.anchors:,} rows of {columns:,} columns, of {counts.events:,} events"
        )


def _shown(bar: "Progress") -> "building.Told":
    """Show how far it is: events that were read, and buckets that are done."""
    from valuebox_cli.features.building import Told

    reading = bar.add_task("events", total=None)
    working = bar.add_task("buckets", total=None)
    return Told(
        lambda count: bar.advance(reading, count),
        lambda done, total: bar.update(working, completed=done, total=total),
    )


class _Given(NamedTuple):
    """Events that a table is made of."""

    total: int
    """How many there are, about."""
    batches: "Iterator[pa.RecordBatch]"


@contextmanager
def _given(
    question: "building.Question", files: list[Path] | None, database_url: str | None
) -> Iterator[_Given]:
    """The events of files, or else those that are stored."""
    if files:
        from valuebox.facts.event_files.reading import likely_events

        yield _Given(likely_events(files), question.of_files(files))
        return
    from valuebox.facts.features.streaming import stored_batches, stored_count

    which = question.declared, question.at
    with (
        migrated_store(database_url, "no table was written") as store,
        closing(stored_batches(store, *which)) as batches,
    ):
        yield _Given(stored_count(store, *which), batches)


app.command()(declarations.add)
app.command("list")(declarations.listing)
app.command()(declarations.switch)
app.command()(declarations.remove)
app.command()(declarations.audit)
