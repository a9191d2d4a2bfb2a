"""`valuebox recommend experiment` and `valuebox recommend report`."""

from pathlib import Path
from typing import Annotated

import typer

from valuebox.errors import ValueboxError
from valuebox_cli.terminal.console import (
    check_writable,
    err,
    exit_codes,
    out,
    print_json,
    write_text,
)
from valuebox_cli.terminal.options import DatabaseUrl, Json, migrated_store
from valuebox_cli.terminal.tabular import print_table

app = typer.Typer(
    help="Compare popular and personal lists in sessions of a shop.", no_args_is_help=True
)
Shop = Annotated[str, typer.Option("--source", help="The shop, as the source of its events.")]
Name = Annotated[str, typer.Argument(help="Name of the experiment.")]


@app.command()
def start(
    name: Name,
    source: Shop,
    popular: Annotated[
        float, typer.Option(help="Share of sessions with popular lists, the control.")
    ] = 0.5,
    interleaved: Annotated[
        bool,
        typer.Option(
            "--interleaved",
            help="Have popular and personal lists pick the items of each list by turns, which "
            "tells which of them is clicked more, and nothing else.",
        ),
    ] = False,
    primary: Annotated[
        str | None,
        typer.Option(
            help="The figure that personal lists are meant to better.",
            show_default="views; clicks where lists are interleaved",
        ),
    ] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option(
            help="What a figure may lose at most, such as `conversion=0.05`; several times for "
            "several.",
            show_default="0.05 of each",
        ),
    ] = None,
    planned: Annotated[
        int | None,
        typer.Option(
            help="Sessions of each arm at which the verdict is due; `plan` says how many.",
            show_default="daily looks alone",
        ),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Begin an experiment; services heed it within seconds."""
    from pydantic import ValidationError

    from valuebox.compartments.recommend.experiments import begin_experiment
    from valuebox.compartments.recommend.proof.schemas import Experiment

    with exit_codes(), migrated_store(database_url) as store:
        try:
            laid = Experiment.model_validate(
                {
                    "name": name,
                    "kind": "interleaved" if interleaved else "arms",
                    "shares": {"popular": popular, "personal": round(1 - popular, 12)},
                    "primary": primary or ("clicks" if interleaved else "views"),
                    "margins": dict(map(_margin, margin or [])),
                    "planned": planned,
                }
            )
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise ValueboxError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        with store.writing() as session:
            begin_experiment(session, source, laid)
        out.print(f"{name} has begun in {source}", soft_wrap=True, markup=False)


def _margin(said: str) -> tuple[str, float]:
    figure, equals, value = said.partition("=")
    try:
        return figure, float(value)
    except ValueError:
        raise ValueboxError(
            f"--margin {said}: it goes like conversion=0.05" + ("" if equals else ", with =")
        ) from None


@app.command()
def stop(name: Name, source: Shop, database_url: DatabaseUrl = None) -> None:
    """End an experiment: all sessions but those held back get personal lists then."""
    from valuebox.compartments.recommend.experiments import end_experiment

    with exit_codes(), migrated_store(database_url) as store:
        with store.writing() as session:
            end_experiment(session, source, name)
        out.print(f"{name} has ended in {source}", soft_wrap=True, markup=False)


@app.command("list")
def list_all(source: Shop, database_url: DatabaseUrl = None) -> None:
    """List the experiments of a shop, the newest first."""
    from valuebox.compartments.recommend.experiments import experiments_of
    from valuebox.pages.readable import NOTHING, percent

    with exit_codes(), migrated_store(database_url) as store, store.reading() as session:
        print_table(
            f"Experiments of {source}",
            ["name", "kind", "shares", "primary", "began (UTC)", "ended (UTC)"],
            [
                (
                    one.name,
                    one.plan.get("kind", "arms"),
                    ", ".join(f"{arm} {percent(share)}" for arm, share in one.shares.items()),
                    one.plan.get("primary", NOTHING),
                    f"{one.begins:%Y-%m-%d %H:%M}",
                    NOTHING if one.ends is None else f"{one.ends:%Y-%m-%d %H:%M}",
                )
                for one in experiments_of(session, source)
            ],
        )


def report(
    source: Shop,
    name: Annotated[
        str | None,
        typer.Argument(
            help="Name of the experiment.",
            show_default="lists between experiments, beside sessions that are held back",
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page of charts there, for a browser.")
    ] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Say whether an experiment has shown that personal lists are better, or at least not worse.

    Of an interleaved one: which lists visitors click more.
    """
    from valuebox.compartments.recommend.experiments import report_of
    from valuebox.compartments.recommend.proof.rendering import page
    from valuebox.facts.scanning import begin
    from valuebox_cli.recommend.telling import tell

    with exit_codes():
        check_writable(html)
        with (
            migrated_store(database_url) as store,
            err.status("reading …"),
            store.reading() as session,
        ):
            begin(session.connection())
            found = report_of(session, source, name)
        if html:
            write_text(html, page(found))
        if as_json:
            print_json(found)
        else:
            tell(found)
