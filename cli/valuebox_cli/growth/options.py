"""Options that several of the commands `valuebox growth` share."""

from typing import Annotated, Any

import typer

from valuebox_cli.growth.asking import named_amount

Control = Annotated[str, typer.Option(help="The arm that the others are compared with.")]
ArmAttribute = Annotated[
    str | None, typer.Option("--arm", help="Attribute of customers that names their arm.")
]
ArmProperty = Annotated[
    str | None, typer.Option(help="Property of the exposure that names the arm, instead.")
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
ExposedFrom = Annotated[str | None, typer.Option("--from", help="Exposures from then on.")]
ExposedBefore = Annotated[str | None, typer.Option("--to", help="Exposures and outcomes before.")]
Timezone = Annotated[
    str, typer.Option(help="Of --from and --to, and of days, such as Europe/Berlin.")
]
Currency = Annotated[str | None, typer.Option(help="Only amounts in this one.")]
EventsBefore = Annotated[str | None, typer.Option("--to", help="Events before then.")]
Purchase = Annotated[str, typer.Option(help="Type of event that brings money.")]
Weeks = Annotated[int, typer.Option(help="How far ahead to value.")]
Discount = Annotated[float, typer.Option(help="By how much less what comes in a year is worth.")]


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
