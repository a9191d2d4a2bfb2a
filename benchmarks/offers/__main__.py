"""Regret of whoever decides on offers, world by world, beside an oracle and chance.

    make bench-offers [OPTIONS="--only one --seeds 1"] [INTO="--into docs/offers-regret.md"]

Regret is what is left of the gap between the oracle, who knows what every candidate is worth to
every player, and chance, in expected money of the week: 0 is the oracle, 1 is chance. Each is
played day by day, and learns in the morning of what has become known by then.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from benchmarks.offers.contenders import (
    BestFixed,
    Informed,
    Ours,
    Ridge,
    Spy,
    TreesOnTheTotal,
    Uniform,
)
from benchmarks.offers.playing import Game, Regret
from benchmarks.offers.worlds import WORLDS
from benchmarks.report import put_section, table

LAST: Final = slice(-14, None)
ALL: Final = slice(0, None)
OURS: Final = "valuebox"
HEADING: Final = "## Regret by world, all days / the last 14"
CONTENDERS: Final[dict[str, Callable[[Spy], Uniform]]] = {
    "best fixed order": BestFixed,
    "uniform": lambda _: Uniform(),
    "ridge, ε-greedy": lambda _: Ridge(),
    "linear Thompson": lambda _: Ridge(thompson=True),
    "XGBoost on the total": lambda _: TreesOnTheTotal(),
    OURS: lambda _: Ours(),
    "trees on the true worth": Informed,
}
"""Who decides, given what a spy has written down of the truth, which cheats alone look at."""


def main(
    only: Annotated[str, typer.Option(help="Worlds whose names begin so.")] = "",
    seeds: Annotated[int, typer.Option(help="Worlds of a kind; means are of these.")] = 2,
    who: Annotated[str, typer.Option(help="Names of contenders, by commas; all by default.")] = "",
    into: Annotated[Path | None, typer.Option(help="Document whose table is replaced.")] = None,
) -> None:
    """Play all worlds, and print a table."""
    names = [one for one in CONTENDERS if not who or one in who.split(",")]
    rows: list[list[object]] = []
    for world in (one for one in WORLDS if one.startswith(only)):
        found: dict[str, list[Regret]] = {name: [] for name in names}
        for seed in range(1, seeds + 1):
            spy = Spy()
            Game(WORLDS[world](seed), seed).run(spy)
            for name in names:
                found[name].append(Game(WORLDS[world](seed), seed).run(CONTENDERS[name](spy)))
        rows.append([world, *map(_cell, found.values())])
        print(*rows[-1], sep=" | ", flush=True)
        if OURS in found:
            print(f"  worst week after the second: {_worst(found[OURS]):.2f}", flush=True)
    written = table(["world", *names], rows)
    print(written)
    if into is not None:
        put_section(into, HEADING, written)


def _cell(regrets: list[Regret]) -> str:
    both = [float(np.mean([one.over(days) for one in regrets])) for days in (ALL, LAST)]
    return "/".join(f"{one:.2f}" for one in both)


def _worst(regrets: list[Regret]) -> float:
    weeks = range(14, len(regrets[0].oracle), 7)
    return max(one.over(slice(start, start + 7)) for one in regrets for start in weeks)


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    typer.run(main)
