"""Simple forecasts that a model has to beat: they are stored beside it, and never answered."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from valuebox.compartments.handle.book import Fixture
from valuebox.compartments.handle.forecasting import Fitted, Forecast
from valuebox.statistics.arrays import Codes, Floats

NAMES: Final = ("slot_mean", "last_three", "pick_up", "forest")
"""Mean of the slot; mean of the last three matches of both teams; bets so far by their usual
share; a forest on what is known of matches before anybody bets."""
_LAST: Final = 3


def baselines(fitted: Fitted, said: Forecast) -> dict[str, Floats]:
    """What each of `NAMES` says of the matches of a forecast."""
    over = fitted.book.fixtures(fitted.over)
    totals = fitted.totals[fitted.over]
    order = np.argsort([one.kickoff for one in over], kind="stable")
    slots = _means([one.slot for one in over], totals)
    everything = float(totals.mean()) if len(totals) else 0.0
    slot = np.array([slots.get(one.slot, everything) for one in said.asked])
    last = np.array([_last(one, over, totals, order, everything) for one in said.asked])
    picked = np.where(said.share > 0.02, said.known / np.maximum(said.share, 0.02), slot)
    trees = fitted.forest(said.described)
    return {"slot_mean": slot, "last_three": last, "pick_up": picked, "forest": trees}


def _means(names: Sequence[str], values: Floats) -> dict[str, float]:
    by_name: dict[str, list[float]] = {}
    for name, value in zip(names, values.tolist(), strict=True):
        by_name.setdefault(name, []).append(value)
    return {name: float(np.mean(found)) for name, found in by_name.items()}


def _last(
    asked: Fixture, over: Sequence[Fixture], totals: Floats, order: Codes, otherwise: float
) -> float:
    """Mean of the last three matches of each team, of any season."""
    found = []
    for team in (asked.home, asked.away):
        theirs = [at for at in order if team in (over[int(at)].home, over[int(at)].away)]
        found += [float(totals[int(at)]) for at in theirs[-_LAST:]]
    return float(np.mean(found)) if found else otherwise
