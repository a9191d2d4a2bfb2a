"""How far forecasts of handle are off, in simulated worlds, beside whoever knows these worlds.

    python -m benchmarks.accuracy.handle [--worlds calm,shock] [--seeds 3] [--bets 100000] [--alone]

`off` is the sum of what forecasts are from the oracle's, by the sum of the oracle's; `WAPE` the
sum of absolute errors by that of handles, as a multiple of the oracle's, and `on the day` the same
of matches within a day of the newest bets; `score` the interval score
(Gneiting and Raftery, Strictly proper scoring rules, JASA 102, 2007), likewise.
Contenders learn at each asking from the matches that are over: a forest and boosted trees on the
same numbers of a match, the mean of its slot, and its bets by their usual share.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from valuebox.compartments.handle.recipe import LEADS
from valuebox.statistics.arrays import Floats
from valuebox_cli.handle.replay import Contender, replay
from valuebox_training.handle.simulate import simulate
from valuebox_training.handle.warehouse import write
from valuebox_training.handle.worlds import LEADS as FORMS
from valuebox_training.handle.worlds import WORLDS, world

_Z = 1.6448536269514722


def forest(numbers: Floats, handle: Floats, asked: Floats) -> Floats:
    """500 trees, as a notebook would have them, on what is known of matches before they begin."""
    from sklearn.ensemble import RandomForestRegressor

    trees = RandomForestRegressor(300, min_samples_leaf=2, random_state=0, n_jobs=1)
    found: Floats = trees.fit(numbers, handle).predict(asked)
    return found


def boosted(numbers: Floats, handle: Floats, asked: Floats) -> Floats:
    """Boosted trees on the logarithm of the handle."""
    from xgboost import XGBRegressor

    trees = XGBRegressor(
        n_estimators=200, max_depth=3, learning_rate=0.06, subsample=0.8, n_jobs=1, random_state=0
    )
    found: Floats = np.exp(trees.fit(numbers, np.log(handle)).predict(asked))
    return found


CONTENDERS: Mapping[str, Contender] = {"forest": forest, "boosted": boosted}


def measured(
    name: str, seed: int, bets: int, leads: str, contenders: Mapping[str, Contender]
) -> dict[str, Any]:
    """The figures of one world, drawn from one seed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write(simulate(world(name, seed, bets, leads)), place)
        said = replay(place, contenders).forecasts
        oracle = pd.read_csv(place / "oracle.csv")
    actual, known = oracle["actual"].to_numpy(), oracle["oracle"].to_numpy()
    reach = np.exp(_Z * oracle["deviation"].to_numpy())
    forecast, lower, upper = (said[one].to_numpy() for one in ("forecast", "lower", "upper"))

    def off(values: Any) -> float:
        return float(np.abs(values - known).sum() / known.sum())

    def error(values: Any, rows: Any = slice(None)) -> float:
        return float(np.abs(values - actual)[rows].sum() / actual[rows].sum())

    is_day = oracle["lead"].to_numpy() <= LEADS["match day"]

    return {
        "world": name,
        "off": off(forecast),
        "WAPE": error(forecast) / error(known),
        "on the day": error(forecast, is_day) / error(known, is_day),
        "inside": float(((actual >= lower) & (actual <= upper)).mean()),
        "score": _score(actual, lower, upper) / _score(actual, known / reach, known * reach),
        **{one: off(said[one].to_numpy()) for one in (*contenders, "slot_mean", "pick_up")},
    }


def _score(actual: Any, lower: Any, upper: Any) -> float:
    below, above = np.maximum(lower - actual, 0), np.maximum(actual - upper, 0)
    return float((upper - lower + 20 * (below + above)).sum())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bets", type=int, default=100_000)
    parser.add_argument("--leads", default=FORMS[0], help="how bets come in; all for each in turn")
    parser.add_argument("--alone", action="store_true", help="without trees, which take most time")
    given = parser.parse_args()
    contenders = {} if given.alone else CONTENDERS
    rows = []
    for name in given.worlds.split(","):
        for seed in range(1, given.seeds + 1):
            leads = FORMS[seed % len(FORMS)] if given.leads == "all" else given.leads
            rows.append(measured(name, seed, given.bets, leads, contenders))
            print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), file=sys.stderr)
    print(pd.DataFrame(rows).groupby("world", sort=False).mean().round(3).to_string())


if __name__ == "__main__":
    main()
