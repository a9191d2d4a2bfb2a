"""How cost grows with the number of rows that are sent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import psutil
from benchmarks.report import table
from benchmarks.serving.running import Running

STEPS: Final = (1, 3, 10, 30, 100, 300, 1_000)
ROWS: Final = 10_000
"""In each request."""
# One is linear; what it may differ from that, over so many powers of ten.
TOLERANCE: Final = 0.05
_SECONDS: Final = 3_600.0


@dataclass(frozen=True)
class Point:
    """So many rows, one request after the other."""

    rows: int
    seconds: float
    cpu_seconds: float
    database_cpu_seconds: float


def measured(
    served: Running,
    most: int,
    empty: Callable[[], None],
    processes: Callable[[], list[psutil.Process]],
) -> list[Point]:
    """From one request on, up to `most` rows, each time into an empty database."""
    points = []
    for requests in STEPS:
        if requests * ROWS <= most:
            empty()
            load = served.load(ROWS, 1, _SECONDS, processes, most=requests)
            if load.errors:
                raise AssertionError(f"{load.errors} errors at {requests} requests")
            rows, cpu, of_database = requests * ROWS, load.cpu_seconds, load.database_cpu_seconds
            points.append(Point(rows, load.seconds, cpu, of_database))
    return points


def exponent(points: list[Point]) -> float:
    """Of the power of the number of rows that the seconds grow with."""
    rows, seconds = np.log([[one.rows, one.seconds] for one in points]).T
    return float(np.polyfit(rows, seconds, 1)[0])


def growth_table(name: str, points: list[Point]) -> str:
    """For people."""
    grown = exponent(points)
    verdict = "linear" if abs(grown - 1) <= TOLERANCE else "**not linear**"
    rows: list[list[object]] = [
        [
            f"{one.rows:,}",
            f"{one.seconds:.2f}",
            f"{one.rows / one.seconds:,.0f}",
            f"{one.cpu_seconds:.2f}",
            f"{one.database_cpu_seconds:.2f}",
        ]
        for one in points
    ]
    header = [f"{name}, rows", "seconds", "rows/s", "CPU s", "PostgreSQL CPU s"]
    return (
        f"{table(header, rows)}\n\nSeconds grow with rows to the power of {grown:.3f}: {verdict}."
    )
