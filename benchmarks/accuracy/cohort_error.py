"""Cohort errors of the model that `valuebox train` fits, side by side with the usual ones.

    python -m benchmarks.accuracy.cohort_error COMMAND

`run RESULTS.jsonl` takes hours, and goes on where it stopped; `tables RESULTS.jsonl` prints the
Markdown of docs/cohort-error.md; `files DATA_DIR` prints one table for train.csv and valid.csv.

Every contender learns from the simulated December to June and is judged on July and on August,
in every world and with three seeds, against the oracle: the true expectation of every user.
"""

import json
import sys
import time
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
import typer
from benchmarks.accuracy import cohort_tables
from benchmarks.accuracy.peers import PEERS, Fit
from numpy.typing import NDArray

from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox_training.ltv import cohorts, pipeline
from valuebox_training.ltv.simulate import Simulation, simulate
from valuebox_training.ltv.worlds import WORLDS

OURS: Final = "valuebox"
ORACLE: Final = "oracle"
SEEDS: Final = 3
# Small, medium and large cohorts, by users.
SIZES: Final = {"small": (1, 29), "medium": (30, 999), "large": (1_000, 10**9)}

app = typer.Typer(help=__doc__, rich_markup_mode=None)


@app.command()
def run(
    results: Annotated[Path, typer.Argument(help="JSON lines, one per world, seed, contender.")],
    worlds: Annotated[str, typer.Option(help="Names, with commas; all by default.")] = "",
    contenders: Annotated[str, typer.Option(help="Names, with commas; all by default.")] = "",
    users_per_day: Annotated[float, typer.Option(help="Mean number of joins a day.")] = 1750,
    seeds: Annotated[int, typer.Option(help="Draws of every world.")] = SEEDS,
) -> None:
    """Train and judge; what RESULTS holds already is left out."""
    fits: dict[str, Fit] = {OURS: Ours, **PEERS}
    wanted = [ORACLE, *_chosen(contenders, fits)]
    rows = read_results(results)
    if any(row["users_per_day"] != users_per_day for row in rows):
        raise typer.BadParameter(f"{results} holds results of another size")
    done = {(row["world"], row["seed"], row["contender"]) for row in rows}
    chosen = _chosen(worlds, WORLDS)
    # Every world once before any twice, so that a run that is stopped tells of all of them.
    for draw, world in product(range(seeds), chosen):
        seed = seed_of(world, draw)
        missing = [name for name in wanted if (world, seed, name) not in done]
        if not missing:
            continue
        simulation = simulate(users_per_day, seed, world)
        for name in missing:
            row = {"world": world, "seed": seed, "contender": name, "users_per_day": users_per_day}
            row |= contest(simulation, name, fits)
            with results.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{world} {seed} {name}: {row['seconds']:.0f} s", file=sys.stderr, flush=True)


@app.command()
def tables(results: Path) -> None:
    """Print the tables."""
    print(cohort_tables.render(read_results(results)))


@app.command()
def files(data: Annotated[Path, typer.Argument()] = Path("data")) -> None:
    """Judge the contenders that need no further library on the files of a folder."""
    train, valid = (read_users(data / f"{name}.csv") for name in ("train", "valid"))
    names = ("linear regression", "segment and STV means", "segment means")
    fits: dict[str, Fit] = {OURS: Ours, **{name: PEERS[name] for name in names}}
    found = valid.assign(**{name: fit(train)(valid) for name, fit in fits.items()})
    print(cohort_tables.of_files(found, list(fits), len(train)))


def seed_of(world: str, draw: int) -> int:
    """Another one in every world, so that the chance of one draw is not that of all worlds."""
    return 100 * (1 + list(WORLDS).index(world)) + draw


class Ours:
    """What `valuebox train` fits."""

    def __init__(self, train: pd.DataFrame):
        self.model = pipeline.to_model(pipeline.fit(train), train)

    def __call__(self, users: pd.DataFrame) -> NDArray[np.float64]:
        """Predict."""
        return self.model.predict(columns_of(users))


def contest(simulation: Simulation, name: str, fits: Mapping[str, Fit]) -> dict[str, Any]:
    """Errors of one contender by part, period and segment; ours with its coverage."""
    train = simulation.train.users
    started = time.perf_counter()
    predict = None if name == ORACLE else fits[name](train)
    seconds = time.perf_counter() - started
    parts: dict[str, Any] = {}
    for part_name, part in (("valid", simulation.valid), ("test", simulation.test)):
        prediction = predict(part.users) if predict else part.oracle
        users = part.users.assign(prediction=prediction)
        parts[part_name] = errors(users)
        if isinstance(predict, Ours):
            known = set(train["country_segment"].dropna())
            parts[part_name]["coverage"] = coverage(users, predict.model, known)
    return {"seconds": seconds, "users": len(train), "parts": parts}


def errors(users: pd.DataFrame) -> dict[str, Any]:
    """Mean absolute error of the cohort mean by period and segment."""
    found: dict[str, Any] = {}
    for period in cohorts.GRAINS:
        means = cohorts.cohort_means(users, period, ["prediction"])
        table = cohorts.cohort_errors(means, ["prediction"])
        found[period] = dict(zip(table["country_segment"], table["prediction"], strict=True))
    return found


def coverage(users: pd.DataFrame, model: LtvModel, known: set[str]) -> dict[str, list[int]]:
    """Cohorts inside their interval, and all of them, by period and size, and if new."""
    report = cohorts.report(users.assign(baseline=0.0), model.uncertainty.cohort_interval)
    counts: dict[str, list[int]] = {}
    for period in cohorts.GRAINS:
        for cohort in getattr(report, period).cohorts:
            size = next(s for s, (least, most) in SIZES.items() if least <= cohort.users <= most)
            is_new = cohort.country_segment not in {*known, cohorts.MISSING_SEGMENT}
            for kind in ("all", size, *(["new"] if is_new else [])):
                count = counts.setdefault(f"{period} {kind}", [0, 0])
                count[0] += int(cohort.lower <= cohort.actual <= cohort.upper)
                count[1] += 1
    lower, upper = model.uncertainty.interval(
        users["prediction"].to_numpy(), users["STV"].to_numpy()
    )
    inside = (lower <= users["target"]) & (users["target"] <= upper)
    counts["users"] = [int(inside.sum()), len(inside)]
    return counts


def read_results(results: Path) -> list[dict[str, Any]]:
    """All lines so far; not the last one, where it was cut off while being written."""
    lines = results.read_text().splitlines(keepends=True) if results.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _chosen(names: str, known: Iterable[str]) -> list[str]:
    """Names given with commas, or all that are known."""
    chosen = names.split(",") if names else list(known)
    if unknown := set(chosen) - set(known):
        raise typer.BadParameter(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    return chosen


if __name__ == "__main__":
    app()
