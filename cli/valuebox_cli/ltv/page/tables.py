"""Tables of the page: deciles, and errors by segment."""

from dataclasses import dataclass
from typing import Final

from valuebox.pages.tables import Table, column
from valuebox.statistics.grain import Grain
from valuebox_training.ltv.cohorts import PeriodErrors

DECILES: Final = Table(
    "deciles",
    (
        column("decile", "Decile", "count"),
        column("users", "Users", "count"),
        column("predicted", "Predicted", "index"),
        column("actual", "Actual", "index"),
    ),
)


@dataclass(frozen=True)
class Errors:
    """A row of the table of errors: a segment, or an average over all of them."""

    segment: str
    error: float
    baseline: float
    floor: float
    users: int | None = None
    cohorts: int | None = None
    bias: float | None = None
    inside: float | None = None


def errors(grain: Grain) -> Table:
    """Columns of the errors of cohorts of days or of months."""
    return Table(
        f"errors by {grain}",
        (
            column("segment", "Segment", "text"),
            column("users", "Users", "count"),
            column("cohorts", f"{grain.capitalize()}s", "count"),
            column("error", "Error", "index"),
            column("baseline", "Baseline", "index"),
            column("floor", "Floor", "index"),
            column("bias", "Bias", "index"),
            column("inside", "Inside", "percent"),
        ),
    )


def errors_of(found: PeriodErrors) -> list[Errors]:
    """Every segment, most users first, then the averages over all of them."""
    rows = [
        Errors(
            one.country_segment, one.error, one.baseline_error, one.noise_floor,
            one.users, one.cohorts, one.bias, one.inside,
        )
        for one in found.segments
    ]  # fmt: skip
    equally = (found.macro, found.macro_baseline, found.macro_floor)
    by_users = (found.weighted, found.weighted_baseline, found.weighted_floor)
    return [
        *rows,
        Errors("all, equally", *equally, inside=found.inside),
        Errors("all, by users", *by_users),
    ]
