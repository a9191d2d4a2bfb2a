"""`valuebox growth experiment` and `valuebox growth plan`."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from valuebox.compartments.growth.experiments.schemas import (
    Effect,
    ExperimentQuestion,
    ExperimentReport,
    MeasuredMetric,
)
from valuebox.errors import ValueboxError
from valuebox.pages.readable import change, count, figure, interval, p_value, percent
from valuebox_cli.growth.asking import checked
from valuebox_cli.growth.notices import set_aside, without_interval
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

_MEASURES = ("conversion", "amount", "count")


def experiment(
    control: Control,
    arm: ArmAttribute = None,
    arm_property: ArmProperty = None,
    exposure: Exposure = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="Type of event, with a measure (conversion, amount, count) and a percentile to "
            "cap at: bought, bought:amount, bought:amount:99; several times for several.",
            show_default="bought, bought:amount",
        ),
    ] = None,
    share: Shares = None,
    horizon: Horizon = 30,
    pre_days: Annotated[
        int, typer.Option(help="Days before the exposure whose events take variance away (CUPED).")
    ] = 0,
    source: Sources = None,
    start: ExposedFrom = None,
    end: ExposedBefore = None,
    timezone: Timezone = "UTC",
    currency: Currency = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Compare the arms of an experiment with its control.

    Customers count from their first exposure, with what they did within the horizon after it.
    Where the arms are not as large as meant there is no verdict.
    """
    from valuebox.compartments.growth.experiments.building import experiment as make

    with exit_codes():
        asked: dict[str, Any] = {
            "sources": source or None,
            **arms_asked(control, arm, arm_property, exposure, share),
            "start": start,
            "end": end,
            "timezone": timezone,
            "horizon_days": horizon,
            "pre_days": pre_days,
            "currency": currency,
        }
        if metric:
            asked["metrics"] = [read_metric(one) for one in metric]
        question = checked(ExperimentQuestion, asked)
        with migrated_store(database_url) as store, err.status("reading …"):
            found = make(store, question)
        if as_json:
            print_json(found)
        else:
            _tell(found)


def plan(
    each: Annotated[
        float,
        typer.Argument(help="Figure of a customer of the control: a share, or an amount."),
    ],
    deviation: Annotated[
        float | None,
        typer.Option(help="Standard deviation of the amount; leave it out for a share."),
    ] = None,
    lift: Annotated[
        float | None, typer.Option(help="The difference to be found: 0.1 is 10 % more.")
    ] = None,
    customers: Annotated[
        int | None, typer.Option(help="Customers in each arm, where the lift is asked for.")
    ] = None,
    arms: Annotated[int, typer.Option(help="Number of arms, the control included.")] = 2,
    metrics: Annotated[int, typer.Option(help="Number of metrics that are compared.")] = 1,
    power: Annotated[
        float, typer.Option(help="Probability with which the difference is to be found.")
    ] = 0.8,
    variance_reduction: Annotated[
        float, typer.Option(min=0, max=0.99, help="Share of the variance that CUPED takes away.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """How many customers an experiment needs, or how small a lift so many of them show."""
    from valuebox.compartments.growth.experiments.power import plan as make

    with exit_codes():
        scatter = deviation
        if variance_reduction:
            # A share that CUPED has adjusted is a mean like any other.
            scatter = ((each * (1 - each)) ** 0.5 if scatter is None else scatter) * (
                1 - variance_reduction
            ) ** 0.5
        found = make(
            each, scatter, lift=lift, customers=customers, arms=arms, metrics=metrics, power=power
        )
        if as_json:
            print_json(found)
            return
        out.print(
            f"{found.customers:,} customers in each of {found.arms} arms, "
            f"{found.customers * found.arms:,} in all, show a lift of {found.lift:+.1%} in "
            f"{found.power:.0%} of cases",
            soft_wrap=True,
        )


def read_metric(text: str) -> dict[str, Any]:
    """A metric as it is written: a type, and perhaps a measure and a percentile."""
    # A type may hold colons itself.
    name, *rest = text.split(":")
    while rest and rest[0] not in _MEASURES:
        name += f":{rest.pop(0)}"
    found: dict[str, Any] = {"type": name}
    if rest:
        found["measure"] = rest[0]
    try:
        if len(rest) > 1:
            (found["cap"],) = map(float, rest[1:])
    except ValueError:
        raise ValueboxError(f"--metric {text}: a percentile is a number, such as 99") from None
    return found


def _tell(found: ExperimentReport) -> None:
    print_table(
        "Arms",
        ["arm", "exposed", "meant", "judged"],
        [
            (one.name, count(one.exposed), f"{one.meant:,.0f}", count(one.judged))
            for one in found.arms
        ],
    )
    for stray in found.set_aside:
        out.print(set_aside(stray), soft_wrap=True)
    days = found.question.horizon_days
    for customers, why in (
        (found.several_arms, "met several arms"),
        (found.no_arm, "were exposed to no named arm"),
        (found.no_moment, "were never exposed"),
        (found.not_over, f"have not been there for {days} days"),
    ):
        if customers:
            out.print(f"left out: {customers:,} customers who {why}", soft_wrap=True)
    for told in found.metrics:
        effects = [
            one for one in found.effects if (one.type, one.measure) == (told.type, told.measure)
        ]
        print_table(
            f"{told.type}: {told.measure}",
            ["arm", "control", "now", "lift", "90 %", "p", ""],
            [_row(one) for one in effects],
        )
        for notice in without_interval((one.arm, one.no_interval) for one in effects):
            out.print(notice, soft_wrap=True)
        if said := "; ".join(_how(told)):
            out.print(said, soft_wrap=True)
    out.print(found.verdict, soft_wrap=True)


def _row(one: Effect) -> tuple[str, ...]:
    def written(value: float) -> str:
        return percent(value, decimals=1) if one.measure == "conversion" else figure(value)

    return (
        one.arm,
        written(one.control),
        written(one.each),
        change(one.lift),
        interval(one.lower, one.upper, change),
        p_value(one.p_adjusted),
        "real" if one.is_real else one.no_test or "may be chance",
    )


def _how(told: MeasuredMetric) -> Iterator[str]:
    if told.capped_at is not None:
        cut = f"cut at {figure(told.capped_at)}, percentile {told.cap:g}"
        yield f"{cut}, of {told.capped:,} customers"
    if told.variance_reduction is not None:
        yield f"{percent(told.variance_reduction)} of the variance taken away by CUPED"
    if told.detectable is not None:
        yield f"a lift of {change(told.detectable)} would be found in 4 of 5 cases"
