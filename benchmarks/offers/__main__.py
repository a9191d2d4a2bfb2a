"""Regret of whoever decides on offers, world by world, beside an oracle and chance.

    make bench-offers [OPTIONS="--only few --seeds 101,102"] [INTO="--into docs/offers.md"]
    make bench-offers-endpoints [OPTIONS="--only few-shift --database postgresql"]

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
from benchmarks.offers.packages import installed
from benchmarks.offers.playing import Playing
from benchmarks.report import measured_with, put_section, table

from valuebox_training.offers.games.game import Regret
from valuebox_training.offers.games.worlds import WORLDS

LAST: Final = slice(-14, None)
ALL: Final = slice(0, None)
OURS: Final = "valuebox"
HEADING: Final = "### Regret by world"
HEADING_ENDPOINTS: Final = "### Regret by world, through the endpoints"
CONTENDERS: Final[dict[str, Callable[[Spy], Uniform]]] = {
    "best fixed order": BestFixed,
    "uniform": lambda _: Uniform(),
    "ridge, ε-greedy": lambda _: Ridge(),
    "linear Thompson": lambda _: Ridge(thompson=True),
    "XGBoost on the total": lambda _: TreesOnTheTotal(),
    **{name: lambda _, make=make: make() for name, make in installed().items()},
    OURS: lambda _: Ours(),
    "trees on the true worth": Informed,
}
"""Who decides, given what a spy has written down of the truth, which cheats alone look at."""
CHEATS: Final = ("best fixed order", "trees on the true worth")

Only = Annotated[str, typer.Option(help="Worlds whose names begin so; several by commas.")]
Seeds = Annotated[str, typer.Option(help="Seeds of the games, by commas; means are of these.")]
Into = Annotated[Path | None, typer.Option(help="Document whose table is replaced.")]
app = typer.Typer()


@app.command()
def fast(
    only: Only = "",
    seeds: Seeds = "101,102",
    who: Annotated[str, typer.Option(help="Names of contenders, by commas; all by default.")] = "",
    into: Into = None,
) -> None:
    """Play without a service: features and what is known are worked out over arrays."""
    names = [one for one in CONTENDERS if not who or one in who.split(",")]
    rows: list[list[object]] = []
    for world in _worlds(only):
        found: dict[str, list[Regret]] = {name: [] for name in names}
        for seed in map(int, seeds.split(",")):
            spy = Spy()
            if set(names) & set(CHEATS):
                Playing(WORLDS[world].game(seed), seed).run(spy)
            for name in names:
                game = WORLDS[world].game(seed)
                found[name].append(Playing(game, seed).run(CONTENDERS[name](spy)))
        row: list[object] = [world, *map(_cell, found.values())]
        rows.append([*row, f"{_worst(found[OURS]):.2f}"] if OURS in found else row)
        print(*rows[-1], sep=" | ", flush=True)
    worst = ["worst week"] if OURS in names else []
    written = table(["world", *names, *worst], rows)
    _tell(into, HEADING, f"{_about(seeds)}\n\n{written}")


@app.command()
def endpoints(
    only: Only = "",
    seeds: Seeds = "101,102",
    database: Annotated[str, typer.Option(help="sqlite or postgresql.")] = "sqlite",
    into: Into = None,
) -> None:
    """Play with a real service: events are posted, decisions asked, and learned from nightly."""
    from benchmarks.offers.through_endpoints import play

    rows: list[list[object]] = []
    for world in _worlds(only):
        played = [
            play(WORLDS[world].game(seed), seed, database) for seed in map(int, seeds.split(","))
        ]
        regrets = [one.regret for one in played]
        minutes = ", ".join(f"{one.seconds / 60:.1f}" for one in played)
        learning = max(max(one.learning) for one in played)
        refused = sum(one.refused for one in played)
        worst = f"{_worst(regrets):.2f}"
        rows.append([world, _cell(regrets), worst, refused, minutes, f"{learning:.1f}"])
        print(*rows[-1], sep=" | ", flush=True)
        for one in regrets:
            print("  by week", *(f"{week:.2f}" for week in one.by_week()), flush=True)
    header = ["world", OURS, "worst week", "models that did not pass", "minutes", "learning, s"]
    about = f"{_about(seeds)} Database: {database}. {measured_with()}"
    _tell(into, HEADING_ENDPOINTS, f"{about}\n\n{table(header, rows)}")


def _worlds(only: str) -> list[str]:
    return [one for one in WORLDS if one.startswith(tuple(only.split(",")))]


def _about(seeds: str) -> str:
    return f"All days / the last 14; means of the seeds {seeds}; worst week after the second."


def _tell(into: Path | None, heading: str, text: str) -> None:
    print(text)
    if into is not None:
        put_section(into, heading, text)


def _cell(regrets: list[Regret]) -> str:
    both = [float(np.mean([one.over(days) for one in regrets])) for days in (ALL, LAST)]
    return "/".join(f"{one:.2f}" for one in both)


def _worst(regrets: list[Regret]) -> float:
    return max(max(one.by_week()[2:]) for one in regrets)


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    app()
