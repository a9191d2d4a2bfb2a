"""The tables of the page, by column."""

from dataclasses import replace
from typing import Final

from valuebox.compartments.growth.change.segments import Segment
from valuebox.compartments.growth.value.rfm import NextPeriod
from valuebox.pages.tables import Column, Table, column, ends


def _of_segment(one: Segment) -> str:
    return ", ".join(f"{name} {value}" for name, value in one.attributes.items())


_GROUP: Final = column("name", "Group", "text")
_CUSTOMER: Final = (
    column("customer", "Customer", "text"),
    column("source", "Source", "text"),
    column("group", "Group", "text"),
)
ACTIONS: Final = Table(
    "actions",
    (
        column("group", "Group", "text"),
        column("category", "Category", "text"),
        column("type", "Type", "text"),
        column("events", "Events", "count"),
    ),
)
PROFITS: Final = Table(
    "profits",
    (
        _GROUP,
        column("customers", "Customers", "count"),
        column("buyers", "Buyers", "count"),
        column("purchases", "Purchases", "count"),
        column("profit", "{Measure}", "figure"),
        column("share", "Share", "percent"),
        column("each", "a customer", "figure"),
        ends("each", "amounts"),
    ),
)
CATEGORIES: Final = Table(
    "categories",
    (
        column("name", "Category", "text"),
        column("purchases", "Purchases", "count"),
        column("profit", "{Measure}", "figure"),
        column("share", "Share", "percent"),
    ),
)
BEST: Final = Table(
    "customers",
    (
        *_CUSTOMER,
        column("purchases", "Purchases", "count"),
        column("profit", "{Measure}", "figure"),
    ),
)
GAINS: Final = Table(
    "gains",
    (
        column("share", "Asked", "percent"),
        column("gain", "Responders reached", "percent"),
        ends("gain", "shares"),
        column("lift", "Lift", "figure"),
        ends("lift", "amounts", "its interval"),
    ),
)
CHURN: Final = Table(
    "churn",
    (
        _GROUP,
        column("active", "Ever active", "count"),
        column("churned", "Churned", "count"),
        column("rate", "Rate", "percent"),
        ends("rate", "shares"),
    ),
)
MONTHS: Final = Table(
    "months",
    (
        column("month", "Month", "text"),
        column("active", "Active", "count"),
        column("first_time", "New", "count"),
        column("returned", "Returned", "count"),
        column("lost", "Gone", "count"),
        column("rate", "Rate", "percent"),
    ),
)
FORMULA: Final = Table(
    "formula",
    (
        _GROUP,
        column("buyers", "Buyers", "count"),
        column("order_value", "Order value", "figure"),
        column("sales_a_month", "× sales a month", "figure"),
        column("months_active", "× months active", "figure"),
        column("value", "= value", "figure"),
        column("value_of_customer", "a customer", "figure"),
        column("text_value", "at $1 × categories", "figure"),
    ),
)
VALUED: Final = Table(
    "values",
    (
        *_CUSTOMER,
        column("order_value", "Order value", "figure"),
        column("sales_a_month", "× sales a month", "figure"),
        column("months_active", "× months", "count"),
        column("value", "= value", "figure"),
    ),
)
FUTURES: Final = Table(
    "future",
    (
        _GROUP,
        column("buyers", "Buyers", "count"),
        column("alive", "Still alive", "figure"),
        column("purchases", "Purchases to come", "figure"),
        column("value", "Value to come", "figure"),
        ends("value", "amounts"),
        column("each", "a buyer", "figure"),
    ),
)
BUYERS: Final = Table(
    "buyers",
    (
        *_CUSTOMER,
        column("alive", "Alive", "percent"),
        column("purchases", "Purchases to come", "figure"),
        column("order_value", "Order value", "figure"),
        column("value", "Value to come", "figure"),
        ends("value", "amounts"),
    ),
)
CAMPAIGNS: Final = Table(
    "campaigns",
    (
        _GROUP,
        column("customers", "Customers", "count"),
        column("profit", "{Measure}", "figure"),
        column("spend", "Spend", "figure"),
        column("net", "{Measure} less spend", "figure"),
        column("returned", "for each 1 spent", "figure"),
        column("cac", "Cost of one who joined", "figure"),
        column("payback_months", "Months to pay back", "figure"),
        column("worth", "Worth", "figure"),
        ends("worth", "amounts"),
        column("best", "Is the best", "percent"),
        column("p_adjusted", "p", "p"),
    ),
)
DEMOGRAPHICS: Final = Table(
    "demographics",
    (
        column("attribute", "Attribute", "text"),
        column("name", "Value", "text"),
        column("customers", "Customers", "count"),
        column("buyers", "Buyers", "count"),
        column("profit", "{Measure}", "figure"),
        column("each", "a customer", "figure"),
        ends("each", "amounts"),
        column("formula", "Formula value", "figure"),
    ),
)
SEGMENTS: Final = Table(
    "segments",
    (
        Column("segment", "Segment", "text", _of_segment),
        column("measure", "Response", "text"),
        column("customers", "Customers", "count"),
        column("rate", "Rate", "percent"),
        column("rest", "of all others", "percent"),
        column("p_adjusted", "p", "p"),
    ),
)
PREDICTED: Final = Table(
    "predicted",
    (
        _GROUP,
        column("customers", "Customers", "count"),
        column("matched", "with a prediction", "count"),
        column("predicted", "Mean prediction", "figure"),
        column("brought", "Mean {measure} so far", "figure"),
    ),
)


