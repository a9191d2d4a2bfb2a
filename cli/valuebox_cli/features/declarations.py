"""Which declarations the service answers with: they are added, listed, switched and removed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from valuebox.errors import ValueboxError
from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import FAILED, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store
from valuebox_cli.terminal.tabular import print_table

if TYPE_CHECKING:
    from valuebox.features.declared.building import Manifest

_CAUSES: Final = (
    "late: events arrived after the answer; expired: events that were looked at are gone; "
    "code: the same events give something else"
)
Name = Annotated[str, typer.Argument(help="Name of the declaration.")]


def add(
    declaration: Annotated[Path, typer.Argument(metavar="DECLARATION", help="TOML file.")],
    beside: Annotated[
        bool,
        typer.Option("--beside", help="Leave the version that answers; `switch` changes over."),
    ] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="Manifest of the table that a model has learned from: answers are compared with "
            "it. Also of a declaration that is there already.",
            show_default="none",
        ),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a declaration to the database: `POST /v1/features` answers with it within seconds.

    The first one takes longer where there are many events: an index is made that finds the newest.
    """
    from valuebox.facts.features import declarations
    from valuebox.facts.features.indexing import index_newest
    from valuebox.features.declared.reading import read_declaration

    with exit_codes():
        declared = read_declaration(declaration)
        text = declaration.read_text(encoding="utf-8-sig")
        table = None if manifest is None else _read_manifest(manifest)
        with migrated_store(database_url) as store:
            index_newest(store.engine)
            with store.writing() as session:
                is_new = declarations.add(session, declared, text, not beside)
                if table is not None:
                    declarations.compare_with(session, declared, table)
        what = "added" if is_new else "is there already"
        out.print(f"{declared.name}, version {declared.version}: {what}")


def _read_manifest(file: Path) -> "Manifest":
    """The manifest of a table.

    Raises:
        ValueboxError: where it is none.
    """
    from pydantic import ValidationError

    from valuebox.features.declared.building import Manifest

    try:
        return Manifest.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ValueboxError(f"{file}: {error.strerror}") from None
    except ValidationError:
        raise ValueboxError(
            f"{file}: is no manifest, which `valuebox features build --manifest` writes"
        ) from None


def listing(database_url: DatabaseUrl = None) -> None:
    """List every version of every declaration."""
    from valuebox.facts.features import declarations

    with exit_codes(), migrated_store(database_url) as store, store.reading() as session:
        rows = [
            [
                one.name,
                str(one.version),
                one.hash,
                f"{one.added_at:%Y-%m-%d %H:%M}",
                "yes" if one.answers else "",
            ]
            for one in declarations.listed(session)
        ]
        print_table("", ["declaration", "version", "hash", "added", "answers"], rows)


def switch(
    name: Name,
    version: Annotated[int, typer.Argument(help="The version that answers from now on.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Have another version of a declaration answer."""
    from valuebox.facts.features import declarations

    with exit_codes():
        with migrated_store(database_url) as store, store.writing() as session:
            declarations.switch(session, name, version)
        out.print(f"{name}: version {version} answers")


def audit(
    name: Name,
    since: Annotated[
        str | None, typer.Option(help="Answers from this moment on.", show_default="all")
    ] = None,
    most: Annotated[int, typer.Option("--last", min=1, help="So many, the newest.")] = 10_000,
    database_url: DatabaseUrl = None,
) -> None:
    """Work out kept answers once more, and tell in which columns they differ, and why.

    Exits with 1 where they differ although the events are the same.
    """
    from valuebox.facts.features.auditing import CODE, EXPIRED, LATE
    from valuebox.facts.features.auditing import audit as work_out

    with exit_codes():
        moment = moment_of(since)
        with migrated_store(database_url) as store, store.reading() as session:
            done = work_out(session, name, moment, most)
        out.print(
            f"{done.answers:,} answers, {done.compared:,} worked out once more, "
            f"{done.same:,} of these the same"
        )
        if done.unknown:
            out.print(f"{done.unknown:,} by versions that are there no more")
        causes = (LATE, EXPIRED, CODE)
        rows = [
            [column, *(f"{100 * counts[one] / done.compared:.2f}%" for one in causes)]
            for column, counts in sorted(done.columns.items())
        ]
        if rows:
            print_table("", ["column", *causes], rows, caption=_CAUSES)
        if any(counts[CODE] for counts in done.columns.values()):
            raise typer.Exit(FAILED)


def remove(
    name: Name,
    version: Annotated[
        int | None, typer.Argument(help="The version to remove.", show_default="all")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Remove a declaration; answers that were given with it stay."""
    from valuebox.compartments.register import reads_newest
    from valuebox.facts.features import declarations
    from valuebox.facts.features.indexing import drop_newest

    with exit_codes():
        with migrated_store(database_url) as store:
            with store.writing() as session:
                count = declarations.remove(session, name, version)
                is_read = reads_newest(session)
            if not is_read:
                drop_newest(store.engine)
        out.print(f"{name}: {count} removed")
