"""Markdown tables of `cohort_error.py`, for docs/cohort-error.md."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from statistics import fmean
from typing import Any, Final

import pandas as pd

from valuebox_training.ltv import cohorts
from valuebox_training.ltv.worlds import WORLDS

# Judged on not failing: its only segment's month has next to no error to be a ratio of.
TINY: Final = "tiny"
PARTS: Final = ("valid", "test")
_LIBRARIES: Final = ("xgboost-cpu", "scikit-learn", "lightgbm", "catboost", "numpy", "pandas")

Row = dict[str, Any]


def render(rows: list[Row]) -> str:
    """All tables, ours first."""
    worlds = [world for world in WORLDS if any(row["world"] == world for row in rows)]
    contenders = list(dict.fromkeys(row["contender"] for row in rows))
    seeds = len({row["seed"] for row in rows if row["world"] == worlds[0]})
    users = fmean(row["users"] for row in rows if row["world"] != TINY)
    peers = [name for name in contenders if name != "oracle"]
    averaged = [world for world in worlds if world != TINY]
    return "\n".join(
        [
            f"{datetime.now(UTC):%Y-%m-%d}; {_versions()}; {os.cpu_count()} cores.",
            f"{users:,.0f} users to learn from on average, {seeds} draws of every world.",
            "",
            "### By month: macro error of the cohort mean ÷ that of the oracle, July / August",
            "",
            *_ratios(rows, averaged, peers, "month"),
            "",
            "### By day",
            "",
            *_ratios(rows, averaged, peers, "day"),
            "",
            "### Segments never seen in training, by day / by month, July and August",
            "",
            *_unseen(rows, averaged, peers),
            "",
            "### Share of cohorts whose mean lies in its 90 % interval",
            "",
            *_coverage(rows, worlds),
            "",
            "### One country, one month to learn from",
            "",
            *_tiny(rows, peers),
            "",
            "### Seconds to fit",
            "",
            *_table(["", *peers], [["", *(f"{_seconds(rows, name):.0f}" for name in peers)]]),
        ]
    )


def of_files(users: pd.DataFrame, names: list[str], learned: int) -> str:
    """The table for predictions that stand in columns of `users`."""
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}; {learned:,} users to learn from, {len(users):,} judged",
        _versions(),
        "",
    ]
    body = []
    for name in names:
        report = cohorts.report(users.assign(prediction=users[name], baseline=0.0))
        day, month = report.day, report.month
        figures = (day.macro, month.macro, day.weighted, month.weighted)
        body.append([name, *(f"{figure:.3f}" for figure in figures)])
    heading = ["", "by day", "by month", "by day, by users", "by month, by users"]
    return "\n".join([*lines, *_table(heading, body)])


def _ratios(rows: list[Row], worlds: list[str], names: list[str], period: str) -> list[str]:
    """One line per world, then the averages; the best of a cell is bold."""
    body, ratios = [], {}
    for world in worlds:
        for part in PARTS:
            for name in names:
                drawn = _drawn(rows, world, name)
                ratios[world, part, name] = _macro(drawn, world, part, name, period) / _macro(
                    drawn, world, part, "oracle", period
                )
        cells = []
        for name in names:
            pair = [ratios[world, part, name] for part in PARTS]
            best = all(
                ratios[world, part, name] <= min(ratios[world, part, other] for other in names)
                for part in PARTS
            )
            text = " / ".join(f"{ratio:.2f}" for ratio in pair)
            cells.append(f"**{text}**" if best else text)
        body.append([world, *cells])
    means = [
        " / ".join(f"{fmean(ratios[world, part, name] for world in worlds):.2f}" for part in PARTS)
        for name in names
    ]
    return _table(["world", *names], [*body, ["average", *means]])


def _unseen(rows: list[Row], worlds: list[str], names: list[str]) -> list[str]:
    body = []
    for world in worlds:
        new = WORLDS[world].appears
        if not new:
            continue
        cells = []
        for name in names:
            ratio = {}
            for period in cohorts.GRAINS:
                mine, oracle = (
                    fmean(
                        error
                        for row in _drawn(rows, world, name)
                        if row["contender"] == who
                        for part in PARTS
                        for segment, error in row["parts"][part][period].items()
                        if segment in new
                    )
                    for who in (name, "oracle")
                )
                ratio[period] = mine / oracle
            cells.append(" / ".join(f"{ratio[period]:.2f}" for period in cohorts.GRAINS))
        body.append([f"{world} ({', '.join(new)})", *cells])
    return _table(["world", *names], body)


def _coverage(rows: list[Row], worlds: list[str]) -> list[str]:
    kinds = [
        *(f"{period} {kind}" for period in cohorts.GRAINS for kind in ("all", "small")),
        *("day medium", "month medium", "day large", "month large", "day new", "month new"),
    ]
    kinds = [*sorted(dict.fromkeys(kinds), key=lambda kind: kind.split()[0]), "users"]
    body = []
    for world in [*worlds, None]:
        of_world = [
            row["parts"][part]["coverage"]
            for row in rows
            if row["world"] == world or (world is None and row["world"] != TINY)
            if "coverage" in row["parts"]["valid"]
            for part in PARTS
        ]
        cells = []
        for kind in kinds:
            inside = sum(counts[kind][0] for counts in of_world if kind in counts)
            total = sum(counts[kind][1] for counts in of_world if kind in counts)
            cells.append(f"{100 * inside / total:.0f}" if total else "")
        body.append([world or f"all but {TINY}", *cells])
    total = ["cohorts", *(_count(rows, kind) for kind in kinds)]
    return _table(["percent", *kinds], [*body, total])


def _count(rows: list[Row], kind: str) -> str:
    counted = sum(
        row["parts"][part].get("coverage", {}).get(kind, [0, 0])[1]
        for row in rows
        for part in PARTS
        if row["world"] != TINY
    )
    return f"{counted:,}"


def _tiny(rows: list[Row], names: list[str]) -> list[str]:
    of_tiny = [row for row in rows if row["world"] == TINY]
    if not of_tiny:
        return ["Not run."]
    cells = [
        " / ".join(
            f"{fmean(_macro(of_tiny, TINY, part, name, period) for part in PARTS):.2f}"
            for period in cohorts.GRAINS
        )
        for name in ("oracle", *names)
    ]
    return _table(["error by day / by month", "oracle", *names], [["in currency", *cells]])


def _macro(rows: Iterable[Row], world: str, part: str, contender: str, period: str) -> float:
    """Macro error, averaged over the draws."""
    return fmean(
        fmean(row["parts"][part][period].values())
        for row in rows
        if row["world"] == world and row["contender"] == contender
    )


def _drawn(rows: list[Row], world: str, contender: str) -> list[Row]:
    """The rows of a world with the draws that the contender was run on."""
    of_world = [row for row in rows if row["world"] == world]
    seeds = {row["seed"] for row in of_world if row["contender"] == contender}
    return [row for row in of_world if row["seed"] in seeds]


def _seconds(rows: list[Row], contender: str) -> float:
    return fmean(
        row["seconds"] for row in rows if row["contender"] == contender and row["world"] != TINY
    )


def _versions() -> str:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _table(heading: list[str], body: list[list[str]]) -> list[str]:
    lines = [heading, ["---", *["--:"] * (len(heading) - 1)], *body]
    return [f"| {' | '.join(line)} |" for line in lines]
