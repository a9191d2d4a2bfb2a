"""What serving must reach: ratios of one run, and processor time."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from benchmarks.report import table
from benchmarks.serving.cells import BUSIER, BUSY, CELLS, MANY, ONE, Cell
from benchmarks.serving.contenders import BULK, LIMIT, LIST, STORE_NOTHING, TUNED, USUAL
from benchmarks.serving.results import Figure, Figures, Results


def p50(figures: Figures) -> float:
    """Of latency."""
    return figures.p50


def throughput(figures: Figures) -> float:
    """Rows a second."""
    return figures.rows_per_second


def cpu(figures: Figures) -> float:
    """Seconds of the contender for a million rows."""
    return figures.cpu


def database_cpu(figures: Figures) -> float:
    """Seconds of PostgreSQL for a million rows."""
    return figures.database_cpu


class Verdict(NamedTuple):
    """A target and whether it is reached."""

    contender: str
    cell: Cell
    target: str
    found: str
    is_reached: bool | None
    """None where it was not measured."""
    is_due: bool = True
    """Whether missing it ends the run with an error."""


@dataclass(frozen=True)
class Target:
    """A figure of `contender`: at most or at least so much, or so many times that of `other`."""

    cell: Cell
    contender: str
    what: str
    figure: Figure
    bound: float
    at_most: bool
    other: str = ""
    """Empty where the figure itself is meant."""
    is_due: bool = True

    def verdict(self, results: Results) -> Verdict:
        """What was found."""
        found: float | None = None
        if self.other:
            found = results.ratio(self.figure, self.contender, self.other, self.cell)
        elif self.contender in results.contenders(self.cell):
            found = self.figure(results.median(self.contender, self.cell))
        reached = None if found is None else self._is_reached(found)
        shown = "" if found is None else f"{found:.2f}"
        return Verdict(self.contender, self.cell, str(self), shown, reached, self.is_due)

    def _is_reached(self, found: float) -> bool:
        return found <= self.bound if self.at_most else found >= self.bound

    def __str__(self) -> str:
        times = f" × {self.other}" if self.other else ""
        aim = "" if self.is_due else ", in time"
        return f"{self.what} {'≤' if self.at_most else '≥'} {self.bound:g}{times}{aim}"


def _latency(other: str, bound: float, is_due: bool = True) -> Target:
    return Target(ONE, LIST, "p50", p50, bound, True, other, is_due)


def _rate(
    cell: Cell, bound: float, other: str = LIMIT, contender: str = LIST, is_due: bool = True
) -> Target:
    return Target(cell, contender, "rows/s", throughput, bound, False, other, is_due)


TARGETS: Final = (
    _latency(LIMIT, 1.45),
    _latency(LIMIT, 1.2, is_due=False),
    _latency(TUNED, 1.2),
    _latency(USUAL, 0.4),
    *(_latency(name, 1.0) for name in STORE_NOTHING),
    _rate(Cell(100, 1), 0.65),
    _rate(Cell(1_000, 1), 0.85),
    _rate(MANY, 1.0),
    _rate(BUSY, 0.8),
    _rate(BUSY, 1.0, is_due=False),
    _rate(BUSIER, 0.8),
    _rate(MANY, 1.5, contender=BULK),
    *(_rate(cell, 1.0, TUNED) for cell in CELLS if cell != ONE),
    Target(MANY, LIST, "CPU s of the service for a million rows", cpu, 6.0, at_most=True),
    Target(MANY, LIST, "CPU s of PostgreSQL for a million rows", database_cpu, 7.0, at_most=True),
)
TAIL: Final = 5.0
"""How many times its median the 99th percentile may be, with 16 connections."""


def judged(results: Results) -> list[Verdict]:
    """Every target, in order."""
    verdicts = [one.verdict(results) for one in TARGETS]
    tail, errors = f"p99 ≤ {TAIL:g} × p50", "no error"
    if LIST in results.contenders(BUSY):
        busy = results.median(LIST, BUSY)
        ratio = busy.p99 / busy.p50
        verdicts.append(Verdict(LIST, BUSY, tail, f"{ratio:.2f}", ratio <= TAIL))
        verdicts.append(Verdict(LIST, BUSY, errors, f"{busy.errors:.0f}", busy.errors == 0))
    else:
        verdicts += [Verdict(LIST, BUSY, what, "", None) for what in (tail, errors)]
    return verdicts


def verdicts(results: Results) -> str:
    """All of them as a table."""
    return table(
        ["rows × connections", "contender", "target", "found", ""],
        [
            [str(one.cell), one.contender, one.target, one.found, _word(one)]
            for one in judged(results)
        ],
    )


def _word(verdict: Verdict) -> str:
    if verdict.is_reached is None:
        return "not measured"
    missed = "**missed**" if verdict.is_due else "not yet"
    return "reached" if verdict.is_reached else missed
