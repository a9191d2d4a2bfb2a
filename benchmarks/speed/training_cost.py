"""What learning and predicting cost: time and memory of `valuebox train`, speed of a prediction.

    python -m benchmarks.speed.training_cost

Trains at the size of the real site, 1,750 users a day. Predicting is shown beside the booster
alone on rows that are encoded already, the least that any service has to do.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from valuebox.compartments.ltv.features import FEATURES, Columns
from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.compartments.ltv.model import LtvModel

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7


def main() -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BENTOML_HOME"] = f"{folder}/bentoml"
        data = Path(folder) / "data"
        valuebox = str(Path(sys.executable).with_name("valuebox"))
        subprocess.run([valuebox, "simulate", str(data)], check=True, capture_output=True)
        started = time.perf_counter()
        child = subprocess.Popen([valuebox, "train", "--data", str(data)])
        # Of this child alone, where RUSAGE_CHILDREN would tell of the largest one.
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        if status:
            sys.exit(1)
        peak = usage.ru_maxrss / 1024
        print(f"\n`valuebox train`, all of it: {seconds:.0f} s, {peak:,.0f} MiB at its peak\n")
        print("| users at once | with interval, µs a user | ÷ without | ÷ booster alone |")
        print("|--:|--:|--:|--:|")
        users = read_users(data / "valid.csv")
        model = LtvModel.load("ltv")
        for count in (1, 100, 10_000):
            columns = {n: v for n, v in columns_of(users.head(count)).items() if n in FEATURES}
            print(row(model, columns, count))


def row(model: LtvModel, columns: Columns, count: int) -> str:
    """Medians over interleaved rounds."""
    matrix, trees = model.encoder.transform(columns), model.regressor.booster

    ways: list[Callable[[], object]] = [
        lambda: model.estimate(columns),
        lambda: model.predict(columns),
        lambda: trees.inplace_predict(matrix),
    ]
    repeat = max(1, 2_000 // count)
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, taken in zip(ways, times, strict=True):
            started = time.perf_counter()
            for _ in range(repeat):
                way()
            taken.append((time.perf_counter() - started) / repeat / count)
    full, plain, alone = (median(taken) for taken in times)
    return f"| {count:,} | {1e6 * full:.1f} | {full / plain:.2f} | {full / alone:.2f} |"


if __name__ == "__main__":
    main()
