"""How often verdicts on recommendations are wrong, and how often they find what is there.

    make bench-recommend-verdicts

Experiments in a made-up shop (`shop_sessions.py`) whose truth is known, looked at every day. Beside
verdicts stand naive ones: a plain test of views at every look.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import numpy as np
import typer
from benchmarks.recommend.shop_sessions import ARMS, Effect, as_watched, events, sessions
from benchmarks.report import measured_with, put_section, table

from valuebox.compartments.recommend.proof.judging import Judgement, judge
from valuebox.compartments.recommend.proof.kpis import BY_NAME
from valuebox.compartments.recommend.proof.looks import days_of
from valuebox.compartments.recommend.proof.preference import preference
from valuebox.compartments.recommend.proof.robots import Pace
from valuebox.compartments.recommend.proof.schemas import Experiment, Judged
from valuebox.compartments.recommend.proof.sessions import Caps, Sessions, watched
from valuebox.statistics.ratios import RatioSums, log_change
from valuebox.statistics.sample_ratio import ratio_mismatch

HEADING: Final = "### How often verdicts are wrong"
A_DAY: Final = 2_000
_WRONG: Final = ("better", "worse", "worse beyond its margin")
_NOBODY: Final = Pace(views=10**9, before=10**9)
_WHOLE: Final = Caps(views=np.inf, lists=10**9, seconds=np.inf, orders=1.0)


class Found(NamedTuple):
    """How often something was found, of how many draws."""

    share: float
    draws: int

    def __str__(self) -> str:
        return f"{self.share:.1%}"


def experiment(primary: str = "views", planned: int | None = None) -> Experiment:
    """An experiment of two halves, without a holdback."""
    return Experiment(
        name="bench",
        shares=dict.fromkeys(ARMS, 0.5),
        primary=primary,
        planned=planned,
        holdback=0.0,
    )


def draws(count: int, days: int, effect: Effect, seed: int) -> Iterator[Sessions]:
    """Sessions of as many experiments."""
    for one in range(count):
        yield sessions(np.random.default_rng([seed, one]), days, A_DAY, effect)


def verdicts(
    count: int, days: int, effect: Effect, primary: str, seed: int
) -> Iterator[tuple[Sessions, Judgement]]:
    """Judge experiments at the end of their days, all daily looks and the planned size included."""
    asked = experiment(primary, days * A_DAY * 9 // 20)
    for found in draws(count, days, effect, seed):
        yield found, judge(as_watched(found), asked, ARMS[1])


def claimed(judged: list[Judged]) -> bool:
    """Whether anything was called better or worse, of two arms that are the same."""
    return any(one.state in _WRONG for one in judged)


def naive(found: Sessions) -> bool:
    """Whether a plain test of views, at 5 %, claims anything at any daily look."""
    day, starts = days_of(found.first)
    columns = BY_NAME["views"].columns(found)
    if columns is None:
        return False
    sums = RatioSums.of(*columns, day + len(starts) * found.arm, 2 * len(starts))
    control, arm = (sums.at(slice(at, at + len(starts))).grown(0) for at in (0, len(starts)))
    change = log_change(arm, control)
    return bool((np.abs(change.value) > 1.96 * change.error).any())


def false_claims(count: int, days: int = 28) -> tuple[Found, Found, Found]:
    """Of experiments in which nothing differs: those with a claim, by us and by a plain test.

    Returns:
        Ours, the plain test's, and how often sizes of arms were called wrong at any day.
    """
    ours = plain = sizes = 0
    for found, judgement in verdicts(count, days, Effect(), "views", 1):
        ours += claimed(judgement.judged)
        plain += naive(found)
        day, starts = days_of(found.first)
        counts = np.bincount(2 * day + found.arm, minlength=2 * len(starts)).reshape(-1, 2)
        looks = np.cumsum(counts, 0)
        sizes += any(ratio_mismatch(one, np.full(2, 0.5)).is_mismatch for one in looks)
    return Found(ours / count, count), Found(plain / count, count), Found(sizes / count, count)


def called(
    count: int,
    days: int,
    effect: Effect,
    kpi: str,
    states: tuple[str, ...],
    seed: int,
    primary: str = "views",
) -> Found:
    """How often a figure was found to be in one of some states."""
    hits = 0
    for _, judgement in verdicts(count, days, effect, primary, seed):
        state = next(one.state for one in judgement.judged if one.kpi == kpi)
        hits += state in states
    return Found(hits / count, count)


def unequal(count: int, days: int, a_day: int = A_DAY) -> Found:
    """How often arms of 50 to 47 are found not to be as large as meant, at the end of the days."""
    rng = np.random.default_rng(5)
    total = rng.poisson(days * a_day, count)
    first = rng.binomial(total, 50 / 97)
    hits = sum(
        ratio_mismatch(np.array([a, n - a]), np.full(2, 0.5)).is_mismatch
        for a, n in zip(first, total, strict=True)
    )
    return Found(hits / count, count)


def with_machines(count: int, days: int = 7) -> tuple[Found, Found]:
    """How often 22 % more views are found among 2 % of machines: by us, and with all sessions."""
    ours = plain = 0
    asked = experiment()
    for found in draws(count, days, Effect(views=1.22), 6):
        sent = events(np.random.default_rng(len(found.arm)), found, 0.02)
        kept, whole = (
            watched(*sent, ARMS, caps, pace) for caps, pace in ((Caps(), Pace()), (_WHOLE, _NOBODY))
        )
        views = [next(one for one in judge(each, asked, ARMS[1]).judged if one.kpi == "views")
                 for each in (kept, whole)]  # fmt: skip
        ours += views[0].state == "better"
        # What a plain test at the end of the days says of all sessions as they are.
        plain += views[1].lower is not None and views[1].lower > 0
    return Found(ours / count, count), Found(plain / count, count)


def preferred(count: int, days: int, effect: Effect, seed: int) -> Found:
    """How often interleaved lists tell two rankings apart, by the clicks of the same visitors.

    Half of a list's items are picked by either ranking, and a visitor clicks those of the second
    as many times as often as the effect says.
    """
    asked = Experiment(
        name="bench", kind="interleaved", shares=dict.fromkeys(ARMS, 0.5), primary="clicks",
        holdback=0.0,
    )  # fmt: skip
    hits = 0
    for one, found in enumerate(draws(count, days, Effect(), seed)):
        rng = np.random.default_rng([seed, one, 1])
        half = np.minimum(rng.beta(0.5, 7.0, len(found.arm)) / 2, 0.5)
        lists = found.lists.astype(np.int64)
        credits_ = [rng.binomial(lists, half * factor) for factor in (1.0, effect.clicks)]
        mixed = found._replace(credits=np.stack(credits_, axis=1).astype(np.float64))
        hits += preference(as_watched(mixed), asked).state in ("first", "second")
    return Found(hits / count, count)


def rows(count: int) -> Iterator[list[object]]:
    """The lines of the table: what is so, what should be said how often, and what was."""
    ours, plain, sizes = false_claims(count)
    yield ["A/A, 28 daily looks", "anything better or worse", "≤ 2 %", ours, count]
    yield ["A/A, 28 daily looks", "the same, by a plain test of views at 5 %", "", plain, count]
    yield ["A/A, 28 daily looks", "arms not as large as meant", "≤ 1 %", sizes, count]
    fine = ("not worse", "better")
    less = {
        "views": Effect(views=0.92),
        "conversion": Effect(conversion=0.92),
        "order_value": Effect(order_value=0.92),
        "clicks": Effect(clicks=0.92),
        "bounces": Effect(bounces=1.08),
    }
    for seed, (kpi, effect) in enumerate(less.items(), start=10):
        found = called(count // 2, 28, effect, kpi, fine, seed)
        yield [f"{BY_NAME[kpi].label} 8 % worse, 28 days", "not worse by 5 %", "≤ 5 %", found,
               count // 2]  # fmt: skip
    edge = called(4 * count, 14, Effect(views=0.95), "views", fine, 20)
    yield ["views 5 % fewer, 14 days", "not worse by 5 %", "≤ 5.5 %", edge, 4 * count]
    same = called(count // 2, 28, Effect(), "views", fine, 21)
    yield ["views the same, 28 days", "not worse by 5 %", "", same, count // 2]
    more = called(count // 2, 7, Effect(views=1.22), "views", ("better",), 22)
    yield ["views 22 % more, 7 days", "better", "≥ 80 %", more, count // 2]
    none = preferred(count, 28, Effect(), 24)
    yield ["A/A interleaved, 28 daily looks", "either preferred", "≤ 2 %", none, count]
    for days in (7, 14, 28):
        clicks = called(count // 2, days, Effect(clicks=1.1), "clicks", ("better",), 23, "clicks")
        yield [f"clicks 10 % more, {days} days", "better, by two arms", "", clicks, count // 2]
        found = preferred(count // 2, days, Effect(clicks=1.1), 23)
        yield [f"clicks 10 % more, {days} days", "preferred, by interleaved lists", "", found,
               count // 2]  # fmt: skip
    for days in (7, 14, 28):
        yield [f"arms of 50 to 47, {days} days", "not as large as meant", "", unequal(count, days),
               count]  # fmt: skip
    kept, whole = with_machines(count // 5)
    yield ["views 22 % more, 7 days, 2 % machines", "better", "≥ 80 %", kept, count // 5]
    yield ["views 22 % more, 7 days, 2 % machines", "more, by a plain test of all sessions at the "
           "end", "", whole, count // 5]  # fmt: skip


def main(
    count: Annotated[int, typer.Option("--draws", help="Experiments of each kind.")] = 500,
    into: Annotated[Path | None, typer.Option(help="Markdown file to put the table in.")] = None,
) -> None:
    """Print how often verdicts are wrong, and how often they find what is there."""
    begun = time.process_time()
    lines = table(["truth", "what is said", "should be", "was", "experiments"], list(rows(count)))
    spent = time.process_time() - begun
    text = (
        f"{A_DAY:,} sessions a day, half of them in either arm.\n\n{lines}\n\n"
        f"{spent:.0f} s of CPU. {measured_with()}"
    )
    print(text)
    if into is not None:
        put_section(into, HEADING, text)


if __name__ == "__main__":
    typer.run(main)
