"""How far forecasts of past weeks were off, and what was made of a feed, in the terminal."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from valuebox.compartments.handle.settling import Settled
from valuebox.compartments.handle.weighing import Weighed
from valuebox_cli.terminal.console import err, out
from valuebox_cli.terminal.tabular import print_table


def tell(judged: dict[str, dict[str, float]]) -> None:
    """Print how far past forecasts were off."""
    print_table(
        "Past weeks, by how long before the match",
        ["forecasts", "", "off", "bias", "inside", "slot", "last 3", "pick-up"],
        [
            (
                name,
                f"{one['forecasts']:,.0f}",
                f"{one['wape']:.1%}",
                f"{one['bias']:+.1%}",
                f"{one['inside']:.0%}",
                *(f"{one[base]:.1%}" for base in ("slot_mean", "last_three", "pick_up")),
            )
            for name, one in judged.items()
        ],
        caption="off: sum of absolute errors by sum of handles; inside: of 90 % intervals; slot: "
        "mean of the slot; last 3: of both teams; pick-up: bets so far by their usual share",
    )


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
