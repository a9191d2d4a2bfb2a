"""Commands on a history of matches and bets in a folder: making one up, replaying it, its feed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from valuebox.compartments.handle.feed import content_of
from valuebox.errors import ValueboxError
from valuebox_cli.handle.history import answer_at
from valuebox_cli.handle.telling import tell_feed
from valuebox_cli.terminal.console import check_writable, err, exit_codes, out

_FIRST_YEAR: Final = 1980
_LAST_YEAR: Final = 2150
"""Years in which a history may end: all that happens before and after it has a moment, too."""
_BEHIND: Final = timedelta(days=3)
"""What was said two days ago can be asked at any hour of any day, wherever somebody is."""


def simulate(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it must not be there yet.")],
    world: Annotated[str, typer.Option(help="Which world; see docs/handle.md.")] = "calm",
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another history.")] = 0,
    bets: Annotated[int, typer.Option(min=1_000, help="About how many bets.")] = 60_000,
    schedule: Annotated[
        Path | None,
        typer.Option(help="CSV of matches; see docs/handle.md.", show_default="made up"),
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option(
            help="Day in whose week nightly loads begin; all times move by whole weeks.",
            show_default="three days ago",
        ),
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
            drawn = draw(chosen(world, seed, bets).begun(_day(begin)), matches)
            folder.mkdir(parents=True)
            write(drawn, folder)
        out.print(f"written to {folder}: warehouse, nightly loads, questions, and the truth")


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


def feed(
    folder: Annotated[Path, typer.Argument(help="Folder that `valuebox handle simulate` wrote.")],
    mode: Annotated[
        str, typer.Option(help="How it answers: well, or in one of the ways that feeds fail.")
    ] = "well",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1.")] = 8100,
) -> None:
    """Run a live feed of a simulated world, on `http://127.0.0.1:PORT/events`, until Ctrl-C."""
    from valuebox_training.handle.feed_server import MODES, FeedServer

    with exit_codes():
        if mode not in MODES:
            raise ValueboxError(f"--mode: there is no {mode!r}, only {', '.join(MODES)}")
        count = len(_told_now(folder))
        try:
            server = FeedServer(lambda: _told_now(folder), mode, port)
        except OSError as error:
            raise ValueboxError(f"--port {port}: {error.strerror}") from None
        out.print(f"telling {count} events at {server.url}, mode {mode}; Ctrl-C ends it")
        server.serve_forever()


def _told_now(folder: Path) -> list[dict[str, Any]]:
    """What the feed of a history tells at this moment.

    Raises:
        ValueboxError: when the history has no feed, or its answer cannot be read.
    """
    file = answer_at(folder, datetime.now(UTC))
    if file is None:
        raise ValueboxError(f"{folder}: holds no feed that `valuebox handle simulate` wrote")
    content, failure = content_of(file.read_bytes())
    events = content.get("events") if isinstance(content, dict) else None
    if failure or not isinstance(events, list):
        raise ValueboxError(f"{file}: holds no answer with a list of events")
    return events


def _day(text: str | None) -> date:
    try:
        found = date.fromisoformat(text) if text else date.today() - _BEHIND
    except ValueError:
        raise ValueboxError(f"--begin: {text!r} is no day such as 2026-03-01") from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueboxError(f"--begin: {text} is in no year from {_FIRST_YEAR} to {_LAST_YEAR}")
    return found
