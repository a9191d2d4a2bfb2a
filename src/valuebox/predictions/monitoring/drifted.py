"""Whether rows of late are others than those that a model has learned from."""

import math
from collections.abc import Iterator

from valuebox.features.bins import PREDICTION
from valuebox.predictions.monitoring.results import (
    CHANCE_Z,
    Drifted,
    Finding,
    Thresholds,
    Unknown,
)


def of_drift(drifted: Drifted, limits: Thresholds) -> Iterator[Finding]:
    """Each index and share, and what it was compared with."""
    for one in drifted.features:
        name = one.feature
        yield Finding(check="psi", feature=name, value=one.psi, limit=limits.psi, chance=one.chance)
        if name != PREDICTION:
            usual = one.missing_expected
            more = one.missing - usual
            chance = _chance_of_share(usual + limits.missing, drifted.different) - usual
            yield Finding(
                check="missing", feature=name, value=more, limit=limits.missing, chance=chance
            )
        if one.is_category:
            chance = _chance_of_share(limits.unseen, drifted.different)
            yield Finding(
                check="unseen", feature=name, value=one.unseen, limit=limits.unseen, chance=chance
            )


def _chance_of_share(share: float, rows: int) -> float:
    """What chance alone exceeds once in 1,000 times, where a share of so many rows is meant."""
    return share + CHANCE_Z * math.sqrt(max(share * (1 - share), 0) / rows)


def too_few(drifted: Drifted, limits: Thresholds) -> Iterator[Unknown]:
    """Say so where rows are too few to tell drift from chance."""
    most = max(drifted.features, key=lambda one: one.chance)
    # What is beyond its threshold and beyond chance is known, however few rows there are.
    if most.chance > limits.psi and not any(one.crossed for one in of_drift(drifted, limits)):
        rows = "1 row" if drifted.rows == 1 else f"{drifted.rows:,} rows"
        few = f"{rows} {'is' if drifted.rows == 1 else 'are'}"
        if drifted.people is not None:
            few = f"{rows} of {drifted.people:,} customers are"
        why = (
            f"{few} too few: chance alone moves {most.feature} by as much as {most.chance:.3f}, "
            f"which is more than {limits.psi:g}"
        )
        yield Unknown(check="psi", why=why)
