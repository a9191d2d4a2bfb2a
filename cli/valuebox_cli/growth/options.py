"""Options that several of the commands `valuebox growth` share."""

from typing import Annotated, Any

import typer

from valuebox_cli.growth.asking import named_amount

Control = Annotated[str, typer.Option(help="The arm that the others are compared with.")]
ArmAttribute = Annotated[
    str | None, typer.Option("--arm", help="Attribute of customers that names their arm.")
]
ArmProperty = Annotated[
    str | None, typer.Option(help="Property of the exposure that names the arm, instead of --arm.")
]
Exposure = Annotated[
    str | None,
    typer.Option(
        help="Type of event with which a customer first met their arm.",
        show_default="joining, or --from",
    ),
]
Shares = Annotated[
    list[str] | None,
    typer.Option(
        help="Share of customers that an arm was meant to get, such as control=0.5.",
        show_default="equal ones",
    ),
]
Horizon = Annotated[int, typer.Option(help="Days after the exposure whose events are outcomes.")]
ExposedFrom = Annotated[
    str | None, typer.Option("--from", help="Only exposures from this time on.")
]
ExposedBefore = Annotated[
    str | None, typer.Option("--to", help="Only exposures and outcomes before this time.")
]
Timezone = Annotated[
    str, typer.Option(help="Time zone of --from and --to, and of days, such as Europe/Berlin.")
]
Currency = Annotated[str | None, typer.Option(help="Only amounts in this currency.")]
EventsBefore = Annotated[str | None, typer.Option("--to", help="Only events before this time.")]
Purchase = Annotated[str, typer.Option(help="Type of event that brings money.")]
Weeks = Annotated[int, typer.Option(help="How many weeks ahead to value customers.")]
Discount = Annotated[
    float,
    typer.Option(help="By how much less money is worth that comes a year later, such as 0.1."),
]


def arms_asked(
    control: str,
    arm: str | None,
    arm_property: str | None,
    exposure: str | None,
    share: list[str] | None,
) -> dict[str, Any]:
    """The part of a question that says which customers are in which arm.

    Raises:
        ValueboxError: when a share is no name with a number.
    """
    return {
        "attribute": arm,
        "exposure_property": arm_property,
        "exposure": exposure,
        "control": control,
        "shares": dict(named_amount("--share", one, "control=0.5") for one in share or []),
    }
