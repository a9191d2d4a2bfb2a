"""How many sessions it takes to prove that a figure is not worse by more than a margin."""

import math
from typing import Final

import scipy
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.recommend.proof.looks import SEQUENCE
from valuebox.errors import ValueboxError

POWER: Final = 0.8
"""How often a figure that is the same in both arms is to be proven not worse."""
ERROR: Final = 0.05
"""How often a figure that is worse by the margin is called not worse."""


class Unplannable(ValueboxError):
    """A plan that no number of sessions can meet; the message says why."""


class Plan(BaseModel):
    """An experiment before it begins."""

    model_config = ConfigDict(frozen=True)

    each: float = Field(description="Figure of the control: a share, or a mean.")
    deviation: float = Field(description="Standard deviation of the figure between sessions.")
    margin: float = Field(
        description="What the figure may lose at most, as a share of the control's."
    )
    power: float = Field(
        description="How often a figure that is the same in both arms is proven not worse."
    )
    error: float = Field(
        description="How often a figure that is worse by the margin is called not worse."
    )
    arms: int = Field(description="Number of arms, the control included.")
    sessions: int = Field(description="Sessions that each arm needs.")
    sessions_in_all: int = Field(
        description="Sessions of the shop that it takes, those held back included."
    )
    days: int | None = Field(
        description="Whole days that this takes; null where nobody says how many sessions a day "
        "has."
    )
    better_from: float = Field(
        description="The smallest change that so many sessions prove to be better, as often as "
        "`power` says."
    )


def plan(
    each: float,
    margin: float,
    *,
    deviation: float | None = None,
    power: float = POWER,
    arms: int = 2,
    holdback: float = 0.0,
    sessions_a_day: float | None = None,
) -> Plan:
    """Work out the sessions that a margin takes.

    An arm is not worse where the lower end of the 90 % interval of its change is above the margin.
    Where both arms are the same the change scatters by `2 ** 0.5 * deviation / each` over the root
    of the sessions of an arm.

    Args:
        each: Figure of a session of the control: a share, or a mean where `deviation` is told.
        margin: What it may lose, as a share of `each`.
        deviation: Standard deviation between sessions; of a ratio, such as clicks per list, that
            of its linearised sessions.
        power: How often a figure that is the same is proven not worse.
        arms: Arms of the same size, the control included.
        holdback: Share of sessions that are in no arm.
        sessions_a_day: Sessions of the shop that are shown a list, a day.

    Raises:
        Unplannable: when there is no such experiment.
    """
    _check(each, margin, deviation, power, arms, holdback, sessions_a_day)
    spread = math.sqrt(each * (1 - each)) if deviation is None else deviation
    scatter = math.sqrt(2) * spread / each
    hit = float(scipy.special.ndtri(power))
    sessions = math.ceil((scatter * (float(scipy.special.ndtri(1 - ERROR)) + hit) / margin) ** 2)
    in_all = math.ceil(sessions * arms / (1 - holdback))
    surer = float(scipy.special.ndtri((1 + SEQUENCE) / 2))
    return Plan(
        each=each,
        deviation=spread,
        margin=margin,
        power=power,
        error=ERROR,
        arms=arms,
        sessions=sessions,
        sessions_in_all=in_all,
        days=None if sessions_a_day is None else math.ceil(in_all / sessions_a_day),
        better_from=scatter * (surer + hit) / math.sqrt(sessions),
    )


def _check(
    each: float,
    margin: float,
    deviation: float | None,
    power: float,
    arms: int,
    holdback: float,
    sessions_a_day: float | None,
) -> None:
    if not 0 < margin < 1:
        raise Unplannable("a margin is above 0 and below 1: 0.05 is 5 %")
    # Where the figure never varies a power below the error would take no session at all.
    if not 0.5 <= power < 1:
        raise Unplannable("the power is at least 0.5 and below 1")
    if deviation is None and not 0 < each < 1:
        raise Unplannable("a share is above 0 and below 1; a mean needs its standard deviation")
    if deviation is not None and not (each > 0 and 0 < deviation < math.inf):
        raise Unplannable("a mean and its standard deviation are above 0")
    if arms < 2 or not 0 <= holdback < 1:
        raise Unplannable("an experiment has at least two arms, and not all sessions held back")
    if sessions_a_day is not None and not sessions_a_day > 0:
        raise Unplannable("a shop has some sessions a day")
