"""What one has to know before reading the figures of a report, in sentences."""

from valuebox.growth.report import GrowthReport
from valuebox.growth.strays import SetAside
from valuebox.readable import count, figure


def notices(report: GrowthReport) -> list[str]:
    """What was left out and what was subtracted, for the terminal and the page."""
    brought = report.profits
    said = [_set_aside(one) for one in report.span.set_aside]
    if brought.refunds:
        said.append(
            f"refunds took back {figure(brought.refunded)}, in {count(brought.refunds)} events of "
            f"type {', '.join(brought.refund_types)}; they are no purchases"
        )
    if brought.measure == "profit":
        said.append(f"of a revenue of {figure(brought.revenue)}")
    return said


def _set_aside(one: SetAside) -> str:
    """What was left out, such as an event of 2099."""
    what = "events" if one.what == "events" else "days of joining"
    when = f"{one.first:%Y-%m-%d}"
    if one.count > 1:
        when += f" to {one.last:%Y-%m-%d}"
    whose = f", of customers {', '.join(one.customers)}" if one.customers else ""
    return f"left out: {count(one.count)} {what} {one.why}: {when}{whose}"
