"""What the customers of an experiment did after their exposure, and before it."""

from typing import NamedTuple

import numpy as np

from valuebox.compartments.growth.experiments.schemas import ExperimentQuestion, Metric
from valuebox.compartments.growth.loaded.frames import Facts, summed
from valuebox.compartments.growth.loaded.money import money
from valuebox.statistics.arrays import Codes, Floats, Mask, Moments


class Outcomes(NamedTuple):
    """A metric of every customer who is judged, `(n_judged,)`."""

    values: Floats
    capped_at: float | None
    capped: int
    variance_reduction: float | None


def outcomes(
    facts: Facts,
    metric: Metric,
    question: ExperimentQuestion,
    customer: Codes,
    arm: Codes,
    since: Moments,
) -> Outcomes:
    """Measure a metric of customers within their horizon.

    Args:
        facts: What happened.
        metric: What is measured.
        question: Of which the metric is one, with the horizon and the days before it.
        customer: Position of each customer who is judged, `(n_judged,)`.
        arm: The arm of each.
        since: When each was exposed; an event of that very moment counts as an outcome.
    """
    place = np.full(len(facts.customers) + 1, -1, dtype=np.intp)
    place[customer] = np.arange(len(customer))
    at = place[facts.events.customer]
    events, worth = _counted(facts, metric, metric.type == question.purchase)
    rows = np.flatnonzero((at >= 0) & events)
    apart = facts.events.time[rows] - since[at[rows]]
    nothing, one = np.timedelta64(0, "D"), np.timedelta64(1, "D")

    def measured(chosen: Mask) -> Floats:
        found = summed(at[rows[chosen]], worth[rows[chosen]], len(customer))
        return np.minimum(found, 1.0) if metric.measure == "conversion" else found

    values = measured((apart >= nothing) & (apart < question.horizon_days * one))
    cap = _cap(values, metric.cap)
    capped = int((values > cap).sum()) if cap is not None else 0
    values = values if cap is None else np.minimum(values, cap)
    if not question.pre_days:
        return Outcomes(values, cap, capped, None)
    known = measured((apart < nothing) & (apart >= -question.pre_days * one))
    known = known if cap is None else np.minimum(known, cap)
    values, reduction = cuped(values, known, arm)
    return Outcomes(values, cap, capped, reduction)


def cuped(values: Floats, known: Floats, arm: Codes) -> tuple[Floats, float]:
    """Take away of every value what was to be expected of the customer before.

    Deng, Xu, Kohavi and Walker (2013), Improving the sensitivity of online controlled experiments
    by utilizing pre-experiment data. The slope is that within arms, the same for all of them.

    Args:
        values: After the exposure, `(n_judged,)`.
        known: The same metric before it.
        arm: The arm of each customer.

    Returns:
        The values, with the same mean over all customers, and the share of the variance within arms
        that is gone.
    """
    y, x = _within(values, arm), _within(known, arm)
    if not (x @ x > 0 and y @ y > 0):
        return values, 0.0
    slope = (x @ y) / (x @ x)
    adjusted = values - slope * (known - known.mean())
    return adjusted, float((x @ y) ** 2 / (x @ x) / (y @ y))


def _within(values: Floats, arm: Codes) -> Floats:
    """Values less the mean of their arm."""
    counts = np.maximum(np.bincount(arm), 1)
    found: Floats = values - (summed(arm, values, len(counts)) / counts)[arm]
    return found


def _counted(facts: Facts, metric: Metric, is_purchase: bool) -> tuple[Mask, Floats]:
    """The events that a metric is made of, and what each is worth: 1, or its amount."""
    rows = facts.events.type.are(metric.type)
    if metric.measure != "amount":
        return rows, np.ones(len(rows))
    brought = money(facts, metric.type)
    return (rows | brought.is_refund if is_purchase else rows), brought.revenue


def _cap(values: Floats, percentile: float | None) -> float | None:
    some: Mask = values > 0
    if percentile is None or not some.any():
        return None
    return float(np.percentile(values[some], percentile))
