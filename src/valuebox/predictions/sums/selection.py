"""Which sums are asked for: days or months, segments, a model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, case, extract, or_, select, union_all
from sqlalchemy.sql.elements import SQLCoreOperations

from valuebox.predictions.sums.days import MonthNumber
from valuebox.statistics.grain import Grain

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Selection:
    """Which sums are meant; what is None restricts nothing."""

    first: date | None = None
    """The first day."""
    last: date | None = None
    """The last day, which is included."""
    segment: str | tuple[str, ...] | None = None
    """A segment, or any of several."""
    model: str | None = None
    """Tag of a model. Without one every model is answered for by itself."""
    months: frozenset[date] = frozenset()
    """First days of months whose sums may be read by month; see `months.made_months`."""

    @property
    def whole_months(self) -> list[date]:
        """Months, of `months`, that lie inside of the days, in order of time."""
        if self.first is None or self.last is None:
            return []
        return sorted(one for one in self.months if self.first <= one and last_of(one) <= self.last)

    @property
    def other_days(self) -> Iterator[tuple[date, date]]:
        """First and last of the days around `whole_months`, where there are some."""
        if self.first is None or self.last is None:
            return
        first = self.first
        for month in self.whole_months:
            if first < month:
                yield first, month - _DAY
            first = last_of(month) + _DAY
        if first <= self.last:
            yield first, self.last


def last_of(month: date) -> date:
    """The last day of a month, by its first one."""
    return (month + timedelta(days=31)).replace(day=1) - _DAY


def period_of(day: SQLCoreOperations[Any], grain: Grain) -> ColumnElement[int]:
    """A number for the day itself, or for its month, in order of time."""
    month = MonthNumber(day)
    return month if grain == "month" else month * 100 + extract("day", day)


def period_name(number: Any) -> str:
    """Name of a period for people: 2019-07 or 2019-07-01."""
    digits = str(int(number))
    return "-".join(part for part in (digits[:4], digits[4:6], digits[6:]) if part)


def chosen(
    selection: Selection, table: Any, *columns: SQLCoreOperations[Any]
) -> Select[*tuple[Any, ...]]:
    """A query for columns of those rows of a table of sums that a selection means."""
    query = _of_kind(selection, table, select(*columns))
    if selection.first is not None:
        query = query.where(table.day >= selection.first)
    if selection.last is not None:
        query = query.where(table.day <= selection.last)
    return query


def _of_kind(
    selection: Selection, table: Any, query: Select[*tuple[Any, ...]]
) -> Select[*tuple[Any, ...]]:
    if selection.segment is not None and hasattr(table, "segment"):
        several = isinstance(selection.segment, tuple)
        names = selection.segment if several else (selection.segment,)
        query = query.where(table.segment.in_(names))
    if selection.model is not None:
        query = query.where(table.model == selection.model)
    return query


def summed(
    selection: Selection,
    days: Any,
    months: Any | None,
    columns: Callable[[Any], Sequence[SQLCoreOperations[Any]]],
    holds: Callable[[Any], ColumnElement[bool]] | None = None,
) -> FromClause:
    """Columns of the sums that a selection means, of months where it has whole ones, else of days.

    Args:
        selection: Which sums are meant.
        days: A table of sums by day.
        months: The table of the same sums by month; None where there is none, or days are wanted.
        columns: Function that gives the columns of either table, the same ones by name.
        holds: Function that gives a condition on the rows of either table.
    """

    def of(table: Any, is_meant: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        query = _of_kind(selection, table, select(*columns(table))).where(is_meant)
        return query if holds is None else query.where(holds(table))

    whole = selection.whole_months
    if months is None or not whole:
        query = chosen(selection, days, *columns(days))
        return (query if holds is None else query.where(holds(days))).subquery()
    parts = [of(months, months.month.in_(whole))]
    around = [days.day.between(*ends) for ends in selection.other_days]
    if around:
        parts.append(of(days, or_(*around)))
    return union_all(*parts).subquery()


def first_day(table: Any) -> ColumnElement[date]:
    """The first day that a row of sums is of; of sums by month that are not of cohorts, any day."""
    return _first_of(table, "first_day", "month", "day")


def last_day(table: Any) -> ColumnElement[date]:
    """The last day that a row of sums is of; see `first_day`."""
    return _first_of(table, "last_day", "month", "day")


def last_known(table: Any) -> ColumnElement[date | None]:
    """The last day with outcomes that a row of sums of cohorts is of."""
    if hasattr(table, "last_known"):
        return table.last_known  # type: ignore[no-any-return]
    return case((table.known_users > 0, table.day))


def _first_of(table: Any, *names: str) -> ColumnElement[date]:
    """The first of some columns that a table has."""
    found: ColumnElement[date] = next(
        getattr(table, name) for name in names if hasattr(table, name)
    )
    return found
