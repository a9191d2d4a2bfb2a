"""A report in the terminal: what is asked for most, in a screen."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from valuebox.compartments.growth.change.lift import PROFIT, Lift
from valuebox.compartments.growth.report import GrowthReport
from valuebox.pages.readable import change, count, figure, interval, p_value, percent, visible
from valuebox_cli.growth.notices import notices, without_interval
from valuebox_cli.terminal.console import out
from valuebox_cli.terminal.tabular import print_table

_TYPES: Final = 5
"""Types of events with a column of their own; the others share one."""

_MONTHS: Final = 12
"""Months that are printed, the last ones; JSON has all."""


def tell(report: GrowthReport) -> None:
    """Print the figures of a report that are asked for most."""
    for field, names in report.unmatched.items():
        _say(f"nothing is known of {field} {', '.join(names)}")
    span = report.span
    if span.first is None or span.last is None:
        _say(f"{span.customers:,} customers, and no events")
        return
    _say(
        f"{span.customers:,} customers, {span.events:,} events from {span.first:%Y-%m-%d} to "
        f"{span.last:%Y-%m-%d}, {report.profits.measure} {figure(report.profits.total)}; at $1 a "
        f"purchase {report.profits.at_one_each:,}"
    )
    for notice in notices(report):
        _say(notice)
    _groups(report)
    _actions(report)
    _months(report)
    _segments(report)
    _leaving(report)
    if report.probabilistic and report.probabilistic.buying:
        for warning in report.probabilistic.buying.warnings:
            _say(f"BG/NBD: {warning}")
        if report.probabilistic.spending is None:
            _say("amounts fit no Gamma-Gamma model: intervals of values to come are too narrow")
    if report.comparison:
        in_all = [one for one in report.comparison.lifts if one.segment is None]
        _lifts(in_all, report.profits.measure)
        if report.comparison.note:
            _say(report.comparison.note)
    if report.advertising:
        _say(report.advertising.advice)
    for part, why in report.left_out.items():
        _say(f"left out: {part}, because {why}")


def _say(sentence: str) -> None:
    out.print(visible(sentence), soft_wrap=True)


def _groups(report: GrowthReport) -> None:
    measure = report.profits.measure
    named = [report.question.attribute, "customers", "buyers", measure, "a customer", "90 %"]
    valued = report.formula.groups if report.formula else []
    values = {one.name: one.value_of_customer for one in valued}
    rows = [
        (
            one.name,
            count(one.customers),
            count(one.buyers),
            figure(one.profit),
            figure(one.each),
            interval(one.each_lower, one.each_upper, figure),
            figure(values.get(one.name)),
        )
        for one in report.profits.groups
    ]
    print_table(measure.capitalize(), [*named, "formula value"], rows)
    there = [one for one in report.profits.groups if one.customers]
    for notice in without_interval((one.name, one.no_interval) for one in there):
        _say(notice)


def _actions(report: GrowthReport) -> None:
    """Events by group and type, both with most events first."""
    counts: Counter[tuple[str, str]] = Counter()
    sizes: Counter[str] = Counter()
    for one in report.actions:
        counts[one.group, one.type] += one.events
        sizes[one.group] += one.events
    totals = {one.name: one.count for one in report.types}
    types = sorted(totals, key=lambda name: -totals[name])
    listed = types if len(types) <= _TYPES + 1 else types[:_TYPES]
    others = types[len(listed) :]

    def row(name: str, of: dict[str, int]) -> list[str]:
        rest = [count(sum(of[kind] for kind in others))] if others else []
        return [name, *(count(of[kind]) for kind in listed), *rest]

    print_table(
        "Events",
        [report.question.attribute, *listed, *([f"{len(others)} others"] if others else [])],
        [
            row(name, {kind: counts[name, kind] for kind in types})
            for name, _ in sizes.most_common()
        ],
        [row("all", totals)],
    )


def _months(report: GrowthReport) -> None:
    found = [one for one in report.series if one.unit == "month"]
    if not found:
        return
    months, everybody = found[0], found[0].everybody
    rows = zip(
        months.starts, months.whole, everybody.active, everybody.joined, everybody.buyers,
        everybody.first_buyers, everybody.purchases, everybody.revenue, strict=True,
    )  # fmt: skip
    print_table(
        "Months",
        ["from", "active", "joined", "buyers", "new", "purchases", "revenue"],
        [
            (f"{start}" if is_whole else f"{start} (in part)", *map(count, counts), figure(revenue))
            for start, is_whole, *counts, revenue in list(rows)[-_MONTHS:]
        ],
    )


def _segments(report: GrowthReport) -> None:
    if report.rfm is None:
        return
    days = report.rfm.days
    rows = [
        (
            one.name,
            count(one.customers),
            figure(one.revenue),
            figure(one.spent),
            percent(one.next.rate if one.next else None),
            figure(one.next.each if one.next else None),
        )
        for one in report.rfm.segments
    ]
    headings = ["segment", "buyers", "revenue", "each", f"bought in {days} days", "each then"]
    print_table("Buyers by how lately and how often they bought", headings, rows)


def _leaving(report: GrowthReport) -> None:
    if report.leaving is None:
        return
    if bought := report.leaving.buyers:
        rows = [
            (one.name, count(one.buyers), f"{one.left:,.1f}", percent(one.share))
            for one in bought.groups
        ]
        print_table("Left for good, by BG/NBD", ["group", "buyers", "left", "share"], rows)
    if subscribed := report.leaving.subscribers:
        *groups, everybody = [
            (
                one.name,
                count(one.subscriptions),
                count(one.cancelled),
                percent(one.leaving_share, decimals=1),
            )
            for one in [*subscribed.groups, subscribed.everybody]
        ]
        headings = ["group", "subscriptions", "cancelled", f"cancel in {subscribed.days} days"]
        print_table("Subscribers", headings, groups, [everybody])


def _lifts(found: Sequence[Lift], measure: str) -> None:
    rows = [
        (
            measure if one.measure == PROFIT else one.measure,
            _each(one, one.baseline.each),
            _each(one, one.current.each),
            change(one.lift),
            interval(one.lower, one.upper, change),
            p_value(one.p_value),
            p_value(one.p_adjusted),
            "real" if one.is_real else one.no_test or "may be chance",
        )
        for one in found
    ]
    headings = ["response", "baseline", "now", "lift", "90 %", "p", "adjusted", ""]
    print_table("Lift", headings, rows)
    why_not = [(row[0], one.no_interval) for row, one in zip(rows, found, strict=True)]
    for notice in without_interval(why_not):
        _say(notice)


def _each(one: Lift, value: float | None) -> str:
    return figure(value) if one.measure == PROFIT else percent(value, decimals=1)
