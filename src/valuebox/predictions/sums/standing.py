"""Whether predictions are better than a baseline that knows nothing of single rows."""

import math
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.calibration import deciles
from valuebox.predictions.sums.cohort_means import known_sums
from valuebox.predictions.sums.selection import Selection

_Z: Final = 1.645
"""Deviations that chance exceeds to either side in 1 of 10 cases."""


class Beside(NamedTuple):
    """A figure of predictions, and the same of their baseline."""

    ours: float
    baseline: float
    chance: float
    """Difference between both that chance alone explains."""
    rows: int
    """Rows whose outcome is known."""


def cohorts_beside_one_mean(
    session: Session, ledger: Ledger, selection: Selection, least: int
) -> Beside | None:
    """Mean absolute error of the mean of segments by month, in the unit of the outcomes.

    The baseline gives every row the mean that all of them came to, which nobody knew before.

    Args:
        session: Reads.
        ledger: What is read of.
        selection: Days of cohorts.
        least: Cohorts of which fewer outcomes are known are left out.

    Returns:
        None where fewer than two cohorts can be told of.
    """
    cohorts = known_sums(session, ledger, selection, "month", None, least)
    rows = sum(int(one.known_users) for one in cohorts)
    if len(cohorts) < 2:
        return None
    mean = sum(one.known_actual for one in cohorts) / rows
    baseline = [abs(int(one.known_users) * mean - one.known_actual) for one in cohorts]
    ours = [abs(one.known_prediction - one.known_actual) for one in cohorts]
    if sum(baseline) <= 0:
        return None
    # Were neither better, each difference could as well have the other sign.
    chance = math.hypot(*(one - other for one, other in zip(baseline, ours, strict=True)))
    return Beside(sum(ours) / rows, sum(baseline) / rows, _Z * chance / rows, rows)


def lift_of_likeliest(
    session: Session, ledger: Ledger, selection: Selection, least: int
) -> Beside | None:
    """How many of the likeliest tenth of each segment came true, beside a tenth of all that did.

    Args:
        session: Reads.
        ledger: Of probabilities, whose spread is calibrated.
        selection: Days of cohorts.
        least: Segments with fewer rows in a tenth are left out.

    Returns:
        Rows that came true; None where none did, or too few are known.
    """
    found = deciles(session, ledger, selection, least)
    came = sum(one.actual * one.rows for one in found)
    ours = sum(one.actual * one.rows for one in found if one.decile == 1)
    if came <= 0:
        return None
    return Beside(ours, came / 10, _Z * math.sqrt(max(ours, 1.0)), sum(one.rows for one in found))
