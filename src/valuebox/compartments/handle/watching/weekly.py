"""What is off in a week, as one figure: errors of a week are alike, and weeks are not."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from valuebox.statistics.arrays import Codes, Floats

_SEEN: Final = 0.05
"""Share of the handle that has to be known, at the usual pace, for bets to be compared with it."""


def weekly_errors(week: Codes, actual: Floats, forecast: Floats) -> dict[int, float]:
    """Logarithm of what came true by what was forecast, by week, the earliest first."""
    return _by_week(week, actual, forecast)


def weekly_bets(
    week: Codes, known: Floats, before_bets: Floats, known_share: Floats
) -> dict[int, float]:
    """Logarithm of the bets so far by those that were foretold before anybody bet, by week.

    It is told before any match is over. Matches of which next to nothing is known yet are left out.
    """
    is_seen = np.isfinite(before_bets) & (known_share >= _SEEN)
    foretold = (before_bets * known_share)[is_seen]
    return _by_week(week[is_seen], known[is_seen], foretold)


def _by_week(week: Codes, found: Floats, expected: Floats) -> dict[int, float]:
    sums = {}
    for one in np.unique(week).tolist():
        rows = week == one
        # A tenth of a percent: a week without any bet is off by seven in logarithms.
        share = float(found[rows].sum()) / max(float(expected[rows].sum()), 1e-9)
        sums[one] = float(np.log(max(share, 1e-3)))
    return sums


def standardised(errors: Mapping[int, float], deviation: float) -> list[float]:
    """Errors in deviations, in order of time."""
    return [error / deviation for _, error in sorted(errors.items())]
