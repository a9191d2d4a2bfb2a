"""How far forecasts of past weeks were off, and what was made of a feed, in the terminal."""

from collections.abc import Mapping, Sequence

import typer
from rich.text import Text

from valuebox.compartments.handle.baselines import NAMES
from valuebox.compartments.handle.scoring import PREVIOUS
from valuebox.compartments.handle.settling import Settled
from valuebox.compartments.handle.weighing import Weighed
from valuebox_cli.handle.remaking import Remade
from valuebox_cli.terminal.console import FAILED, err, out
from valuebox_cli.terminal.tabular import print_table


def tell(judged: Mapping[str, Mapping[str, float]]) -> None:
    """Print how far past forecasts were off; see `scoring.figures`."""
    print_table(
        "Past weeks, by how long before the match",
        [
            *("forecasts", "", "off", "bias", "inside", "score"),
            *("slot", "last 3", "pick-up", "forest", "before", "then"),
        ],
        [
            (
                name,
                f"{one['forecasts']:,.0f}",
                f"{one['wape']:.1%}",
                f"{one['bias']:+.1%}",
                f"{one['inside']:.0%}",
                f"{one['score']:.2f}",
                *(_share(one, base) for base in (*NAMES, PREVIOUS, "renewed")),
            )
            for name, one in judged.items()
        ],
        caption="off: sum of absolute errors by sum of handles; inside: of 90 % intervals; score: "
        "of intervals, by handle, of which less is better; slot: mean of the slot; last 3: of both "
        "teams; pick-up: bets so far by their usual share; forest: by what is known before bets; "
        "before: the forecast before, where there was one, and what followed on it then",
    )


def _share(one: Mapping[str, float], name: str) -> str:
    return f"{one[name]:.1%}" if name in one else ""


def tell_feed(weighed: Mapping[str, Weighed]) -> None:
    """Print at how many askings the feed was believed, and what was strange about it."""
    if not weighed:
        out.print("the feed was not asked: the history has none")
        return
    used = sum(one.is_used for one in weighed.values())
    there = sum(one.is_there for one in weighed.values())
    out.print(
        f"the feed was used at {used} of {len(weighed)} askings, ignored at {there - used}, and "
        f"absent at {len(weighed) - there}"
    )
    for name, one in weighed.items():
        for note in one.notes:
            err.print(Text(f"feed/{name}: {note}"), style="yellow", soft_wrap=True)


def tell_settled(done: Sequence[Settled]) -> None:
    """Print how many handles are known now, and which are others than before."""
    revised = [one for one in done if one.before is not None]
    out.print(f"{len(done) - len(revised):,} handles are new, {len(revised):,} are revised")
    if revised:
        print_table(
            "",
            ["match", "before", "now"],
            [(one.match, f"{one.before:,.2f}", f"{one.handle:,.2f}") for one in revised],
        )


def tell_remade(again: Sequence[Remade]) -> None:
    """Print which stored forecasts are not what is made of the same now.

    Raises:
        typer.Exit: with 1 where there are any.
    """
    gone = sum(one.now is None for one in again)
    others = [one for one in again if one.now is not None and not one.is_same]
    same = len(again) - gone - len(others)
    out.print(f"{same:,} of {len(again):,} stored forecasts are the same to the last bit")
    if gone:
        out.print(f"{gone:,} cannot be made again: their model, request, match or feed is gone")
    if others:
        print_table(
            "Others now",
            ["match", "asked (UTC)", "stored", "now"],
            [
                (
                    one.match,
                    f"{one.asked_at:%Y-%m-%d %H:%M:%S}",
                    str(one.stored[0]),
                    str(one.now[0]),
                )
                for one in others
                if one.now is not None
            ],
        )
        raise typer.Exit(FAILED)
