"""`valuebox handle`."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from valuebox.compartments.handle.model import NEWEST
from valuebox.errors import ValueboxError
from valuebox_cli.client import DEFAULT_URL
from valuebox_cli.cluster import Dask, cluster
from valuebox_cli.handle import made_up
from valuebox_cli.handle.telling import tell, tell_remade, tell_settled
from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import check_writable, err, exit_codes, out, write_text
from valuebox_cli.terminal.options import DatabaseUrl, Url, migrated_store
from valuebox_cli.terminal.tabular import print_table

app = typer.Typer(help="Foretell what will be wagered on matches.", no_args_is_help=True)
app.command()(made_up.simulate)

At = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="When the load began: its rows are known from then on.",
        show_default="now",
    ),
]


@app.command()
def load(
    source: Annotated[
        str, typer.Argument(help="Folder of CSV or Parquet files, SQLite file, or database URL.")
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(help="TOML file that says where tables are, and their time zone."),
    ] = None,
    at: At = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Load matches, users and bets of a warehouse, straight into the database.

    Each is stored once by its id; what has changed gets another version. The same load again
    changes nothing. Of a folder that `valuebox handle simulate` wrote, the warehouse and all nights
    that are over are loaded, each as of its midnight.
    """
    from valuebox.compartments.handle.reading import slots
    from valuebox_cli.handle.history import ZONE as HISTORY_ZONE
    from valuebox_cli.handle.history import is_history, loads
    from valuebox_cli.handle.mapping import ZONE, read_handle_mapping, read_source
    from valuebox_cli.handle.storing import store_clean
    from valuebox_cli.importing.sources import open_source

    with exit_codes():
        now = datetime.now(UTC)
        began = moment_of(at) or now
        if began > now:
            raise ValueboxError(f"--at: {at} is still to come; nothing would be known until then")
        described = read_handle_mapping(mapping, HISTORY_ZONE if is_history(source) else ZONE)
        every = loads(source, began, described.zone)
        opened = [(open_source(place), when) for place, when in every]
        done, noticed = [], Counter[str]()
        with migrated_store(database_url) as store:
            store.expect_many_rows()
            for each, when in opened:
                with store.reading() as session:
                    known = slots(session)
                found = read_source(each, described, known, when)
                done.append(store_clean(store, found, when))
                noticed += found.noticed
        if len(opened) > 1:
            out.print(f"{len(opened)} loads, the last as of {opened[-1][1]:%Y-%m-%d %H:%M} UTC")
        matches, users, bets = (sum(one) for one in zip(*done, strict=True))
        out.print(f"{matches:,} matches, {users:,} users and {bets:,} bets are new or have changed")
        for what, count in noticed.items():
            out.print(f"{count:,} {what}", soft_wrap=True)


