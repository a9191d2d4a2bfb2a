"""What decisions brought by week, by policy and by type of offer, beside those drawn at random."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from valuebox.compartments.offers.report.decided import Decided
from valuebox.schemas.values import Model
from valuebox.statistics.always_valid import difference_interval
from valuebox.statistics.arrays import Floats

MODELS: Final = "models"
"""The policy of all models together: learned nightly, each has few decisions of its own."""
RANDOM: Final = "random"
"""The policy of decisions that were drawn among all candidates alike."""


class Week(Model):
    """Decisions of a week, those of models beside those that were drawn alike."""

    week: date = Field(description="Monday of the week.")
    decisions: int = Field(description="Decisions that chose something.")
    explored: float = Field(description="Share that was drawn among all candidates alike.")
    model: float | None = Field(
        description="Money of the week for each decision of models; null for too few."
    )
    random: float | None = Field(
        description="Money of the week for each decision that was drawn alike; null for too few."
    )
    lift: float | None = Field(description="How much more the first is; null where it is unknown.")
    low: float | None = Field(description="Lower end of the lift's interval, at all looks.")
    high: float | None = Field(description="Upper end of the lift's interval.")


class PolicyWeek(Model):
    """Decisions of a week by one policy."""

    week: date | None = Field(description="Monday of the week; null for all weeks together.")
    policy: str = Field(
        description="`models`, all together; tag of one; or `random`: drawn among all candidates "
        "alike."
    )
    decisions: int = Field(description="Decisions that chose something.")
    known: int = Field(description="Decisions of these whose week has passed.")
    money: float | None = Field(description="Money of the week for each; null for too few.")
    own: float | None = Field(
        description="Money of the offers' own purchases for each; null for too few."
    )
    lift: float | None = Field(
        description="How much more money of the week than at random; null for too few."
    )
    low: float | None = Field(description="Lower end of the lift's interval, at all looks.")
    high: float | None = Field(description="Upper end of the lift's interval.")


class OfType(Model):
    """Decisions for a type of offer."""

    type: str = Field(description="Type of the offer.")
    chosen: int = Field(description="Decisions that chose it.")
    share: float = Field(description="Their share of all decisions.")
    foretold: float | None = Field(
        description="How likely it was thought to be bought, on average; null without a model."
    )
    bought: float | None = Field(
        description="Share that was bought, of those whose week has passed; null for too few."
    )


def weeks_of(decided: Decided, least: int) -> list[Week]:
    """The decisions of each week, the newest first.

    Args:
        decided: The decisions.
        least: The smallest number of decisions that anything is told of.
    """
    return [
        _week(week, decided, rows, least)
        for week, rows in grouped([monday(one) for one in decided.at])
        if len(rows) >= least
    ]


def overall(decided: Decided, least: int) -> Week | None:
    """All of the decisions, as if they were of a week; None for too few."""
    if len(decided) < least:
        return None
    return _week(min(decided.at).date(), decided, np.arange(len(decided)), least)


def policies_of(decided: Decided, least: int) -> list[PolicyWeek]:
    """What each policy brought: of all weeks together, then of each week, the newest first."""
    policy = [
        RANDOM if one or tag is None else tag
        for one, tag in zip(decided.explored.tolist(), decided.model, strict=True)
    ]
    weeks: list[tuple[date | None, NDArray[np.intp]]] = [(None, np.arange(len(decided)))]
    weeks += grouped([monday(one) for one in decided.at])
    found = []
    for week, rows in weeks:
        of_policy = dict(grouped([policy[row] for row in rows.tolist()]))
        ours = [places for name, places in of_policy.items() if name != RANDOM]
        if ours:
            of_policy = {MODELS: np.concatenate(ours), **of_policy}
        alike = _known(decided.week[rows[of_policy.get(RANDOM, np.arange(0))]])
        for name, places in of_policy.items():
            if len(places) >= least:
                found.append(_of_policy((week, name), decided, rows[places], alike, least))
    return found


def types_of(decided: Decided, least: int) -> list[OfType]:
    """The decisions for each type of offer, the one that was chosen most often first."""
    found = []
    for type_, rows in grouped(decided.type):
        if len(rows) >= least:
            own = decided.own[rows]
            found.append(
                OfType(
                    type=type_,
                    chosen=len(rows),
                    share=len(rows) / len(decided.type),
                    foretold=mean(decided.foretold[rows], least),
                    bought=mean(np.where(np.isnan(own), np.nan, own > 0), least),
                )
            )
    return sorted(found, key=lambda one: -one.chosen)


def monday(moment: datetime) -> date:
    """The first day of a moment's week."""
    return moment.date() - timedelta(days=moment.weekday())


def grouped(keys: Sequence[Any]) -> list[tuple[Any, NDArray[np.intp]]]:
    """Positions of each key, the last key in order first."""
    rows: dict[Any, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return [(key, np.array(rows[key])) for key in sorted(rows, reverse=True)]


def mean(values: Floats, least: int) -> float | None:
    """The mean of what is known; None of too few."""
    known = _known(values)
    return float(known.mean()) if len(known) >= least else None


def _week(week: date, decided: Decided, rows: NDArray[np.intp], least: int) -> Week:
    explored, money = decided.explored[rows], decided.week[rows]
    ours, alike = _known(money[~explored]), _known(money[explored])
    return Week(
        week=week,
        decisions=len(rows),
        explored=float(explored.mean()),
        model=mean(ours, least),
        random=mean(alike, least),
        **_lift(ours, alike, least)._asdict(),
    )


def _of_policy(
    named: tuple[date | None, str],
    decided: Decided,
    rows: NDArray[np.intp],
    alike: Floats,
    least: int,
) -> PolicyWeek:
    week, policy = named
    money = _known(decided.week[rows])
    return PolicyWeek(
        week=week,
        policy=policy,
        decisions=len(rows),
        known=len(money),
        money=mean(money, least),
        own=mean(decided.own[rows], least),
        **(_Lift() if policy == RANDOM else _lift(money, alike, least))._asdict(),
    )


class _Lift(NamedTuple):
    lift: float | None = None
    low: float | None = None
    high: float | None = None


def _lift(ours: Floats, alike: Floats, least: int) -> _Lift:
    found = difference_interval(ours, alike) if min(len(ours), len(alike)) >= least else None
    return _Lift() if found is None else _Lift(*found)


def _known(values: Floats) -> Floats:
    known: Floats = values[~np.isnan(values)]
    return known
