"""`valuebox features build` beside DuckDB, Polars and pandas by hand, over millions of events.

    make bench-features [INTO="--into docs/features-speed.md"]

All make the table of examples/features/offers.toml from the same Parquet file, in processes of
their own, from start to end, and take turns. Their tables are compared to a millionth.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Annotated, Final, NamedTuple

import pyarrow.parquet as pq
import typer
from benchmarks.features.comparing import apart, check
from benchmarks.features.made_log import Size, write_log
from benchmarks.report import measured_with, put_section, table
from distributed import LocalCluster

ROOT: Final = Path(__file__).resolve().parents[2]
DECLARATION: Final = ROOT / "examples" / "features" / "offers.toml"
VALUEBOX: Final = Path(sys.executable).with_name("valuebox")
PEERS: Final = Path(__file__).parent / "peers"
CONTENDERS: Final = ROOT / ".contenders" / "features" / "bin" / "python"
FEAST: Final = ROOT / ".contenders" / "feast" / "bin" / "python"
BY_HAND: Final = ("DuckDB", "Polars", "pandas")
OURS: Final = "valuebox"
BOT: Final = 0.02
"""Share of events that a single customer has."""
TENFOLD: Final = 10


class Cost(NamedTuple):
    """What a process took, with those that it started."""

    cpu: float
    """Seconds of processors."""
    wall: float
    mebibytes: float
    """At its peak."""


def main(
    events: Annotated[int, typer.Option(help="Events of the log.")] = 5_000_000,
    rounds: Annotated[int, typer.Option(help="Medians are of so many.")] = 3,
    tenfold: Annotated[bool, typer.Option(help="Whether ten times as many are built.")] = True,
    into: Annotated[Path | None, typer.Option(help="Document whose tables are replaced.")] = None,
) -> None:
    """Measure, compare, print, and put the tables into a document."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, bot = folder / "log.parquet", folder / "bot.parquet"
        size = Size(events, events // 25)
        apart(write_log, log, size)
        apart(write_log, bot, replace(size, bot=int(events * BOT)))
        sections = {
            "## Beside others": beside(log, folder, rounds),
            "## Beside Feast": beside_feast(log, folder, rounds),
            "## A bot, buckets and a cluster": alone(log, bot, folder, rounds),
        }
        if tenfold:
            sections["## Ten times as much"] = grown(log, folder, size)
    for heading, text in sections.items():
        print(f"{heading}\n\n{text}\n")
        if into:
            put_section(into, heading, text)


def beside(log: Path, folder: Path, rounds: int) -> str:
    """Everybody's cost of the same table."""
    costs: dict[str, list[Cost]] = {}
    anchors = 0
    for _ in range(rounds):
        for one in (OURS, *BY_HAND):
            costs.setdefault(one, []).append(
                cost(command_of(one, [log], folder / f"{one}.parquet"))
            )
            print(one, costs[one][-1], file=sys.stderr, flush=True)
    for one in BY_HAND:
        anchors = apart(check, folder / f"{OURS}.parquet", folder / f"{one}.parquet", one)
    best = min(cpu_of(costs[one]) for one in BY_HAND[:2])
    rows: list[list[object]] = [
        [
            one if one == OURS else f"{one}, by hand",
            f"{cpu_of(found):.1f}",
            f"{cpu_of(found) / best:.2f}",
            f"{median(run.wall for run in found):.1f}",
            f"{max(run.mebibytes for run in found):,.0f}",
        ]
        for one, found in costs.items()
    ]
    header = ["", "CPU, s", "÷ better of DuckDB and Polars", "wall, s", "peak, MiB"]
    return f"{table(header, rows)}\n\n{anchors:,} anchors. Medians of {rounds}. {measured_with()}"


def beside_feast(log: Path, folder: Path, rounds: int) -> str:
    """What a join of ready-made values costs that Feast does, and how many rows are left."""
    ready, theirs, ours = folder / "feast", folder / "Feast.parquet", folder / f"{OURS}.parquet"
    ready.mkdir()
    program = [FEAST, PEERS / "in_feast_offline.py"]
    makes = cost([*program, "prepare", log, ready])
    costs: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        for name, command in (
            (f"{OURS}, from events", command_of(OURS, [log], ours)),
            ("Feast, join of ready-made values", [*program, "join", ready, theirs]),
        ):
            costs.setdefault(name, []).append(cost(command))
            print(name, costs[name][-1], file=sys.stderr, flush=True)
    left = [pq.read_metadata(one).num_rows for one in (ours, theirs)]
    rows: list[list[object]] = [
        [
            name,
            f"{cpu_of(found):.1f}",
            f"{median(run.wall for run in found):.1f}",
            f"{max(run.mebibytes for run in found):,.0f}",
            f"{count:,}",
        ]
        for (name, found), count in zip(costs.items(), left, strict=True)
    ]
    return (
        f"{table(['', 'CPU, s', 'wall, s', 'peak, MiB', 'rows'], rows)}\n\n"
        f"{left[0]:,} anchors. Feast joins two values of seven, the country and what was spent so "
        f"far, by when things happened; to have them worked out before took pandas "
        f"{makes.cpu:.1f} s more."
    )


def alone(log: Path, bot: Path, folder: Path, rounds: int) -> str:
    """What other logs and other ways cost, beside the plain one."""
    plain, other = folder / "plain.parquet", folder / "other.parquet"
    ways: dict[str, list[object]] = {
        "as it is": [],
        "with one bot of 2 % of all events": [],
        "in 2 buckets": ["--buckets", 2],
        "in 16 buckets": ["--buckets", 16],
    }
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    with LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        ways["on Dask, 2 workers"] = ["--dask", cluster.scheduler_address]
        for _ in range(rounds):
            for name, options in ways.items():
                is_plain, is_bot = name == "as it is", "bot" in name
                file = bot if is_bot else log
                found = cost([*command_of(OURS, [file], plain if is_plain else other), *options])
                costs.setdefault(name, []).append(found)
                print(name, found, file=sys.stderr, flush=True)
                if not is_bot and not is_plain and other.read_bytes() != plain.read_bytes():
                    raise AssertionError(f"{name}: another table")
    base = cpu_of(costs["as it is"])
    rows: list[list[object]] = [
        [
            name,
            # Of workers the command's own processor says nothing.
            "" if "Dask" in name else f"{cpu_of(found):.1f}",
            "" if "Dask" in name else f"{cpu_of(found) / base:.2f}",
            f"{median(run.wall for run in found):.1f}",
            f"{max(run.mebibytes for run in found):,.0f}",
        ]
        for name, found in costs.items()
    ]
    header = ["", "CPU, s", "÷ as it is", "wall, s", "peak, MiB"]
    return f"{table(header, rows)}\n\nAll but the bot's are the same file, byte for byte."


def grown(log: Path, folder: Path, size: Size) -> str:
    """The cost of ten logs of other customers."""
    logs = [log]
    for seed in range(1, TENFOLD):
        logs.append(folder / f"log-{seed}.parquet")
        apart(write_log, logs[-1], size, seed)
    costs = [cost(command_of(OURS, some, folder / "grown.parquet")) for some in ([log], logs)]
    rows: list[list[object]] = [
        [
            size.events * count,
            f"{found.cpu:.1f}",
            f"{found.cpu / costs[0].cpu:.1f}",
            f"{found.wall:.1f}",
            f"{found.mebibytes:,.0f}",
        ]
        for count, found in zip((1, TENFOLD), costs, strict=True)
    ]
    return table(["events", "CPU, s", "÷ the first", "wall, s", "peak, MiB"], rows)


def cpu_of(runs: Sequence[Cost]) -> float:
    """Median of the seconds of processors."""
    return median(run.cpu for run in runs)


def command_of(who: str, logs: Sequence[Path], out: Path) -> list[object]:
    """What makes the table."""
    if who == OURS:
        files = [part for log in logs for part in ("--events", log)]
        return [VALUEBOX, "features", "build", DECLARATION, *files, "--out", out]
    return [CONTENDERS, PEERS / f"in_{who.lower()}.py", *logs, out]


def cost(command: Sequence[object]) -> Cost:
    """Run a command.

    Raises:
        AssertionError: where it fails.
    """
    began = time.perf_counter()
    child = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise AssertionError(f"failed: {command}")
    wall = time.perf_counter() - began
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    typer.run(main)
