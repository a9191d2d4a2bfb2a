"""How often a growth report claims what is not so, and how often it finds what is.

    make bench-growth-claims

Labels say nothing about amounts, whose tails are as heavy as those of shops: how many of so many
reports claim a difference? With halves that do differ: how many find it? How often do intervals
hold, and is the group that is called the best with probability q the best as often? With `--tree`
another version of this repository is asked the same, such as an earlier commit in a work tree.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from benchmarks.report import put_section, table

HEADING: Final = "## How often claims and intervals hold"
HERE: Final = Path(__file__).parents[2]
OTHERS: Final = 6_000
SIZES: Final = (1, 20, 50, 300, 1_000, 5_000)
BINS: Final = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.01)
Floats = np.ndarray[Any, np.dtype[np.float64]]
Draw = Callable[[np.random.Generator, int], Floats]


def lognormal(rng: np.random.Generator, n: int) -> Floats:
    """Amounts of which a hundredth of the customers brings half."""
    return np.exp(2 * rng.standard_normal(n))


def pareto(rng: np.random.Generator, n: int) -> Floats:
    """Amounts without a variance."""
    return (1 - rng.random(n)) ** (-1 / 1.5)


def refunds(rng: np.random.Generator, n: int) -> Floats:
    """Lognormal amounts, of which a tenth went back."""
    return np.where(rng.random(n) < 0.1, -1.0, 1.0) * lognormal(rng, n)


def buyers(rng: np.random.Generator, n: int) -> Floats:
    """Three of ten customers buy, about as much as each other."""
    return np.where(rng.random(n) < 0.3, rng.gamma(4.0, 2.5, n), 0.0)


WORLDS: Final[dict[str, tuple[Draw, float]]] = {
    "lognormal, sigma 2": (lognormal, float(np.exp(2))),
    "Pareto, alpha 1.5": (pareto, 3.0),
    "lognormal, a tenth refunded": (refunds, float(0.8 * np.exp(2))),
    "three of ten buy": (buyers, 3.0),
}


def advised(amount: Floats, campaign: Sequence[int] | np.ndarray[Any, Any]) -> Any:
    """The part of a report that compares campaigns, of customers who bought at most once."""
    from support.growth import START, facts

    from valuebox.compartments.growth.loaded.money import money
    from valuebox.compartments.growth.spending.advertising import advertising

    n = len(amount)
    these = facts(np.arange(n), np.full(n, START), amount, n, campaign)
    return advertising(these, money(these, "bought"), "campaign", {})


def alarms(draw: Draw, size: int, reports: int) -> str:
    """How many of 100 reports claim a difference where labels say nothing."""
    claimed = 0
    for run in range(reports):
        rng = np.random.default_rng([run, size])
        labels = rng.permutation(np.arange(OTHERS + size) < size).astype(int)
        claimed += advised(draw(rng, len(labels)), labels).is_clear
    return f"{100 * claimed / reports:.0f}"


def power(draw: Draw, more: float, reports: int) -> str:
    """How many of 100 reports find that one half of the customers brings more."""
    found = 0
    for run in range(reports):
        rng = np.random.default_rng([run, 1])
        labels = np.arange(2_000) % 2
        amount = draw(rng, len(labels)) * np.where(labels == 1, more, 1.0)
        found += advised(amount, labels).is_clear
    return f"{100 * found / reports:.0f}"


def coverage(draw: Draw, truth: float, size: int, reports: int) -> str:
    """How many of 100 intervals of the mean of a group hold it, of those that are given."""
    given = held = 0
    for run in range(reports):
        rng = np.random.default_rng([run, size, 2])
        labels = (np.arange(OTHERS + size) < size).astype(int)
        (one,) = [
            one for one in advised(draw(rng, len(labels)), labels).campaigns if one.name == "B"
        ]
        if one.worth_lower is not None:
            given += 1
            held += one.worth_lower <= truth <= one.worth_upper
    return f"{100 * held / given:.0f}" if given > reports / 10 else "—"


def calibration(reports: int) -> list[list[object]]:
    """How likely groups were called the best, and how often they are."""
    said: list[float] = []
    is_best: list[bool] = []
    for run in range(reports):
        rng = np.random.default_rng([run, 3])
        draw, mean = list(WORLDS.values())[run % len(WORLDS)]
        groups = int(rng.integers(2, 5))
        sizes = np.exp(rng.uniform(np.log(20), np.log(3_000), groups)).astype(int)
        worth = np.exp(0.3 * rng.standard_normal(groups))
        labels = np.repeat(np.arange(groups), sizes)
        found = advised(draw(rng, len(labels)) / mean * worth[labels], labels)
        for one in found.campaigns:
            said.append(one.best)
            is_best.append("ABCD"[int(worth.argmax())] == one.name)
    place = np.digitize(said, BINS) - 1
    return [
        [
            f"{100 * np.mean(np.array(said)[place == at]):.0f} %",
            f"{100 * np.mean(np.array(is_best)[place == at]):.0f} %",
            int((place == at).sum()),
        ]
        for at in range(len(BINS) - 1)
        if (place == at).any()
    ]


def main(
    reports: Annotated[int, typer.Option(help="As many of each kind.")] = 200,
    tree: Annotated[Path, typer.Option(help="The version that is asked.")] = HERE,
    into: Annotated[Path | None, typer.Option(help="Document whose tables are replaced.")] = None,
) -> None:
    """Print the tables."""
    sys.path[:0] = [str(tree / "src"), str(tree / "tests")]
    sizes = [f"{size:,}" for size in SIZES]
    claims = [
        [name, *(alarms(draw, size, reports) for size in SIZES)]
        for name, (draw, _) in WORLDS.items()
    ]
    held = [
        [name, *(coverage(draw, truth, size, reports) for size in SIZES)]
        for name, (draw, truth) in WORLDS.items()
    ]
    found = [
        [name, *(power(draw, more, reports) for more in (1.2, 1.5, 2.0))]
        for name, (draw, _) in WORLDS.items()
    ]
    told = "\n\n".join(
        [
            f"Of 100 reports so many claim a difference, where a group of so many customers beside "
            f"{OTHERS:,} others differs in nothing:",
            table(["amounts", *sizes], claims),
            "Of 100 intervals of the mean of such a group so many hold it; — where none is given:",
            table(["amounts", *sizes], held),
            "Of 100 reports so many find that one half of 2,000 customers brings so much more:",
            table(["amounts", "× 1.2", "× 1.5", "× 2"], found),
            "How likely campaigns were called the best, and how often they are:",
            table(["said", "true", "campaigns"], calibration(4 * reports)),
            f"{reports} reports of each kind.",
        ]
    )
    print(told)
    if into:
        put_section(into, HEADING, told)


if __name__ == "__main__":
    typer.run(main)
