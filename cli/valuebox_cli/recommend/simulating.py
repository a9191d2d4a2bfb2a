"""`valuebox recommend simulate`."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from valuebox.errors import ValueboxError
from valuebox.pages.readable import change, count, figure, percent
from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import err, exit_codes, out, writing
from valuebox_cli.terminal.tabular import print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from valuebox_training.recommend.shops.living import Host, Lived
    from valuebox_training.recommend.shops.truth import Figures

START: Final = "2026-03-02T00:00Z"
DAYS: Final = 14
_ARMS: Final = ("popular", "personal")


def simulate(
    folder: Annotated[
        Path, typer.Argument(help="Folder for files of events; it must not be there yet.")
    ],
    world: Annotated[
        str | None,
        typer.Option(help="Kind of shop; `list` prints all kinds.", show_default="departments"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another shop.")] = 0,
    days: Annotated[int, typer.Option(min=1, help="Days that are lived through.")] = DAYS,
    after: Annotated[
        int,
        typer.Option(min=0, help="Days that have passed before: 14 to go on after a fortnight."),
    ] = 0,
    sessions: Annotated[
        int | None,
        typer.Option(min=10, help="Sessions of a day.", show_default="1,000 in most kinds of shop"),
    ] = None,
    start: Annotated[str, typer.Option(help="When the first of all days begins.")] = START,
    source: Annotated[str, typer.Option(help="The shop, as the source of its events.")] = "shop",
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="Service that makes the lists, and is told of all items and events.",
            show_default="the shop's old system, which shows what was popular the day before",
        ),
    ] = None,
    tell_only: Annotated[
        bool,
        typer.Option("--tell-only", help="Only tell the service; the old system makes the lists."),
    ] = False,
    truth: Annotated[
        bool,
        typer.Option(
            "--truth",
            help="Live every visit once more with lists of the other arm, which count in no "
            "experiment, and print what either is worth.",
        ),
    ] = False,
) -> None:
    """Live through a shop whose visitors react to lists, and write its events, a file a day.

    `valuebox import FOLDER --mapping shop-visits` stores them; `catalogue/items.json` in the folder
    is for `POST /v1/items`. With --url visitors are shown what the service recommends, at the
    times of the made-up days, however fast these pass. The same days of a shop have the same
    visitors, who do the same where they are shown the same.
    """
    from valuebox_cli.recommend.visiting import USUAL, Files, served, world_of
    from valuebox_training.recommend.shops.living import Days
    from valuebox_training.recommend.shops.old_system import OldSystem
    from valuebox_training.recommend.shops.worlds import WORLDS

    with exit_codes():
        if world == "list":
            for name, one in WORLDS.items():
                out.print(f"{name}: {one.about}", soft_wrap=True)
            return
        if url is None and (tell_only or truth):
            raise ValueboxError("--tell-only and --truth are for a service; name one with --url")
        shop = world_of(world or USUAL, sessions).shop(seed)
        began = moment_of(start) or datetime.now(UTC)
        if folder.exists():
            raise ValueboxError(f"{folder}: is there already")
        with writing(folder):
            folder.mkdir(parents=True)
        with err.status("visitors come …"), ExitStack() as stack:
            files = Files(folder)
            stack.callback(files.close)
            host: Host
            if url is None:
                host = OldSystem(shop, seed, [files])
            else:
                host = stack.enter_context(served(url, shop, source, [files], waits=not tell_only))
                host = OldSystem(shop, seed, [host]) if tell_only else host
            living = Days(shop, seed, began, source, wants_truth=truth)
            lived = living.live(range(after, after + days), host, _ARMS if truth else ())
        out.print(f"{folder}: {lived.events:,} events of {days} days", soft_wrap=True, markup=False)
        _tell(lived)


def _tell(lived: "Lived") -> None:
    """Print what visitors did, and what they would have done."""
    came = {name: tally.figures() for name, tally in sorted(lived.came.items())}
    _table("What visitors did, by the lists that they were shown", came)
    best = {"the lists that they would like best": lived.oracle.figures()}
    known = {name: tally.figures() for name, tally in lived.truth.items()}
    _table("What all of them would have done", known | best)
    if known:
        lift = known["personal"].beside(known["popular"])
        told = ", ".join(
            f"{name.replace('_', ' ')} {change(value)}" for name, value in lift.items()
        )
        out.print(f"personal lists beside popular ones, in truth: {told}", soft_wrap=True)


def _table(title: str, rows: "Mapping[str, Figures]") -> None:
    print_table(
        title,
        ["lists", "visits", "views", "bounces", "clicks", "conversion", "order value"],
        [
            (
                name,
                count(one.sessions),
                f"{one.views:.2f}",
                percent(one.bounces, decimals=1),
                percent(one.clicks, decimals=1),
                percent(one.conversion, decimals=2),
                figure(one.order_value),
            )
            for name, one in rows.items()
        ],
    )
