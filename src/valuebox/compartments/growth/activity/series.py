"""How many customers were active, joined and bought, by day, by week and by month."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.frames import Facts, Groups, summed
from valuebox.compartments.growth.loaded.money import Money
from valuebox.compartments.growth.value.purchases import first_purchases
from valuebox.statistics.arrays import Floats, Moments

Unit = Literal["day", "week", "month"]

MOST: Final[dict[Unit, int]] = {"day": 400, "week": 260, "month": 60}
"""Periods that are looked back at: one event with a wrong date must not make a century."""
MOST_GROUPS: Final = 12
"""Groups with a series of their own: those with most events."""
_NUMPY: Final[dict[Unit, str]] = {"day": "D", "week": "D", "month": "M"}
# 1970-01-01 was a Thursday: three days later weeks of Monday to Sunday are whole since day 0.
_MONDAY: Final = 3
_DAYS_A_WEEK: Final = 7

Periods = NDArray[np.int64]


class GroupSeries(BaseModel):
    """Figures of a group of customers, each list with one value a period."""

    model_config = ConfigDict(frozen=True)

    name: str | None = Field(description="The group; null for all customers together.")
    active: list[int] = Field(description="Customers with at least one event in the period.")
    joined: list[int] = Field(description="Customers who were created in the period.")
    buyers: list[int] = Field(description="Customers with at least one purchase in the period.")
    first_buyers: list[int] = Field(
        description="Customers whose first purchase in the report fell into the period."
    )
    purchases: list[int] = Field(description="Purchases, those of nobody known included.")
    revenue: list[float] = Field(description="Sum of the amounts of the purchases, less refunds.")


class TimeSeries(BaseModel):
    """Periods without a gap, and what happened in each of them."""

    model_config = ConfigDict(frozen=True)

    unit: Unit = Field(description="`day`, `week` (Monday to Sunday) or `month` (of the calendar).")
    starts: list[date] = Field(description="The first day of each period, oldest first.")
    whole: list[bool] = Field(
        description="Whether each period was watched from its first day to its end; the figures of "
        "a period that was not are too low to be compared with others."
    )
    everybody: GroupSeries = Field(description="All customers together.")
    groups: list[GroupSeries] = Field(
        description="The 12 groups with most events, most first; events of nobody known have none."
    )


@dataclass(frozen=True)
class _Grid:
    """Counts rows by group of customers and by period."""

    groups: Groups
    first: int
    """The first period, counted as `_periods` does."""
    size: int
    """Number of periods."""

    def counted(
        self, customer: NDArray[Any], period: Periods, amounts: Floats | None = None
    ) -> NDArray[Any]:
        """Rows, or the sums of their amounts: `(n_groups + 1, size)`, the last row is everybody.

        Args:
            customer: Whose each row is, -1 for nobody's.
            period: When each was, none before the first period.
            amounts: What each brought.
        """
        codes = np.append(self.groups.codes, len(self.groups.names))
        place = codes[customer] * self.size + period - self.first
        cells = (len(self.groups.names) + 1) * self.size
        found: NDArray[Any] = (
            np.bincount(place, minlength=cells)
            if amounts is None
            else summed(place, amounts, cells)
        )
        table = found.reshape(-1, self.size)
        return np.vstack([table[:-1], table.sum(axis=0)])

    def distinct(self, customer: NDArray[Any], period: Periods) -> NDArray[Any]:
        """Customers with at least one row, in the same shape; rows of nobody are not looked at."""
        own = customer >= 0
        keys = np.unique(customer[own].astype(np.int64) * self.size + period[own] - self.first)
        return self.counted(keys // self.size, keys % self.size + self.first)


def series(
    facts: Facts, money: Money, attribute: str, start: np.datetime64 | None, until: np.datetime64
) -> list[TimeSeries]:
    """What happened by day, by week and by month.

    Args:
        facts: What happened.
        money: What events brought.
        attribute: Of customers, which their groups are made by.
        start: When the report begins; None where it begins with the first event.
        until: When the facts end; later events are not looked at.
    """
    groups = facts.customers.groups(attribute)
    own = facts.events.customer >= 0
    events = np.bincount(groups.codes[facts.events.customer[own]], minlength=len(groups.names))
    shown = np.argsort(-events, kind="stable")[:MOST_GROUPS]
    return [
        _of_unit(facts, money, groups, shown.astype(np.intp), unit, start, until) for unit in MOST
    ]


def _of_unit(
    facts: Facts,
    money: Money,
    groups: Groups,
    shown: NDArray[np.intp],
    unit: Unit,
    start: np.datetime64 | None,
    until: np.datetime64,
) -> TimeSeries:
    events = facts.events
    last = int(_periods(np.array([until - np.timedelta64(1, "us")]), unit)[0])
    when = _periods(events.time, unit)
    watched = events.time.min() if start is None else start
    first = max(int(_periods(np.array([watched]), unit)[0]), last + 1 - MOST[unit])
    grid = _Grid(groups, first, last + 1 - first)
    seen = (when >= first) & (events.time < until)
    bought = seen & money.is_purchase
    first_bought = first_purchases(facts, money)
    buyers = np.flatnonzero(first_bought < until)
    began = _periods(first_bought[buyers], unit)
    created = facts.customers.created
    known = np.flatnonzero(created < until)
    joined = _periods(created[known], unit)
    columns = {
        "active": grid.distinct(events.customer[seen], when[seen]),
        "joined": grid.counted(known[joined >= first], joined[joined >= first]),
        "buyers": grid.distinct(events.customer[bought], when[bought]),
        "first_buyers": grid.counted(buyers[began >= first], began[began >= first]),
        "purchases": grid.counted(events.customer[bought], when[bought]),
        "revenue": grid.counted(events.customer[seen], when[seen], money.revenue[seen]),
    }

    def of(name: str | None, row: int) -> GroupSeries:
        return GroupSeries(
            name=name, **{key: table[row].tolist() for key, table in columns.items()}
        )

    starts = [_first_day(period, unit) for period in range(first, last + 2)]
    return TimeSeries(
        unit=unit,
        starts=[one.item() for one in starts[:-1]],
        whole=[
            bool(watched.astype("datetime64[D]") <= begin and end <= until)
            for begin, end in pairwise(starts)
        ],
        everybody=of(None, -1),
        groups=[of(groups.names[code], int(code)) for code in shown],
    )


def _periods(moments: Moments, unit: Unit) -> Periods:
    """Periods of a unit since 1970, by moment."""
    found = moments.astype(f"datetime64[{_NUMPY[unit]}]").astype(np.int64)
    return (found + _MONDAY) // _DAYS_A_WEEK if unit == "week" else found


def _first_day(period: int, unit: Unit) -> np.datetime64:
    if unit == "week":
        period = period * _DAYS_A_WEEK - _MONDAY
    return np.datetime64(period, _NUMPY[unit]).astype("datetime64[D]")  # type: ignore[call-overload,no-any-return]
