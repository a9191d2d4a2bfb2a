"""What serving must reach, as ratios of one run."""

from dataclasses import dataclass
from typing import Final

from benchmarks.report import table
from benchmarks.serving.contenders import BULK, LIMIT, LIST, STORE_NOTHING, TUNED, USUAL
from benchmarks.serving.results import Cell, Figure, Figures, Results

ONE: Final = Cell(1, 1)
MANY: Final = Cell(10_000, 1)
BUSY: Final = Cell(1, 16)


def p50(figures: Figures) -> float:
    """Of latency."""
    return figures.p50


def throughput(figures: Figures) -> float:
    """Rows a second."""
    return figures.rows_per_second


@dataclass(frozen=True)
class Target:
    """`contender` against `other`; at most or at least so many times."""

    cell: Cell
    contender: str
    what: str
    figure: Figure
    other: str
    bound: float
    at_most: bool

    def found(self, results: Results) -> float | None:
        """The ratio; None where it was not measured."""
        return results.ratio(self.figure, self.contender, self.other, self.cell)

    def is_reached(self, ratio: float) -> bool:
        """Whether a ratio suffices."""
        return ratio <= self.bound if self.at_most else ratio >= self.bound

    def __str__(self) -> str:
        sign = "≤" if self.at_most else "≥"
        return f"{self.what} {sign} {self.bound:g} × {self.other}"


def _latency(other: str, bound: float) -> Target:
    return Target(ONE, LIST, "p50", p50, other, bound, at_most=True)


def _rate(cell: Cell, contender: str, other: str, bound: float) -> Target:
    return Target(cell, contender, "rows/s", throughput, other, bound, at_most=False)


TARGETS: Final = (
    _latency(LIMIT, 2.5),
    _latency(TUNED, 1.5),
    _latency(USUAL, 0.4),
    *(_latency(name, 1.0) for name in STORE_NOTHING),
    _rate(MANY, BULK, LIMIT, 1.0),
    _rate(MANY, BULK, USUAL, 10.0),
    _rate(MANY, LIST, LIMIT, 0.6),
    _rate(MANY, LIST, USUAL, 10.0),
    _rate(BUSY, LIST, LIMIT, 0.6),
)
TAIL: Final = 5.0
"""How many times its median the 99th percentile may be, with 16 connections."""


def judged(results: Results) -> list[tuple[str, Cell, str, str, bool | None]]:
    """Every target: who, where, what is asked, what was found, and whether it is reached."""
    lines: list[tuple[str, Cell, str, str, bool | None]] = []
    for one in TARGETS:
        ratio = one.found(results)
        reached = None if ratio is None else one.is_reached(ratio)
        shown = "" if ratio is None else f"{ratio:.2f}"
        lines.append((one.contender, one.cell, str(one), shown, reached))
    tail, errors = f"p99 ≤ {TAIL:g} × p50", "no error"
    if LIST in results.contenders(BUSY):
        busy = results.median(LIST, BUSY)
        ratio = busy.p99 / busy.p50
        lines.append((LIST, BUSY, tail, f"{ratio:.2f}", ratio <= TAIL))
        lines.append((LIST, BUSY, errors, f"{busy.errors:.0f}", busy.errors == 0))
    else:
        lines += [(LIST, BUSY, tail, "", None), (LIST, BUSY, errors, "", None)]
    return lines


def verdicts(results: Results) -> str:
    """All of them as a table."""
    words = {True: "reached", False: "**missed**", None: "not measured"}
    return table(
        ["rows × connections", "contender", "target", "found", ""],
        [
            [str(cell), contender, target, found, words[reached]]
            for contender, cell, target, found, reached in judged(results)
        ],
    )
