"""The command `valuebox import`, and how it says what it has done."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from valuebox.errors import ValueboxError
from valuebox.facts import schemas
from valuebox_cli.console import check_writable, exit_codes, out, progress
from valuebox_cli.options import DatabaseUrl, migrated_store

if TYPE_CHECKING:
    from valuebox_cli.importing.rows import Found
    from valuebox_cli.importing.run import Imported

_SOURCE: TypeAdapter[str] = TypeAdapter(schemas.Source)


def import_facts(
    source: Annotated[
        str,
        typer.Argument(
            help="CSV, Parquet or SQLite file, folder of CSV and Parquet files, or database URL."
        ),
    ],
    mapping: Annotated[
        Path, typer.Option(help="TOML file that says which columns hold what; see docs/import.md.")
    ],
    name: Annotated[
        str | None,
        typer.Option(
            "--source",
            help="What customers and events are known to come from; ids are unique within it.",
            show_default="what the mapping says, or the name of SOURCE",
        ),
    ] = None,
    rejected: Annotated[
        Path | None, typer.Option(help="Write rows that cannot be stored there, as CSV.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Import customers and events, straight into the database.

    Each is stored once by its source and id: the same import again changes nothing, and goes on
    where it was interrupted. Rows that cannot be stored, and strange ones that are, are counted
    and named; where some could not be stored, the exit code is 2.
    """
    # Arrow takes a while to import, and hardly anything else needs it.
    from valuebox_cli.importing.mapping import read_mapping
    from valuebox_cli.importing.run import run
    from valuebox_cli.importing.sources import open_source

    with exit_codes():
        check_writable(rejected)
        meaning = read_mapping(mapping)
        reader = open_source(source)
        known_as = _checked(name or meaning.source or reader.name)
        with (
            migrated_store(database_url, "what was stored before stays stored") as store,
            progress("rows") as bar,
        ):
            task = bar.add_task(known_as, total=None)
            done = run(reader, meaning, known_as, store, lambda n: bar.advance(task, n))
        for line in _told(done):
            out.print(line, soft_wrap=True)
        if rejected:
            _write(rejected, {"customers": done.of_customers, "events": done.of_events})
        if not done.is_whole:
            raise ValueboxError("not all that was read is stored; the rest is")


def _checked(name: str) -> str:
    try:
        return _SOURCE.validate_python(name)
    except ValidationError as error:
        raise ValueboxError(f"--source: {error.errors()[0]['msg']}") from None


def _told(done: "Imported") -> Iterator[str]:
    for what, counts, found in (
        ("customers", done.customers, done.of_customers),
        ("events", done.events, done.of_events),
    ):
        if found.rows:
            told = {"read": found.rows, **counts, "rejected": len(found.rejected)}
            told.pop("received", None)
            counted = ", ".join(f"{count:,} {name}" for name, count in told.items())
            yield f"{what} of {done.name}: {counted}"
        yield from _listed(f"stored, but look at these {what}", found.kept.lines())
        yield from _listed(f"these {what} cannot be stored", found.refused.lines())
    if done.events["differing"]:
        ids = _ids(done.events["differing"], done.differing)
        yield f"another event is stored by the same id, and stays: {ids}"
    if done.loose:
        for what, events in (
            ("of customers of whom nothing is known", done.loose.hanging),
            ("from before their customer came", done.loose.early),
        ):
            if events.count:
                yield f"events of {done.name} {what}: {_ids(events.count, events.first)}"


def _listed(heading: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{heading} (rows count from 1):"
        yield from (f"  - {line}" for line in lines)


def _ids(count: int, first: list[str]) -> str:
    more = f" and {count - len(first):,} more" if count > len(first) else ""
    return f"{', '.join(first)}{more}"


def _write(path: Path, found: dict[str, "Found"]) -> None:
    rows: list[tuple[Any, ...]] = [
        (table, row, what) for table, one in found.items() for row, what in one.rejected
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("table", "row", "reason"), *sorted(rows)])
