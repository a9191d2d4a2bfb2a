"""`valuebox recommend plan`."""

from typing import Annotated

import typer

from valuebox_cli.terminal.console import exit_codes, out, print_json
from valuebox_cli.terminal.options import Json


def plan(
    each: Annotated[
        float,
        typer.Argument(
            help="Figure of a session as it is now: a share, such as 0.036 for conversion, or a "
            "mean with `--deviation`."
        ),
    ],
    margin: Annotated[
        float, typer.Option(help="What the figure may lose at most: 0.05 is 5 % of it.")
    ] = 0.05,
    deviation: Annotated[
        float | None,
        typer.Option(
            help="Standard deviation of the mean between sessions; leave it out for a share."
        ),
    ] = None,
    power: Annotated[
        float,
        typer.Option(help="How often a figure that did not change is to be proven not worse."),
    ] = 0.8,
    arms: Annotated[int, typer.Option(help="Number of arms, the control included.")] = 2,
    holdback: Annotated[
        float, typer.Option(help="Share of sessions that no experiment touches.")
    ] = 0.05,
    sessions_a_day: Annotated[
        float | None,
        typer.Option(help="Sessions of the shop that are shown a list, a day; tells the days."),
    ] = None,
    as_json: Json = False,
) -> None:
    """How many sessions it takes to prove that a figure is not worse."""
    from valuebox.compartments.recommend.proof.planning import plan as make
    from valuebox.pages.readable import change, count, percent

    with exit_codes():
        found = make(
            each, margin, deviation=deviation, power=power, arms=arms, holdback=holdback,
            sessions_a_day=sessions_a_day,
        )  # fmt: skip
        if as_json:
            print_json(found)
            return
        out.print(
            f"{count(found.sessions)} sessions in each of {found.arms} arms, "
            f"{count(found.sessions_in_all)} of the shop in all, prove a figure that did not "
            f"change to be not worse by {percent(found.margin)}, in {percent(found.power)} of "
            "cases",
            soft_wrap=True,
        )
        if found.days is not None:
            weeks = -(-found.days // 7)
            out.print(
                f"that takes {count(found.days)} days at this traffic; plan whole weeks, as days "
                f"of the week differ: {count(weeks)}",
                soft_wrap=True,
            )
        out.print(
            f"so many sessions show a change from {change(found.better_from)} on to be better",
            soft_wrap=True,
        )
