"""A report in the terminal: what is asked for most, in a screen."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich import box
from rich.table import Table

from valuebox.growth.lift import Lift
from valuebox.growth.report import GrowthReport
from valuebox_cli.console import out

_MONTHS: Final = 12
"""The last ones that are told; JSON has all."""


def tell(report: GrowthReport) -> None:
    """Print it."""
    for field, names in report.unmatched.items():
        out.print(f"nothing is known of {field} {', '.join(names)}", soft_wrap=True, markup=False)
    span = report.span
    if span.first is None or span.last is None:
        out.print(f"{span.customers:,} customers, and no events")
        return
    out.print(
        f"{span.customers:,} customers, {span.events:,} events from {span.first:%Y-%m-%d} to "
        f"{span.last:%Y-%m-%d}, profit {report.profits.total:,.2f}; at $1 a purchase "
        f"{report.profits.at_one_each:,}"
    )
    _groups(report)
    _actions(report)
    _months(report)
    _segments(report)
    _leaving(report)
    if report.comparison:
        _lifts([one for one in report.comparison.lifts if one.segment is None])
    if report.advertising:
        out.print(report.advertising.advice, soft_wrap=True)
    for part, why in report.left_out.items():
        out.print(f"left out: {part}, because {why}", soft_wrap=True)


def _groups(report: GrowthReport) -> None:
    named = [report.question.attribute, "customers", "buyers", "profit", "a customer", "90 %"]
    table = _table("Profit", [*named, "formula value"])
    valued = report.formula.groups if report.formula else []
    values = {one.name: one.value_of_customer for one in valued}
    for one in report.profits.groups:
        table.add_row(
            one.name,
            f"{one.customers:,}",
            f"{one.buyers:,}",
            f"{one.profit:,.2f}",
            _figure(one.each),
            f"{_figure(one.each_lower)} to {_figure(one.each_upper)}",
            _figure(values.get(one.name)),
        )
    out.print(table)


def _actions(report: GrowthReport) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for one in report.actions:
        counts[one.group, one.type] += one.events
    types = [one.name for one in report.types]
    table = _table("Events", [report.question.attribute, *types])
    for group in dict.fromkeys(group for group, _ in counts):
        table.add_row(group, *(f"{counts[group, name]:,}" for name in types))
    table.add_section()
    table.add_row("all", *(f"{one.count:,}" for one in report.types))
    out.print(table)


def _months(report: GrowthReport) -> None:
    found = [one for one in report.series if one.unit == "month"]
    if not found:
        return
    months, everybody = found[0], found[0].everybody
    table = _table("Months", ["from", "active", "joined", "buyers", "new", "purchases", "revenue"])
    rows = zip(
        months.starts, months.whole, everybody.active, everybody.joined, everybody.buyers,
        everybody.first_buyers, everybody.purchases, everybody.revenue, strict=True,
    )  # fmt: skip
    for start, is_whole, *counts, revenue in list(rows)[-_MONTHS:]:
        name = f"{start}" if is_whole else f"{start} (in part)"
        table.add_row(name, *(f"{one:,}" for one in counts), f"{revenue:,.2f}")
    out.print(table)


def _segments(report: GrowthReport) -> None:
    if report.rfm is None:
        return
    days = report.rfm.days
    heading = ["segment", "buyers", "revenue", "each", f"bought in {days} days", "each then"]
    table = _table("Buyers by how lately and how often they bought", heading)
    for one in report.rfm.segments:
        later = one.next
        table.add_row(
            one.name,
            f"{one.customers:,}",
            f"{one.revenue:,.2f}",
            _figure(one.spent),
            "—" if later is None else f"{later.rate:.0%}",
            _figure(None if later is None else later.each),
        )
    out.print(table)


def _leaving(report: GrowthReport) -> None:
    if report.leaving is None:
        return
    if bought := report.leaving.buyers:
        table = _table("Left for good, by BG/NBD", ["group", "buyers", "left", "share"])
        for left in bought.groups:
            table.add_row(left.name, f"{left.buyers:,}", f"{left.left:,.1f}", f"{left.share:.0%}")
        out.print(table)
    if subscribed := report.leaving.subscribers:
        heading = ["group", "subscriptions", "cancelled", f"cancel in {subscribed.days} days"]
        table = _table("Subscribers", heading)
        for one in [*subscribed.groups, subscribed.everybody]:
            soon = "—" if one.leaving_share is None else f"{one.leaving_share:.1%}"
            table.add_row(one.name, f"{one.subscriptions:,}", f"{one.cancelled:,}", soon)
        out.print(table)


def _lifts(found: Sequence[Lift]) -> None:
    table = _table("Lift", ["response", "baseline", "now", "lift", "90 %", "p", "adjusted", ""])
    for one in found:
        table.add_row(
            one.measure,
            _share(one, one.baseline.each),
            _share(one, one.current.each),
            _percent(one.lift),
            f"{_percent(one.lower)} to {_percent(one.upper)}",
            f"{one.p_value:.3f}",
            f"{one.p_adjusted:.3f}",
            "real" if one.is_real else "may be chance",
        )
    out.print(table)


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(
        title=title, box=box.SIMPLE_HEAD, title_justify="left",
        pad_edge=False, show_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    return table


def _share(one: Lift, value: float | None) -> str:
    return _figure(value) if one.measure == "profit" or value is None else f"{value:.1%}"


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:,.2f}"


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:+.0%}"
