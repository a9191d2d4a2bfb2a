"""Figures of every contender in every cell and round, and how they compare."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, fields
from statistics import median
from typing import Final

import numpy as np
from benchmarks.serving.cells import Cell
from benchmarks.serving.contenders import CONTENDERS, LIMIT, OURS_DURABLE
from benchmarks.serving.running import Load

_OURS: Final = {*OURS_DURABLE, "valuebox on SQLite"}
PEERS: Final = tuple(
    one.name
    for one in CONTENDERS
    if one.counted and one.name not in _OURS and not one.name.startswith(LIMIT)
)


@dataclass(frozen=True)
class Figures:
    """Of one contender in one cell."""

    p50: float
    """Seconds."""
    p99: float
    """Seconds."""
    rows_per_second: float
    errors: float
    cpu: float
    """Seconds of the contender for a million rows."""
    database_cpu: float
    """Seconds of PostgreSQL for a million rows."""
    mebibytes: float
    """Of the contender, at its peak."""


Figure = Callable[[Figures], float]


def figures(load: Load, rows: int) -> Figures:
    """What a measurement with requests of `rows` users amounts to."""
    millions = len(load.latencies) * rows / 1e6
    # Without a single answer there is nothing to say but how many errors there were.
    latencies = load.latencies or [float("nan")]
    return Figures(
        p50=float(np.quantile(latencies, 0.5)),
        p99=float(np.quantile(latencies, 0.99)),
        rows_per_second=millions * 1e6 / load.seconds if load.seconds else 0.0,
        errors=load.errors,
        cpu=load.cpu_seconds / millions if millions else float("nan"),
        database_cpu=load.database_cpu_seconds / millions if millions else float("nan"),
        mebibytes=load.peak_mebibytes,
    )


class Results:
    """Figures by contender and cell, a list of one for each round."""

    def __init__(self) -> None:
        self._rounds: defaultdict[tuple[str, Cell], list[Figures]] = defaultdict(list)

    def add(self, contender: str, cell: Cell, found: Figures) -> None:
        """Those of one more round."""
        self._rounds[contender, cell].append(found)

    def contenders(self, cell: Cell) -> list[str]:
        """Who was measured there, in the order of the first round."""
        return [name for name, measured in self._rounds if measured == cell]

    def cells(self) -> list[Cell]:
        """What was measured."""
        return list(dict.fromkeys(cell for _, cell in self._rounds))

    def median(self, contender: str, cell: Cell) -> Figures:
        """Each figure's median over the rounds, errors summed.

        Raises:
            KeyError: where it was not measured.
        """
        if (contender, cell) not in self._rounds:
            raise KeyError(contender, cell)
        rounds = self._rounds[contender, cell]
        medians = {
            one.name: median(getattr(r, one.name) for r in rounds) for one in fields(Figures)
        }
        return Figures(**{**medians, "errors": sum(one.errors for one in rounds)})

    def failed(self) -> list[str]:
        """Where there were errors."""
        medians = {key: self.median(*key) for key in self._rounds}
        return [
            f"{name}, {cell}: {one.errors:.0f} errors"
            for (name, cell), one in medians.items()
            if one.errors
        ]

    def ratio(self, figure: Figure, contender: str, other: str, cell: Cell) -> float | None:
        """Median over the rounds of `contender` / `other`, each pair from the same round."""
        pairs = zip(
            self._rounds.get((contender, cell), []),
            self._rounds.get((other, cell), []),
            strict=False,
        )
        ratios = [figure(one) / figure(two) for one, two in pairs if figure(two)]
        return median(ratios) if ratios else None

    def best_peer(self, figure: Figure, cell: Cell) -> str | None:
        """The peer whose median is highest, whether it stores anything or not."""
        measured = [name for name in self.contenders(cell) if name in PEERS]
        return max(measured, key=lambda name: figure(self.median(name, cell)), default=None)
