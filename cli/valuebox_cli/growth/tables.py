"""The tables of the page, by column."""

from typing import Final

from valuebox.dashboard.tables import Column, Table, column, ends
from valuebox.growth.segments import Segment


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
        column("profit", "Profit", "figure"),
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
        column("profit", "Profit", "figure"),
        column("share", "Share", "percent"),
    ),
)
BEST: Final = Table(
    "customers",
    (
        *_CUSTOMER,
        column("purchases", "Purchases", "count"),
        column("profit", "Profit", "figure"),
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
        column("value_lower", "from", "figure"),
        column("value_upper", "to", "figure"),
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
        column("value_lower", "from", "figure"),
        column("value_upper", "to", "figure"),
    ),
)
CAMPAIGNS: Final = Table(
    "campaigns",
    (
        _GROUP,
        column("customers", "Customers", "count"),
        column("profit", "Profit", "figure"),
        column("spend", "Spend", "figure"),
        column("net", "Profit less spend", "figure"),
        column("cost_of_customer", "Cost of a customer", "figure"),
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
        column("profit", "Profit", "figure"),
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
        column("brought", "Mean profit so far", "figure"),
    ),
)


def periods(unit: str) -> Table:
    """Figures over time: a row for each day, week or month."""
    return Table(
        f"by-{unit}",
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
