"""`valuebox growth uplift`: on whom a treatment has more effect."""

from typing import Annotated, Any

import typer

from valuebox.compartments.growth.uplift.schemas import UpliftQuestion, UpliftReport
from valuebox.pages.readable import count, figure, interval, percent
from valuebox_cli.growth.asking import checked
from valuebox_cli.growth.experiment import read_metric
from valuebox_cli.growth.notices import set_aside
from valuebox_cli.growth.options import (
    ArmAttribute,
    ArmProperty,
    Control,
    Currency,
    ExposedBefore,
    ExposedFrom,
    Exposure,
    Horizon,
    Shares,
    Timezone,
    arms_asked,
)
from valuebox_cli.terminal.console import err, exit_codes, out, print_json
from valuebox_cli.terminal.options import DatabaseUrl, Json, Sources, migrated_store
from valuebox_cli.terminal.tabular import print_table


def uplift(
    control: Control,
    treated: Annotated[
        str | None,
        typer.Option(help="The arm that was treated.", show_default="the one other arm"),
    ] = None,
    arm: ArmAttribute = None,
    arm_property: ArmProperty = None,
    exposure: Exposure = None,
    metric: Annotated[
        str, typer.Option(help="Type of event, with a measure: bought, bought:amount.")
    ] = "bought",
    share: Shares = None,
    horizon: Horizon = 30,
    source: Sources = None,
    start: ExposedFrom = None,
    end: ExposedBefore = None,
    timezone: Timezone = "UTC",
    currency: Currency = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Say whether it is known on whom the treatment of an experiment has more effect.

    Learns from one half of the customers, and judges on the other: what is gained by treating
    those with the best scores first, beside treating as many by chance.
    """
    from valuebox.compartments.growth.uplift.building import uplift as make

    with exit_codes():
        asked: dict[str, Any] = {
            "sources": source or None,
            **arms_asked(control, arm, arm_property, exposure, share),
            "treated": treated,
            "metrics": [read_metric(metric)],
            "start": start,
            "end": end,
            "timezone": timezone,
            "horizon_days": horizon,
            "currency": currency,
        }
        question = checked(UpliftQuestion, asked)
        with migrated_store(database_url) as store, err.status("learning …"):
            found = make(store, question)
        if as_json:
            print_json(found)
        else:
            _tell(found)


def _tell(found: UpliftReport) -> None:
    out.print(
        f"{found.customers:,} customers of {found.control} and {found.treated}, of whom "
        f"{found.judged:,} were not learned from",
        soft_wrap=True,
    )
    for stray in found.set_aside:
        out.print(set_aside(stray), soft_wrap=True)
    if found.told_by_arm:
        out.print(
            f"left out, because the arms differ in it: {', '.join(found.told_by_arm)}",
            soft_wrap=True,
        )
    rows = [
        (
            percent(one.share),
            figure(one.gain),
            interval(one.gain_lower, one.gain_upper, figure),
            figure(one.by_chance),
        )
        for one in found.curve[3::4]
    ]
    print_table("Gain for each customer of all", ["treated", "gain", "90 %", "by chance"], rows)
    parts = [
        (str(place), count(one.customers), figure(one.predicted), figure(one.effect))
        for place, one in enumerate(found.parts, 1)
    ]
    print_table("Effect by fifth", ["fifth", "customers", "foretold", "seen"], parts)
    out.print(found.verdict, soft_wrap=True)
