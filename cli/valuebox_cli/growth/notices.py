"""Sentences that a reader of a report should see before its figures."""

from collections.abc import Iterable, Iterator
from typing import Final

from valuebox.compartments.growth.loaded.strays import SetAside
from valuebox.compartments.growth.report import GrowthReport
from valuebox.pages.readable import count, figure

_NAMED: Final = 5
"""Names that are told at most; of more, their number."""


def notices(report: GrowthReport) -> list[str]:
    """What was left out and what was subtracted, for the terminal and the page."""
    brought = report.profits
    said = [set_aside(one) for one in report.span.set_aside]
    if brought.refunds:
        said.append(
            f"refunds took back {figure(brought.refunded)}, in {count(brought.refunds)} events of "
            f"type {', '.join(brought.refund_types)}; they are no purchases"
        )
    if brought.neither:
        said.append(
            f"amounts of {count(brought.neither)} events of type "
            f"{', '.join(brought.neither_types)} are in no figure: name the types of refunds, if "
            "there are any among them (--refund)"
        )
    if brought.unpriced:
        currency = report.question.currency
        said.append(
            f"{count(brought.unpriced)} of {count(brought.purchases)} purchases bring nothing, as "
            f"they have no amount{f' in {currency}' if currency else ''}"
        )
    if brought.uncosted:
        said.append(
            f"{count(brought.uncosted)} of {count(brought.purchases)} purchases cost nothing, as "
            f"they have no {report.question.cost_property}"
        )
    if brought.measure == "profit":
        said.append(f"of a revenue of {figure(brought.revenue)}")
    return said


def set_aside(one: SetAside) -> str:
    """What was left out, such as an event of 2099."""
    what = "events" if one.what == "events" else "days of joining"
    when = f"{one.first:%Y-%m-%d}"
    if one.count > 1:
        when += f" to {one.last:%Y-%m-%d}"
    whose = f", of customers {', '.join(one.customers)}" if one.customers else ""
    return f"left out: {count(one.count)} {what} {one.why}: {when}{whose}"


def without_interval(found: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """Why some have no interval, each reason once.

    Args:
        found: What each is called, and why it has none; None where it has one.
    """
    names: dict[str, list[str]] = {}
    for name, why_not in found:
        if why_not is not None:
            names.setdefault(why_not, []).append(name)
    for why_not, those in names.items():
        told = ", ".join(those) if len(those) <= _NAMED else f"{count(len(those))} of these"
        yield f"no interval for {told}: {why_not}"
