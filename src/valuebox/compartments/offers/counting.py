"""Decisions about offers, as Prometheus reads them."""

from collections.abc import Sequence
from functools import cache
from typing import Final, Literal, NamedTuple

from prometheus_client import Counter

from valuebox.compartments.offers.deciding import Weighing

Draw = Literal["model", "uniform", "none"]
_DRAWS: Final[tuple[Draw, ...]] = ("model", "uniform", "none")
_NEAR: Final = 1.1
"""Times its floor up to which a propensity counts as being there."""


def counted(weighed: Sequence[Weighing], uniform: float) -> list[tuple[Counter, float]]:
    """Counters of decisions, and by how much each of them goes up.

    Args:
        weighed: The decisions.
        uniform: Share of decisions that are drawn among all candidates alike, which is the floor
            of propensities.
    """
    metrics = _metrics()
    counts: list[tuple[Counter, float]] = []
    for one in weighed:
        draw = _draw(one)
        counts.append((metrics.decisions[draw], 1))
        if draw == "model" and _is_on_floor(one.propensities, uniform):
            counts.append((metrics.on_floor, 1))
    return counts


def expect_decisions() -> None:
    """Tell Prometheus of each way to draw, before there is any decision."""
    _metrics()


def _draw(one: Weighing) -> Draw:
    if one.choice is None:
        return "none"
    return "uniform" if one.explored else "model"


def _is_on_floor(propensities: Sequence[float], uniform: float) -> bool:
    """Whether all candidates but one are as unlikely as they may be."""
    able = [one for one in propensities if one > 0]
    floor = _NEAR * uniform / len(able)
    return len(able) > 1 and sum(one <= floor for one in able) == len(able) - 1


class _Metrics(NamedTuple):
    decisions: dict[Draw, Counter]
    on_floor: Counter


@cache
def _metrics() -> _Metrics:
    decisions = Counter(
        "valuebox_offers_decisions",
        "Decisions about offers that were stored, by how the choice was drawn.",
        ["draw"],
    )
    on_floor = Counter(
        "valuebox_offers_on_floor",
        "Of those that were drawn as a model says, decisions in which all candidates but one were "
        "as unlikely as they may be.",
    )
    return _Metrics({draw: decisions.labels(draw) for draw in _DRAWS}, on_floor)