@app.command()
def train(
    until: Annotated[
        str | None, typer.Option(help="Learn from loads up to this time.", show_default="the last")
    ] = None,
    weeks: Annotated[int, typer.Option(min=2, max=52, help="Past weeks to be judged by.")] = 12,
    name: Annotated[str, typer.Option(help="Name of the model in the model store.")] = NEWEST,
    force: Annotated[
        bool, typer.Option(help="Save the model even where simple forecasts beat it.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write all figures of past weeks there, as JSON.")
    ] = None,
    dask: Dask = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Learn from what was loaded, look back at past weeks, and save into the BentoML model store.

    A model that simple forecasts beat in the past weeks is not saved. `bentoml serve` answers with
    the newest one.
    """
    from valuebox.compartments.handle.reading import read_book, second
    from valuebox_training.handle.train import train as learn

    with exit_codes(), migrated_store(database_url) as store:
        check_writable(report)
        with err.status("learning …"):
            with store.reading() as session:
                book = read_book(session)
            known = book.up_to(second(moment_of(until) or datetime.now(UTC)))
            with cluster(dask) as client:
                trained = learn(known, name, weeks, force, client)
        if report:
            write_text(report, json.dumps(trained.judged, indent=2) + "\n")
        tell(trained.judged)
        out.print(f"learned from {trained.matches:,} matches, saved as {trained.tag}")


@app.command()
def backtest(
    weeks: Annotated[int, typer.Option(min=1, max=200, help="Past weeks to look back at.")] = 12,
    model: Annotated[
        str | None,
        typer.Option(
            help="Tag of a model to forecast by.", show_default="learned anew before each week"
        ),
    ] = None,
    stored: Annotated[
        bool,
        typer.Option(
            "--stored",
            help="Make the forecasts that were stored in these weeks once more, and compare them.",
        ),
    ] = False,
    to: Annotated[
        Path | None, typer.Option("--out", help="CSV to write with every forecast.")
    ] = None,
    dask: Dask = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Forecast past weeks by what was known then, and tell how far that was off.

    Beside it stand the mean of the slot, both teams' last three matches, bets so far by their usual
    share, and the forecast of the same match before. Exits with 1 where --stored finds forecasts
    that are not the same to the last bit.
    """
    from valuebox.compartments.handle.model import HandleModel
    from valuebox.compartments.handle.reading import read_book, second
    from valuebox.compartments.handle.scoring import figures
    from valuebox_cli.handle.remaking import remade
    from valuebox_training.handle.backtest import backtest as look_back

    with exit_codes(), migrated_store(database_url) as store:
        check_writable(to)
        now = datetime.now(UTC)
        with store.reading() as session, err.status("looking back …"):
            if stored:
                again = list(remade(session, now - timedelta(weeks=weeks)))
            else:
                recipe = None if model is None else HandleModel.load(model).recipe
                known = read_book(session).up_to(second(now))
                with cluster(dask) as client:
                    judged, rows = look_back(known, weeks, recipe, client)
        if stored:
            tell_remade(again)
            return
        tell(figures(judged))
        if to is not None:
            rows.to_csv(to, index=False)
            out.print(f"{len(rows):,} forecasts written to {to}")


@app.command()
def settle(database_url: DatabaseUrl = None) -> None:
    """Write the handle of foretold matches whose bets have settled, straight into the database.

    A service does the same by itself, every now and then. A handle that a later load revises is
    written anew, and what it was before is kept.
    """
    from valuebox.compartments.handle.settling import Settled, settled

    with exit_codes(), migrated_store(database_url) as store:
        done: list[Settled] = []
        while True:
            with store.writing() as session:
                some = settled(session)
            done += some
            if not some:
                break
        tell_settled(done)


@app.command()
def forecast(
    days: Annotated[int, typer.Option(min=1, max=60, help="Days ahead.")] = 7,
    as_of: Annotated[
        str | None, typer.Option(help="A moment in the past, whose knowledge to go by.")
    ] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Ask the service for the forecast of coming matches."""
    from valuebox.compartments.handle.schemas import HandleForecasts
    from valuebox_cli.client import connected

    with exit_codes(), connected(url) as client:
        asked = {"days": days, **({"as_of": as_of} if as_of else {})}
        said = client.call("/v1/handle/forecast", asked, HandleForecasts).content
        print_table(
            f"{said.state}, as of loads to {said.loaded_to:%Y-%m-%d %H:%M} UTC",
            ["kickoff (UTC)", "match", "forecast", "from", "to", "known", "usual"],
            [
                (
                    f"{one.kickoff:%a %Y-%m-%d %H:%M}",
                    f"{one.home_team} - {one.away_team}",
                    *(f"{value:,.0f}" for value in (one.forecast, one.lower, one.upper)),
                    *(f"{one.known:,.0f}", f"{one.known_share:.0%}"),
                )
                for one in said.matches
            ],
        )
        for week in said.weeks:
            out.print(
                f"week {week.week} of {week.season}, {week.matches} matches: {week.forecast:,.0f} "
                f"({week.lower:,.0f} to {week.upper:,.0f})"
            )
        for source in said.sources:
            for line in source.notes:
                err.print(Text(f"{source.name}: {line}"), style="yellow", soft_wrap=True)


app.command()(made_up.replay)
app.command()(made_up.feed)
