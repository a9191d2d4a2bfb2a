"""All that a report calls real, taken together: at most 5 of 100 reports err in any of it."""

from collections.abc import Sequence
from typing import Final, Literal

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.schemas.names import UNKNOWN
from valuebox.statistics.holm import holm
from valuebox.statistics.shuffling import FEWEST

Tested = Literal["lifts", "curves", "advertising", "segments"]
"""The parts of a report that test anything."""

SIGNIFICANT: Final = 0.05
"""Adjusted p-values up to this are taken for real: then at most 5 % of reports err at all."""

_WEIGHTS: Final[dict[Tested, int]] = {"lifts": 82, "curves": 3, "advertising": 12, "segments": 3}
"""A baseline is named to be compared with: that is what most of the errors are kept for."""


def shares(facts: Facts, attribute: str, is_compared: bool) -> dict[Tested, float]:
    """What each part of a report may use of the 5 % of reports that may err.

    Within its share every part adjusts by Holm's method; that all parts together err as seldom
    is Bonferroni's inequality. Parts that have nothing to test leave their share to the others.

    Args:
        facts: What happened.
        attribute: Of customers, which their groups are made by.
        is_compared: Whether there is a baseline.
    """
    tells_apart = {name: _tells_apart(facts, name) for name in facts.customers.attributes}
    tests: dict[Tested, bool] = {
        "lifts": is_compared,
        "curves": is_compared,
        "advertising": tells_apart.get(attribute, False),
        "segments": any(tells_apart.values()),
    }
    whole = sum(_WEIGHTS[part] for part, does in tests.items() if does)
    return {part: _WEIGHTS[part] / whole if does else 1.0 for part, does in tests.items()}


def _tells_apart(facts: Facts, attribute: str) -> bool:
    groups = facts.customers.groups(attribute)
    counted = zip(groups.names, groups.counts().tolist(), strict=True)
    large = [name for name, size in counted if size >= FEWEST and name != UNKNOWN]
    return len(large) > 1


def adjusted(p_values: Sequence[float | None], share: float) -> list[float | None]:
    """Holm's p-values of a part, in its share of all errors.

    Args:
        p_values: Of all tests of the part; None of what was not tested.
        share: As `shares` gives it.
    """
    tested = iter(holm([p / share for p in p_values if p is not None]))
    return [None if p is None else next(tested) for p in p_values]
