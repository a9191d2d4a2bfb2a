"""`valuebox handle`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from valuebox.compartments.handle.model import NEWEST
from valuebox.errors import ValueboxError
from valuebox_cli.client import DEFAULT_URL
from valuebox_cli.handle.telling import tell, tell_feed, tell_remade, tell_settled
from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import check_writable, err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, Url, migrated_store
from valuebox_cli.terminal.tabular import print_table

app = typer.Typer(help="Foretell what will be wagered on matches.", no_args_is_help=True)

At = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="When the load began: its rows are known from then on.",
        show_default="now",
    ),
]


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it must not be there yet.")],
    world: Annotated[str, typer.Option(help="Which world; see docs/handle.md.")] = "calm",
    seed: Annotated[int, typer.Option(help="Another seed, another history.")] = 0,
    bets: Annotated[int, typer.Option(min=1_000, help="About how many bets.")] = 60_000,
    schedule: Annotated[
        Path | None,
        typer.Option(help="CSV of matches; see docs/handle.md.", show_default="made up"),
    ] = None,
) -> None:
    """Generate a small, dirty warehouse, its nightly loads, and questions, to try everything on."""
    from valuebox_training.handle.schedule import read
    from valuebox_training.handle.simulate import simulate as draw
    from valuebox_training.handle.warehouse import write
    from valuebox_training.handle.worlds import WORLDS
    from valuebox_training.handle.worlds import world as chosen

    with exit_codes():
        if world not in WORLDS:
            raise ValueboxError(f"--world: there is no {world!r}, only {', '.join(WORLDS)}")
        if folder.exists():
            raise ValueboxError(f"{folder}: is there already")
        matches = None if schedule is None else read(schedule)
        with err.status("drawing …"):
            drawn = draw(chosen(world, seed, bets), matches)
            folder.mkdir(parents=True)
            write(drawn, folder)
        out.print(f"written to {folder}: warehouse, nightly loads, questions, and the truth")


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
    changes nothing.
    """
    from valuebox.compartments.handle.reading import slots
    from valuebox_cli.handle.mapping import read_handle_mapping, read_source
    from valuebox_cli.handle.storing import store_clean
    from valuebox_cli.importing.sources import open_source

    with exit_codes():
        began = moment_of(at) or datetime.now(UTC)
        opened, described = open_source(source), read_handle_mapping(mapping)
        with migrated_store(database_url) as store:
            store.expect_many_rows()
            with store.reading() as session:
                known = slots(session)
            found = read_source(opened, described, known)
            done = store_clean(store, found, began)
        out.print(
            f"{done.matches:,} matches, {done.users:,} users and {done.bets:,} bets are new or "
            "have changed"
        )
        for what, count in found.noticed.items():
            if count:
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
    database_url: DatabaseUrl = None,
) -> None:
    """Learn from what was loaded, look back at past weeks, and save into the BentoML model store.

    A model that simple forecasts beat in the past weeks is not saved. `bentoml serve` answers with
    the newest one.
    """
    from valuebox.compartments.handle.reading import read_book, second
    from valuebox_training.handle.train import train as learn

    with exit_codes(), migrated_store(database_url) as store:
        with err.status("learning …"):
            with store.reading() as session:
                book = read_book(session)
            known = book.up_to(second(moment_of(until) or datetime.now(UTC)))
            trained = learn(known, name, weeks, force)
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
                judged, rows = look_back(read_book(session).up_to(second(now)), weeks, recipe)
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
def replay(
    folder: Annotated[Path, typer.Argument(help="Folder with a history; see docs/handle.md.")],
    to: Annotated[Path, typer.Option("--out", help="CSV to write.")] = Path("forecasts.csv"),
) -> None:
    """Forecast what a history would have been asked, by what was loaded and a feed said then.

    The folder holds `warehouse`, `nightly`, `asks.csv` and `questions.csv`, and `feed` where there
    was one. Times are EST, all year.
    """
    from valuebox_cli.handle.replay import replay as look_back

    with exit_codes():
        check_writable(to)
        with err.status("replaying …"):
            found = look_back(folder)
        found.forecasts.to_csv(to, index=False)
        out.print(f"{len(found.forecasts):,} forecasts written to {to}")
        tell_feed(found.weighed)


@app.command()
def feed(
    folder: Annotated[Path, typer.Argument(help="Folder that `valuebox handle simulate` wrote.")],
    mode: Annotated[
        str, typer.Option(help="How it answers: well, or in one of the ways that feeds fail.")
    ] = "well",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1.")] = 8100,
) -> None:
    """Run a live feed of a simulated world, on `http://127.0.0.1:PORT/events`, until Ctrl-C."""
    import json

    from valuebox_training.handle.feed_server import MODES, FeedServer

    with exit_codes():
        if mode not in MODES:
            raise ValueboxError(f"--mode: there is no {mode!r}, only {', '.join(MODES)}")
        said = sorted((folder / "feed").glob("*.json"))
        if not said:
            raise ValueboxError(f"{folder}: holds no feed that `valuebox handle simulate` wrote")
        events = json.loads(said[-1].read_text(encoding="utf-8"))["events"]
        server = FeedServer(lambda: events, mode, port)
        out.print(f"telling {len(events)} events at {server.url}, mode {mode}; Ctrl-C ends it")
        server.serve_forever()


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
