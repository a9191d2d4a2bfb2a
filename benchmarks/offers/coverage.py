"""How often off-policy intervals hold, and which policies the gate of promotions lets through.

    make bench-offers-coverage

Logs of a world whose every outcome is known (`logged_world.py`): players who decide once, and
players of whom some decide a hundred times, whose weeks overlap. What a policy earns in truth is
what it would have earned in all of these logs. Beside the interval stands the normal one of the
same standard error, clustered by player as well.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Final, NamedTuple

import numpy as np
import typer
from benchmarks.offers.logged_world import Floats, Logged, draw, policies, softened
from benchmarks.report import measured_with, put_section, table

from valuebox.compartments.offers.evaluation.estimates import robust_amounts
from valuebox.compartments.offers.evaluation.gate import Mode, gate
from valuebox.compartments.offers.evaluation.overlap import overlap, refusal
from valuebox.statistics.clustered import Interval, mean_interval

HEADING: Final = "### How often intervals hold"
PARTS: Final = ("own", "capped", "week")
SIZES: Final = (2_000, 6_000, 20_000)
WORSE: Final = 0.05
_INTERVALS: Final = (
    "Doubly robust intervals of 90 % that hold what three policies truly earn, and in parentheses "
    "normal ones, of 500 logs each: of the offer's own part, of the week up to 30, and of the week "
    "as it is, whose tail has a variance in this world. `often`: some players decide a hundred "
    "times."
)
_VERDICTS: Final = (
    "Rivals that the gate lets pass, of 200 logs each: `as served` but for a share of the cheapest "
    "offer, `refreshed` with coefficients that have moved a little, `other` with none in common. "
    "Half the width of the interval of what they earn more, as a share of what was served, and who "
    "passes as better / not-worse / watch."
)
_Z: Final = NormalDist().inv_cdf(0.95)


class Case(NamedTuple):
    """Of what a policy's interval is made."""

    often: bool
    decisions: int
    part: str
    policy: str


class Held(NamedTuple):
    """How often the intervals of a policy have held."""

    truth: float
    refused: float
    """Share of logs that cannot tell."""
    covered: float
    below: float
    """Share of intervals above the truth."""
    above: float
    """Share of intervals below the truth."""
    normal: float
    """Share of normal intervals that hold the truth."""
    half: float
    """Half the width of the interval, in the middle."""


def logs(often: bool, decisions: int, count: int) -> Iterator[Logged]:
    """Logs of one world, each drawn anew."""
    for seed in range(count):
        yield draw(np.random.default_rng([seed, decisions, often]), decisions, often)


def coverage(often: bool, decisions: int, count: int) -> dict[Case, Held]:
    """Draw logs, and look how often the doubly robust intervals of three policies hold."""
    found: dict[Case, list[Interval]] = defaultdict(list)
    earned: dict[Case, list[tuple[float, int]]] = defaultdict(list)
    for log in logs(often, decisions, count):
        likely = policies(log)
        for part in PARTS:
            seen, held = log.held(part, likely)
            _, every = log.reward(part)
            for name, one in held.items():
                case = Case(often, decisions, part, name)
                earned[case].append((float((likely[name] * every).sum()), len(every)))
                if refusal(overlap(seen, one)) is None:
                    found[case].append(mean_interval(robust_amounts(seen, one), seen.cluster))
    return {case: _held(found[case], earned[case], count) for case in earned}


def _held(found: list[Interval], earned: list[tuple[float, int]], count: int) -> Held:
    total, rows = np.array(earned).sum(axis=0)
    truth = float(total / rows)
    if not found:
        return Held(truth, 1.0, *[np.nan] * 5)
    value, lower, upper, error = np.array(found).T
    below, above = float(np.mean(lower > truth)), float(np.mean(upper < truth))
    return Held(
        truth,
        1 - len(found) / count,
        1 - below - above,
        below,
        above,
        float(np.mean(np.abs(value - truth) <= _Z * error)),
        float(np.median(upper - lower)) / 2,
    )


_NEXT: Final = np.random.default_rng(7).normal(0, 1, (7, 5))
_OTHER: Final = np.random.default_rng(8).normal(0, 0.8, (7, 5))


def rivals(log: Logged, share: float) -> dict[str, Floats]:
    """Policies that want to be served, `(n, 5)`, which show the cheapest offer to a share more.

    `refreshed` is what was served, with coefficients that have moved a little, as from one day
    to the next; `other` has nothing in common with it.
    """
    cheapest = np.eye(5)[0]
    near = softened(np.log(log.served) + 0.1 * (log.context @ _NEXT), 0.1)
    far = softened(log.context @ _OTHER, 0.1)
    plain = {"as served": log.served, "refreshed": near, "other": far}
    return {name: (1 - share) * one + share * cheapest for name, one in plain.items()}