RFM: Final = Table(
    "rfm",
    (
        column("name", "Segment", "text"),
        column("customers", "Buyers", "count"),
        column("revenue", "Revenue", "figure"),
        column("spent", "a buyer", "figure"),
        column("recency_days", "Days since", "figure"),
        column("purchase_days", "Days with a purchase", "figure"),
        Column("rate", "Bought since", "percent", lambda one: one.next and one.next.rate),
        Column("next", "90 % interval", "shares", lambda one: _next(one.next)),
        Column("each", "revenue of each since", "figure", lambda one: one.next and one.next.each),
    ),
)
LEFT: Final = Table(
    "left",
    (
        _GROUP,
        column("buyers", "Buyers", "count"),
        column("once", "bought once", "count"),
        column("left", "have left", "figure"),
        column("share", "Share", "percent"),
    ),
)
LEAVERS: Final = Table(
    "leavers",
    (
        *_CUSTOMER,
        column("left", "Has left", "percent"),
        column("days", "Days since", "figure"),
        column("purchase_days", "Days with a purchase", "count"),
        column("spent", "Revenue so far", "figure"),
    ),
)
SUBSCRIBERS: Final = Table(
    "subscribers",
    (
        _GROUP,
        column("subscriptions", "Subscriptions", "count"),
        column("cancelled", "Cancelled", "count"),
        column("share", "Share", "percent"),
        ends("share", "shares"),
        column("leaving_share", "Cancel next", "percent"),
    ),
)
CANCELLERS: Final = Table(
    "cancellers",
    (
        *_CUSTOMER,
        column("periods", "Periods", "count"),
        column("leaving", "Cancels next", "percent"),
    ),
)


def in_terms_of(measure: str) -> dict[str, Table]:
    """Tables of the page by name, with what a report calls its amounts: revenue or profit."""
    words = {"measure": measure, "Measure": measure.capitalize()}
    return {
        name: replace(
            table,
            columns=[replace(one, label=one.label.format(**words)) for one in table.columns],
        )
        for name, table in globals().items()
        if isinstance(table, Table)
    }


def _next(one: NextPeriod | None) -> tuple[float | None, float | None]:
    return (one.rate_lower, one.rate_upper) if one else (None, None)


def periods(unit: str) -> Table:
    """Figures over time: a row for each day, week or month."""
    return Table(
        f"each-{unit}",
        (
            column("start", "From", "text"),
            column("active", "Active", "count"),
            column("joined", "Joined", "count"),
            column("buyers", "Buyers", "count"),
            column("first_buyers", "First purchase", "count"),
            column("purchases", "Purchases", "count"),
            column("revenue", "Revenue", "figure"),
        ),
    )
