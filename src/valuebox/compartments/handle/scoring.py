"""How far forecasts of handle were off, by class of leads, beside simpler ones.

WAPE is the sum of absolute errors by that of handles: single matches differ tenfold, and what a
match of 10,000 is off by matters to nobody. The interval score (Gneiting and Raftery, Strictly
proper scoring rules, JASA 102, 2007) charges the width of a 90 % interval, and 20 times what lies
outside of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from valuebox.compartments.handle.recipe import LEADS
from valuebox.statistics.arrays import Floats

ALL: Final = "all"
PREVIOUS: Final = "previous"
"""Name of the forecast of the same match that was made before."""
_OUTSIDE: Final = 2 / 0.1


@dataclass(frozen=True)
class Judged:
    """Forecasts of matches that are over, one a row; amounts of money."""

    lead: Sequence[str]
    """The class of leads, of `recipe.LEADS`."""
    actual: Floats
    forecast: Floats
    lower: Floats
    upper: Floats
    beside: Mapping[str, Floats]
    """Other forecasts by name; NaN where there is none."""


def figures(judged: Judged) -> dict[str, dict[str, float]]:
    """Figures by class of leads, and of all.

    `forecasts` is how many there are; `wape`, `bias` and `score` are shares of all handle, `inside`
    is the share in their intervals. Each of `beside` has the WAPE of those that there are; where
    there is a former forecast, `renewed` has that of the ones that followed it.
    """
    lead = np.array(judged.lead, dtype=object)
    found = {ALL: _figures(judged, np.ones(len(lead), dtype=bool))} if len(lead) else {}
    for name in LEADS:
        if (rows := lead == name).any():
            found[name] = _figures(judged, rows)
    return found


def _figures(judged: Judged, rows: Floats) -> dict[str, float]:
    actual, forecast, lower, upper = (
        one[rows] for one in (judged.actual, judged.forecast, judged.lower, judged.upper)
    )
    whole = max(float(actual.sum()), 1e-9)
    outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    found = {
        "forecasts": float(len(actual)),
        "wape": wape(forecast, actual),
        "bias": float(forecast.sum()) / whole - 1,
        "inside": float((outside == 0).mean()),
        "score": float((upper - lower + _OUTSIDE * outside).sum()) / whole,
    }
    for name, values in judged.beside.items():
        there = np.isfinite(values[rows])
        if there.any():
            found[name] = wape(values[rows][there], actual[there])
            if name == PREVIOUS:
                found["renewed"] = wape(forecast[there], actual[there])
    return found


def wape(forecast: Floats, actual: Floats) -> float:
    """Sum of absolute errors by the sum of what came true."""
    return float(np.abs(forecast - actual).sum() / max(float(actual.sum()), 1e-9))


def former(match: Sequence[str], at: Sequence[np.datetime64], forecast: Floats) -> Floats:
    """The forecast of the same match before each; NaN where there is none.

    Args:
        match: Of each forecast.
        at: When each was made.
        forecast: What each says.
    """
    last: dict[str, float] = {}
    found = np.full(len(match), np.nan)
    for row in np.argsort(np.array(at), kind="stable").tolist():
        found[row] = last.get(match[row], np.nan)
        last[match[row]] = float(forecast[row])
    return found