@cache
def _large(often: bool) -> list[Logged]:
    return list(logs(often, 200_000, 3))


def worth(often: bool, part: str, share: float) -> dict[str, float]:
    """What each rival earns more than what was served, as a share, in a large log."""
    totals: dict[str, float] = defaultdict(float)
    for log in _large(often):
        _, every = log.reward(part)
        for name, one in {**rivals(log, share), "": log.served}.items():
            totals[name] += float((one * every).sum())
    return {name: total / totals[""] - 1 for name, total in totals.items() if name}


def losing(often: bool, part: str) -> dict[str, float]:
    """Which share of the cheapest offer makes each rival earn 5 % less than what was served."""
    found = {}
    for name in ("as served", "refreshed", "other"):
        low, high = 0.0, 1.0
        for _ in range(10):
            middle = (low + high) / 2
            is_worse = worth(often, part, middle)[name] < -WORSE
            low, high = (low, middle) if is_worse else (middle, high)
        found[name] = (low + high) / 2
    return found


def passed(
    often: bool, decisions: int, part: str, shares: Mapping[str, float], count: int
) -> dict[str, dict[str, float]]:
    """Share of logs on which each rival passes, by mode, and how wide the interval is."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for log in logs(often, decisions, count):
        likely = {name: rivals(log, share)[name] for name, share in shares.items()}
        seen, held = log.held(part, likely)
        for name, one in held.items():
            for mode in Mode:
                verdict = gate(seen, one, mode=mode)
                found[name][mode.value].append(float(verdict.passed))
            if verdict.lower is not None and verdict.upper is not None:
                half = (verdict.upper - verdict.lower) / 2
                found[name]["half"].append(half / verdict.served)
    return {
        name: {what: float(np.mean(all_)) for what, all_ in one.items()}
        for name, one in found.items()
    }


def interval_rows(sizes: tuple[int, ...], count: int) -> list[list[object]]:
    """The table of intervals: how often they hold, and normal ones, for each policy."""
    rows: list[list[object]] = []
    for often in (False, True):
        for size in sizes:
            found = coverage(often, size, count)
            for part in PARTS:
                held = [one for case, one in found.items() if case.part == part]
                rows.append([
                    f"{size:,}, {'often' if often else 'once'}", part,
                    *(f"{one.covered:.1%} ({one.normal:.1%})" for one in held),
                    " ".join(f"{one.half:.3f}" for one in held),
                ])  # fmt: skip
    return rows


def gate_rows(sizes: tuple[int, ...], count: int) -> list[list[object]]:
    """The table of the gate: for each rival and size, how wide the interval is, and who passes."""
    rows: list[list[object]] = []
    for often in (False, True):
        for part in ("own", "capped"):
            worse = losing(often, part)
            for shares in (worse, dict.fromkeys(("refreshed", "other"), 0.0)):
                found = [passed(often, size, part, shares, count) for size in sizes]
                for name, share in shares.items():
                    cells = [
                        f"±{one[name]['half']:.1%}: "
                        + " / ".join(f"{one[name][mode.value]:.0%}" for mode in Mode)
                        for one in found
                    ]
                    more = worth(often, part, share)[name]
                    which = "often" if often else "once"
                    rows.append([f"{part}, {which}", name, f"{more:+.1%}", *cells])
    return rows


def main(
    logs_of_each: Annotated[int, typer.Option("--logs", help="Logs of each kind.")] = 500,
    into: Annotated[Path | None, typer.Option(help="Markdown file to put the tables in.")] = None,
) -> None:
    """Print how often intervals hold, and who passes the gate."""
    intervals = table(
        ["decisions, each player", "reward", "uniform", "always the fourth", "personal",
         "half widths"],
        interval_rows(SIZES, logs_of_each),
    )  # fmt: skip
    sizes = (2_000, 20_000)
    verdicts = table(
        ["reward, each player", "rival", "truly", *(f"{size:,} decisions" for size in sizes)],
        gate_rows(sizes, 200),
    )
    text = f"{_INTERVALS}\n\n{intervals}\n\n{_VERDICTS}\n\n{verdicts}\n\n{measured_with()}"
    print(text)
    if into is not None:
        put_section(into, HEADING, text)


if __name__ == "__main__":
    typer.run(main)
