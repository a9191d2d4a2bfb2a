"""A report as one HTML page that needs nothing but a browser."""

from collections import Counter
from operator import attrgetter
from typing import Any, Final

from valuebox.compartments.growth.report import GrowthReport
from valuebox.pages import readable
from valuebox.pages.lifts import lifts
from valuebox.pages.rendering import digest, environment, style, text
from valuebox.pages.tables import room
from valuebox.statistics.rates import LEVEL
from valuebox.statistics.shuffling import FEWEST
from valuebox_cli.growth import bars, charts, lines, tables
from valuebox_cli.growth.notices import notices

_PACKAGE = __package__ or ""
_CATEGORIES: Final = 12
"""Categories that are drawn at most, in as many pictures as there are groups."""
_ACTIONS: Final = 200
"""Rows of the table of all combinations; JSON has all of them."""


def render(report: GrowthReport) -> str:
    """The page: pictures and tables of a report, which it also holds as JSON.

    It loads nothing, and its content policy forbids it to: only its own script runs.
    """
    script = text("shown.js") + text("growth.js", _PACKAGE)
    look = style() + text("file.css") + text("growth.css", _PACKAGE) + charts.heat_style()
    return (
        environment(
            _PACKAGE,
            signed=readable.change,
            changes=lambda ends: readable.interval(ends[0], ends[1], readable.change),
            rate=lambda value: readable.percent(value, decimals=1),
        )
        .get_template("growth.html")
        .render(
            report=report,
            data=report.model_dump(mode="json"),
            style=look,
            script=script,
            digests=[digest(script), digest(look)],
            level=LEVEL,
            tables=tables.in_terms_of(report.profits.measure),
            periods=tables.periods,
            measure=report.profits.measure,
            notices=notices(report),
            room=room,
            heat=charts.heat,
            warmest=_warmest(report),
            units=lines.units(report.series),
            **_bars(report),
            **_comparison(report),
        )
    )


def _bars(report: GrowthReport) -> dict[str, Any]:
    measure = report.profits.measure
    types = [one.name for one in sorted(report.types, key=lambda one: -one.count)]
    events = Counter({one.name: 0 for one in report.users})
    for one in report.actions:
        events[one.group] += one.events
    largest = [name for name, _ in events.most_common(bars.MOST_ROWS)]
    return {
        "users": bars.sizes(report.users, "customers"),
        "events": bars.histogram(report.events_per_customer.histogram, "customers"),
        "groups": bars.of_actions(report.actions, types, attrgetter("group")),
        "categories": {
            group: bars.of_actions(
                [one for one in report.actions if group in (None, one.group)],
                types, attrgetter("category"), _CATEGORIES,
            )
            for group in (None, *largest)
        },
        "most_actions": sorted(report.actions, key=lambda one: -one.events)[:_ACTIONS],
        "profits": bars.amounts(
            {one.name: one.profit for one in report.profits.groups}, measure
        ),
        "profitable": bars.amounts(
            {one.name: one.profit for one in report.profits.categories}, measure, _CATEGORIES
        ),
        "recent": bars.amounts(
            {one.name: one.revenue for one in report.rfm.segments} if report.rfm else {}, "revenue"
        ),
    }  # fmt: skip


def _comparison(report: GrowthReport) -> dict[str, Any]:
    compared = report.comparison
    in_all = [one for one in compared.lifts if one.segment is None] if compared else []
    by_segment = [one for one in compared.lifts if one.segment is not None] if compared else []
    return {
        "lifts": lifts(in_all),
        "segment_lifts": lifts(by_segment),
        "curves": [charts.gain(one) for one in compared.curves] if compared else [],
    }


def _warmest(report: GrowthReport) -> float:
    """The highest rate of a cohort that is large enough for one to mean something."""
    cohorts = report.retention.cohorts if report.retention else []
    return max((max(one.rates) for one in cohorts if one.customers >= FEWEST), default=1.0)
