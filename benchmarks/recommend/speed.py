"""How long an index takes to build, how large it is, and how long an answer takes.

    make bench-recommend-speed SESSIONS=FOLDER [INTO="--into FILE"]

Beside `wsknn`, where that is installed, on the clicks of a public set; then alone on made-up logs
of a million and of ten million clicks, each in a process of its own, whose peak is told.
"""

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from benchmarks.features.comparing import apart
from benchmarks.recommend.made_log import made
from benchmarks.recommend.peers import asked
from benchmarks.recommend.sets import AS_THEY_ARE, clicks
from benchmarks.report import put_section, table

from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.recommender import Recommender

_ASKED = 2_000


def main(
    sessions: Annotated[Path, typer.Argument(help="Folder with the sets.")],
    largest: Annotated[int, typer.Option(help="Clicks of the larger made-up log.")] = 10_000_000,
    into: Annotated[Path | None, typer.Option(help="Document whose tables are replaced.")] = None,
) -> None:
    """Measure and print."""
    sections = {"## An answer, beside wsknn": beside(sessions)}
    rows = [apart(grown, size) for size in (largest // 10, largest)]
    header = ["clicks", "built, s of CPU", "peak, MiB", "shared, MiB", "p50, ms", "p99, ms"]
    sections["## Made-up logs"] = table(header, rows)
    for heading, text in sections.items():
        print(f"{heading}\n\n{text}\n")
        if into is not None:
            put_section(into, heading, text)


def beside(folder: Path) -> str:
    """Answers of both to the same questions, taking turns."""
    of = clicks(folder)
    questions = of.questions[:_ASKED]
    recommender = Recommender(Index.build(of.sessions, of.items, of.times, of.ids, AS_THEY_ARE))
    seen = [[of.ids[item] if item >= 0 else "?" for item in one.seen] for one in questions]
    times: dict[str, list[float]] = {}
    for _ in range(3):
        times.setdefault("valuebox", []).extend(took(lambda one: recommender.answer(one), seen))
        for name, found in asked(of, questions, ["wsknn"]).items():
            times.setdefault(name, []).extend(found["seconds"])
    base = float(np.median(times["valuebox"]))
    rows: list[list[object]] = [
        [
            name,
            *(f"{np.percentile(own, share) * 1e3:.3f}" for share in (50, 90, 99)),
            f"{np.median(own) / base:.1f}",
        ]
        for name, own in times.items()
    ]
    return table(["", "p50, ms", "p90, ms", "p99, ms", "÷ valuebox"], rows)


def grown(size: int) -> list[object]:
    """What a made-up log of that many clicks takes."""
    log = made(size)
    began = time.process_time()
    index = Index.build(*log)
    built = time.process_time() - began
    highest = peak()
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        index.save(Path(name))
        recommender = Recommender(Index.open(Path(name)))
        order = np.argsort(log[0], kind="stable")
        starts = random.integers(0, size - 9, size=_ASKED)
        lengths = random.integers(1, 6, size=_ASKED)
        asked_about = [
            [log[3][item] for item in log[1][order[start : start + length]].tolist()]
            for start, length in zip(starts, lengths, strict=True)
        ]
        took(recommender.answer, asked_about[:200])
        times = took(recommender.answer, asked_about)
    return [
        size,
        f"{built:.1f}",
        f"{highest:,.0f}",
        f"{index.nbytes / 2**20:,.0f}",
        *(f"{np.percentile(times, share) * 1e3:.2f}" for share in (50, 99)),
    ]


def took(answer: Callable[[list[str]], Any], asked_about: list[list[str]]) -> list[float]:
    """Seconds of each answer."""
    found = []
    for seen in asked_about:
        began = time.perf_counter()
        answer(seen)
        found.append(time.perf_counter() - began)
    return found


def peak() -> float:
    """MiB that this process has needed at most, the log among them."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    typer.run(main)
