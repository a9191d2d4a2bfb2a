"""How many customers an experiment needs, and how small a difference it would find.

An arm is compared with the control by a two-sided test. Where several arms or metrics are compared,
each test is planned at the level that Holm's method asks of the least likely one: the level
divided by the number of tests.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import scipy
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.change.claims import SIGNIFICANT
from valuebox.errors import ValueboxError

POWER: Final = 0.8
"""How often a difference that is there is to be found, where nothing else is asked for."""
_MOST: Final = 1e12
_FEWEST: Final = 2.0
_NORMAL: Final = 10_000.0
"""Customers in each arm from which Student's t is normal: the noncentral one is slow there."""
_SMALL, _LARGE = 1e-9, 1e6
"""Lifts between which one is looked for."""


class Unplannable(ValueboxError):
    """A plan that no number of customers can meet; the message says why."""


class Plan(BaseModel):
    """An experiment before it begins."""

    model_config = ConfigDict(frozen=True)

    each: float = Field(description="What a customer of the control does: a share, or an amount.")
    deviation: float | None = Field(
        description="Standard deviation of the amount; null where a share is compared."
    )
    arms: int = Field(description="Number of arms, the control included.")
    metrics: int = Field(description="Number of metrics that are compared.")
    power: float = Field(description="How often a difference of this size is found.")
    level: float = Field(
        description="Probability that a single test finds a difference that is not there, so that "
        "it is 0.05 for all tests together."
    )
    customers: int = Field(description="Customers that each arm needs.")
    lift: float = Field(description="The difference, as a share of `each`: 0.1 is 10 % more.")


def customers_for_share(
    first: float,
    second: float,
    level: float = SIGNIFICANT,
    power: float = POWER,
    exact: bool = True,
) -> float:
    """Customers in each arm that it takes to tell two shares apart.

    Fleiss, Tytun and Ury (1980), A simple approximation for calculating sample sizes for comparing
    independent proportions.

    Args:
        first: Share in the control.
        second: Share in the arm.
        level: Of the test, two-sided.
        power: How often the difference is to be found.
        exact: Whether the test is Fisher's, as this compartment's is: with the paper's correction.
    """
    apart, middle = abs(second - first), (first + second) / 2
    chance, miss = scipy.stats.norm.isf(level / 2), scipy.stats.norm.ppf(power)
    together = chance * np.sqrt(2 * middle * (1 - middle))
    found = together + miss * np.sqrt(first * (1 - first) + second * (1 - second))
    needed = float((found / apart) ** 2)
    return needed / 4 * float(1 + np.sqrt(1 + 4 / (needed * apart))) ** 2 if exact else needed


def customers_for_mean(
    apart: float, deviation: float, level: float = SIGNIFICANT, power: float = POWER
) -> float:
    """Customers in each arm that it takes to tell two means apart by Student's t.

    Args:
        apart: Difference of the means.
        deviation: Standard deviation of a customer's amount, in both arms.
        level: Of the test, two-sided.
        power: How often the difference is to be found.
    """

    def missing(logged: float) -> float:
        n = float(np.exp(logged))
        freedom = 2 * n - 2
        edge, shift = scipy.stats.t.isf(level / 2, freedom), abs(apart) / deviation * np.sqrt(n / 2)
        found = scipy.stats.nct.sf(edge, freedom, shift) if n < _NORMAL else np.nan
        # SciPy gives up where the shift is large.
        if not np.isfinite(found):
            found = scipy.stats.norm.sf(edge - shift)
        return float(found) - power

    return float(np.exp(_root(missing, np.log(_FEWEST), np.log(_MOST))))


def plan(
    each: float,
    deviation: float | None = None,
    *,
    lift: float | None = None,
    customers: int | None = None,
    arms: int = 2,
    metrics: int = 1,
    power: float = POWER,
) -> Plan:
    """Work out the customers that a lift takes, or the lift that so many customers show.

    Args:
        each: What a customer of the control does: a share, or an amount where `deviation` is told.
        deviation: Standard deviation of the amount.
        lift: The difference to be found, as a share of `each`.
        customers: Customers in each arm; exactly one of these two is told.
        arms: Arms, the control included.
        metrics: Metrics that are looked at.
        power: How often the difference is to be found.

    Raises:
        Unplannable: when there is no such experiment, such as a share above 1.
    """
    _check(each, deviation, lift, arms, metrics, power)
    level = SIGNIFICANT / ((arms - 1) * metrics)

    def needed(difference: float) -> float:
        if deviation is None:
            return customers_for_share(each, each * (1 + difference), level, power)
        return customers_for_mean(each * difference, deviation, level, power)

    if lift is not None and customers is None:
        size, found = int(np.ceil(needed(lift))), lift
    elif customers is not None and lift is None:
        size = customers
        found = _smallest(needed, customers, 1 / each - 1 if deviation is None else np.inf)
    else:
        raise Unplannable("name either the lift to be found or the customers in each arm")
    return Plan(
        each=each, deviation=deviation, arms=arms, metrics=metrics, power=power, level=level,
        customers=size, lift=found,
    )  # fmt: skip


def _smallest(needed: Callable[[float], float], customers: int, most: float) -> float:
    """The lift that takes so many customers."""
    if customers < _FEWEST:
        raise Unplannable("each arm needs at least two customers")
    high = min(most, _LARGE) * (1 - _SMALL)
    if needed(high) > customers:
        raise Unplannable(f"{customers:,} customers in each arm show no lift, however large")

    def spare(logged: float) -> float:
        return float(np.log(customers / needed(float(np.exp(logged)))))

    return float(np.exp(_root(spare, np.log(_SMALL), np.log(high))))


def _root(of: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is 0; the nearer end where it is not within."""
    if of(low) >= 0:
        return low
    if of(high) <= 0:
        return high
    return float(scipy.optimize.brentq(of, low, high))


def _check(
    each: float, deviation: float | None, lift: float | None, arms: int, metrics: int, power: float
) -> None:
    if arms < 2 or metrics < 1:
        raise Unplannable("an experiment has at least two arms and one metric")
    if not 0 < power < 1:
        raise Unplannable("the power is above 0 and below 1")
    if deviation is None and not 0 < each < 1:
        raise Unplannable("a share is above 0 and below 1; an amount needs its standard deviation")
    if deviation is not None and (each <= 0 or deviation <= 0):
        raise Unplannable("an amount and its standard deviation are above 0")
    if lift is not None:
        if lift == 0 or not np.isfinite(lift):
            raise Unplannable("the lift to be found should not be 0")
        if lift < -1 or (deviation is None and each * (1 + lift) > 1):
            raise Unplannable("with such a lift the share would be below 0 or above 1")
