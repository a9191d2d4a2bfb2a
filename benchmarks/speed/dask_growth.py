"""How time and memory of `--dask` grow with the users, on a cluster of this machine.

    python -m benchmarks.speed.dask_growth [--into docs/scoring-speed.md]

A new cluster of two workers with one thread each for every figure: what is shown is the cost of
going through a cluster, not what more machines save. Beside it, the same command without `--dask`.
"""

import argparse
import os
import resource
import sys
import tempfile
from pathlib import Path

import pandas as pd
from benchmarks.report import measured_with, put_section, table
from benchmarks.speed.scoring import apart, make_users, timed
from distributed import Client, LocalCluster

from valuebox_training.ltv.simulate import simulate

LEARN = (400_000, 1_000_000, 2_000_000, 5_000_000)
SCORE = (400_000, 2_000_000, 5_000_000, 20_000_000)
WORKERS = 2
AT_ONCE = 500_000
# December to June.
DAYS = 212


def main() -> None:
    """Measure, print, and put the tables into a document."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--learn", type=int, nargs="*", default=LEARN)
    options.add_argument("--score", type=int, nargs="*", default=SCORE)
    options.add_argument("--into", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["BENTOML_HOME"] = str(folder / "bentoml")
        apart(make_training, folder, AT_ONCE)
        timed("train", "--data", folder)
        learned = []
        for users in chosen.learn:
            apart(make_training, folder, users)
            learned.append(row(users, "train", "--data", folder, "--model", "grown"))
        scored = []
        for users in chosen.score:
            file = folder / "users.parquet"
            apart(make_users, file, users)
            scored.append(row(users, "score", file, "--out", folder / "scores.parquet"))
    header = ["with `--dask`, s", "peak, MiB", "peak of a worker, MiB", "without, s", "peak, MiB"]
    text = "\n\n".join(
        [
            table(["`valuebox train`, users", *header], learned),
            table(["`valuebox score`, users", *header], scored),
            f"{WORKERS} workers of one thread, on the machine of the command. Measured once, on "
            + measured_with(),
        ]
    )
    print(text)
    if chosen.into:
        put_section(chosen.into, "## On a Dask cluster", text)


def make_training(folder: Path, count: int) -> None:
    """Write train.csv with as many users, of several sites where one would need much memory."""
    file = folder / "train.csv"
    for seed, start in enumerate(range(0, count, AT_ONCE)):
        wanted = min(AT_ONCE, count - start)
        users = simulate(1.15 * wanted / DAYS + 5, seed).train.users
        # Over the whole time, rather than the first of them.
        users = users.sample(min(wanted, len(users)), random_state=seed)
        users["user_id"] = range(start, start + len(users))
        users["join_date"] = pd.to_datetime(users["join_date"]).dt.strftime("%Y-%m-%d %H:%M:%S")
        users.to_csv(file, index=False, na_rep="NA", header=not start, mode="a" if start else "w")


def row(users: int, *command: object) -> list[object]:
    """One command on a new cluster, and without."""
    alone = timed(*command)
    with LocalCluster(WORKERS, threads_per_worker=1, dashboard_address=None) as cluster:
        seconds, peak = timed(*command, "--dask", cluster.scheduler_address)
        with Client(cluster) as client:
            of_worker = max(client.run(peak_mebibytes).values())
    figures = [f"{seconds:.1f}", f"{peak:,.0f}", f"{of_worker:,.0f}"]
    figures += [f"{alone[0]:.1f}", f"{alone[1]:,.0f}"]
    print(command[0], users, figures, file=sys.stderr, flush=True)
    return [users, *figures]


def peak_mebibytes() -> float:
    """Of the process that is asked."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
