"""Who met which arm of an experiment, and when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.growth.experiments.schemas import MOST_ARMS, ExperimentQuestion
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.errors import ValueboxError
from valuebox.facts.clock import moment
from valuebox.schemas.names import UNKNOWN, meant
from valuebox.statistics.arrays import Codes, Floats, Mask, Moments

_NEVER = np.datetime64("NaT", "us")


class NoExperiment(ValueboxError):
    """The facts hold no such experiment; the message says what is missing."""


@dataclass(frozen=True)
class Exposed:
    """Customers who met one arm of the experiment; one row each."""

    customer: Codes
    """Position in `Customers`, `(n_exposed,)`."""
    arm: Codes
    """Position in `arms`."""
    since: Moments
    arms: list[str]
    """The control first, the others by name."""
    meant: Floats
    """Share of the customers that each arm was meant to get, `(n_arms,)`."""
    several_arms: int
    no_arm: int
    no_moment: int


def exposed(facts: Facts, question: ExperimentQuestion) -> Exposed:
    """Find the arm of every customer, and since when they are in it.

    Args:
        facts: What happened.
        question: What names the arm, and what counts as exposure.

    Raises:
        NoExperiment: when the control or another arm is missing, or arms are not those meant.
    """
    names, arm, since, several = _met(facts, question)
    has_arm, was_exposed = arm >= 0, ~np.isnat(since)
    there = has_arm & was_exposed & ~several
    found = [names[code] for code in np.unique(arm[there]).tolist()]
    arms = _arms(found, meant(question.control, found))
    place = np.full(len(names) + 1, -1, dtype=np.intp)
    for at, name in enumerate(arms):
        place[names.index(name)] = at
    return Exposed(
        customer=np.flatnonzero(there),
        arm=place[arm[there]],
        since=since[there],
        arms=arms,
        meant=_meant(arms, {meant(name, arms): one for name, one in question.shares.items()}),
        several_arms=int(several.sum()),
        no_arm=int((was_exposed & ~has_arm).sum()),
        no_moment=int((has_arm & ~was_exposed).sum()),
    )


def _met(facts: Facts, question: ExperimentQuestion) -> tuple[list[str], Codes, Moments, Mask]:
    """Names of arms; and by customer the arm, the moment, and whether there were several."""
    n = len(facts.customers)
    nobody = np.zeros(n, dtype=bool)
    if question.exposure_property is not None:
        labels = facts.events.category
        rows = _exposures(facts, question)
        whose = facts.events.customer[rows].astype(np.intp)
        since = _first(whose, facts.events.time[rows], n)
        arm = labels.codes[rows].astype(np.intp)
        known = arm >= 0
        low, high = np.full(n, len(labels.names)), np.full(n, -1)
        np.minimum.at(low, whose[known], arm[known])
        np.maximum.at(high, whose[known], arm[known])
        return list(labels.names), high.astype(np.intp), since, (high >= 0) & (low < high)
    groups = facts.customers.groups(question.attribute or "")
    codes = groups.codes.copy()
    if UNKNOWN in groups.names:
        codes[codes == groups.names.index(UNKNOWN)] = -1
    if question.exposure is not None:
        rows = _exposures(facts, question)
        whose = facts.events.customer[rows].astype(np.intp)
        return groups.names, codes, _first(whose, facts.events.time[rows], n), nobody
    return groups.names, codes, _created(facts, question), nobody


def _exposures(facts: Facts, question: ExperimentQuestion) -> Mask:
    rows = facts.events.type.are(question.exposure or "") & (facts.events.customer >= 0)
    if question.start is not None:
        rows &= facts.events.time >= moment(question.start, question.zone)
    if question.end is not None:
        rows &= facts.events.time < moment(question.end, question.zone)
    return rows


def _first(customer: NDArray[np.intp], time: Moments, n_customers: int) -> Moments:
    """The earliest moment of each customer; NaT without any."""
    found = np.full(n_customers, _NEVER)
    np.fmin.at(found, customer, time)
    return found


def _created(facts: Facts, question: ExperimentQuestion) -> Moments:
    since = facts.customers.created.copy()
    if question.start is not None:
        # Whoever was there before met their arm when it began.
        since = np.fmax(since, moment(question.start, question.zone))
    if question.end is not None:
        since[since >= moment(question.end, question.zone)] = _NEVER
    return since


def _arms(found: list[str], control: str) -> list[str]:
    named = ", ".join(sorted(found)[:MOST_ARMS]) or "none"
    if control not in found:
        raise NoExperiment(f"nobody is in the control {control}; there are these arms: {named}")
    if len(found) < 2:
        raise NoExperiment(f"nobody is in any other arm than {control}")
    if len(found) > MOST_ARMS:
        raise NoExperiment(
            f"there are {len(found)} arms, of which at most {MOST_ARMS} are compared: {named}, …"
        )
    return [control, *sorted(name for name in found if name != control)]


def _meant(arms: list[str], shares: dict[str, float]) -> Floats:
    if not shares:
        return np.full(len(arms), 1 / len(arms))
    if set(shares) != set(arms):
        raise NoExperiment(
            f"shares are meant for {', '.join(sorted(shares))}, and the arms are {', '.join(arms)}"
        )
    asked = np.array([shares[name] for name in arms])
    found: Floats = asked / asked.sum()
    return found
