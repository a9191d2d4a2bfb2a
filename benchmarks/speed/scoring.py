"""`valuebox score` beside the booster alone, from ten thousand users to ten million.

    python -m benchmarks.speed.scoring [--into docs/scoring-speed.md]

The booster alone is `Booster.inplace_predict` on rows that are encoded already, with as many
threads, in batches of the same size: no reading, checking, encoding, intervals or writing, and no
process to start. Both take turns, and medians are shown.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost as xgb
from benchmarks.report import measured_with, put_section, table
from pyarrow import csv

from valuebox.compartments.ltv.files import checked
from valuebox.compartments.ltv.model import LtvModel
from valuebox_cli.ltv.score import BATCH
from valuebox_cli.ltv.scoring.source import source
from valuebox_training.ltv.simulate import simulate

SIZES = (10_000, 100_000, 1_000_000, 3_000_000, 10_000_000)
ROUNDS = 3
AT_ONCE = 1_000_000
# From December to August.
DAYS = 274
VALUEBOX = str(Path(sys.executable).with_name("valuebox"))


class Cost(NamedTuple):
    """Medians for a file of so many users."""

    users: int
    raw: float
    score: float
    mebibytes: float


def main() -> None:
    """Measure, print, and put the table into a document."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--into", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["BENTOML_HOME"] = str(folder / "bentoml")
        for command in (["simulate", str(folder)], ["train", "--data", str(folder)]):
            subprocess.run([VALUEBOX, *command], check=True, capture_output=True)
        costs = []
        for size in chosen.sizes:
            file = folder / f"{size}.parquet"
            apart(make_users, file, size)
            costs.append(cost(file, size, chosen.rounds))
            print(costs[-1], file=sys.stderr, flush=True)
        from_csv = csv_seconds(folder)
    text = document(costs, from_csv, chosen.rounds)
    print(text)
    if chosen.into:
        put_section(chosen.into, "## From Parquet to Parquet", text)


def apart(function, *arguments):  # type: ignore[no-untyped-def]
    """Call it in a process of its own: its memory is not to count for others."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as one:
        return one.submit(function, *arguments).result()


def make_users(file: Path, count: int) -> None:
    """Write simulated users, several sites of them where one would not fit into memory."""
    writer: pq.ParquetWriter | None = None
    for seed, start in enumerate(range(0, count, AT_ONCE)):
        wanted = min(AT_ONCE, count - start)
        # A tenth more, because chance decides how many join.
        simulation = simulate(1.1 * wanted / DAYS + 5, seed)
        parts = (simulation.train, simulation.valid, simulation.test)
        users = pa.concat_tables(
            (pa.Table.from_pandas(part.users, preserve_index=False) for part in parts),
            promote_options="permissive",
        ).slice(0, wanted)
        writer = writer or pq.ParquetWriter(file, users.schema)
        writer.write_table(users.cast(writer.schema))
    if writer:
        writer.close()


def raw(file: Path, scored: Path) -> float:
    """Seconds in the booster alone.

    Raises:
        AssertionError: when the command has written anything else than the model says.
    """
    model = LtvModel.load("ltv")
    booster = model.regressor.booster
    booster.set_param({"nthread": os.cpu_count()})
    seconds, rows = 0.0, 0
    said = pq.read_table(scored, columns=["prediction"])["prediction"].to_numpy()
    for users in source(file).batches(BATCH):
        _, columns, _ = checked(users, rows)
        matrix = model.encoder.transform(columns)
        started = time.perf_counter()
        predicted = booster.inplace_predict(matrix)
        seconds += time.perf_counter() - started
        bounded = model.paid.bounded(predicted.astype(float), columns["STV"])
        expected = model.level.corrected(bounded, columns["STV"])
        np.testing.assert_array_equal(said[rows : rows + len(matrix)], expected)
        rows += len(matrix)
    np.testing.assert_equal(len(said), rows)
    return seconds


def timed(*command: object) -> tuple[float, float]:
    """Seconds and MiB at its peak of a `valuebox` command, from its start to its end."""
    started = time.perf_counter()
    child = subprocess.Popen([VALUEBOX, *map(str, command)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.exit(1)
    return seconds, usage.ru_maxrss / 1024


def cost(file: Path, users: int, rounds: int) -> Cost:
    """Take turns, and compare what both say."""
    out = file.with_name("scored.parquet")
    raws, scores, peaks = [], [], []
    for _ in range(rounds):
        seconds, peak = timed("score", file, "--out", out)
        scores.append(seconds)
        peaks.append(peak)
        raws.append(apart(raw, file, out))
    return Cost(users, median(raws), median(scores), max(peaks))


def csv_seconds(folder: Path) -> tuple[int, float]:
    """The same from CSV to CSV, for a million users."""
    parquet, file = folder / "users.parquet", folder / "users.csv"
    apart(make_users, parquet, AT_ONCE)
    csv.write_csv(pq.read_table(parquet), file)
    return AT_ONCE, timed("score", file, "--out", folder / "scored.csv")[0]


def document(costs: list[Cost], from_csv: tuple[int, float], rounds: int) -> str:
    """The table, the fit and how they came about."""
    rows: list[list[object]] = [
        [
            one.users,
            f"{one.raw:.2f}",
            f"{one.score:.2f}",
            f"{one.score / one.raw:.1f}",
            f"{one.mebibytes:,.0f}",
        ]
        for one in costs
    ]
    header = ["users", "booster alone, s", "`valuebox score`, s", "÷ booster alone", "peak, MiB"]
    users = np.array([one.users for one in costs], dtype=float)
    seconds = np.array([one.score for one in costs])
    slope, start = np.polyfit(users, seconds, 1)
    fitted = start + slope * users
    explained = 1 - ((seconds - fitted) ** 2).sum() / ((seconds - seconds.mean()) ** 2).sum()
    return "\n\n".join(
        [
            table(header, rows),
            f"Least squares: {start:.1f} s to start, and {1e6 * slope:.2f} µs a user more "
            f"(R² {explained:.4f}; no point is further off than "
            f"{np.abs(seconds - fitted).max():.1f} s).",
            f"From CSV to CSV, {from_csv[0]:,} users take {from_csv[1]:.1f} s.",
            f"Medians of {rounds} rounds; the highest peak. Measured on "
            + measured_with(f"xgboost {xgb.__version__}", f"pyarrow {pa.__version__}"),
        ]
    )


if __name__ == "__main__":
    main()
