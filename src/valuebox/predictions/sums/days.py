"""The day of a stored moment, and the number of a day or its month, as SQL."""

from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from valuebox.store.base import UtcDateTime


class _DayInUtc(FunctionElement[Any]):
    """The day of a moment with a zone, in UTC; PostgreSQL would take that of its session's."""

    type = Date()
    inherit_cache = True


@compiles(_DayInUtc)
def _plain(element: _DayInUtc, compiler: Any, **kwargs: Any) -> str:
    return compiler.process(func.date(*element.clauses), **kwargs)  # type: ignore[no-any-return]


@compiles(_DayInUtc, "postgresql")
def _in_zone(element: _DayInUtc, compiler: Any, **kwargs: Any) -> str:
    (moment,) = element.clauses
    return compiler.process(func.date(func.timezone("UTC", moment)), **kwargs)  # type: ignore[no-any-return]


def day_of(moment: Any) -> ColumnElement[Any]:
    """The day of a moment: in UTC where it has a zone, else on the clock that it was written by."""
    if isinstance(moment.type, UtcDateTime):
        return _DayInUtc(moment)
    return func.date(moment, type_=Date)


class MonthNumber(FunctionElement[int]):
    """The month of a day as a number such as 201907.

    Millions of days are told their months: EXTRACT, which calculates with decimals on PostgreSQL
    and with two formatted texts on SQLite, takes several times as long.
    """

    type = Integer()
    inherit_cache = True


@compiles(MonthNumber)
def _of_text(element: MonthNumber, compiler: Any, **kwargs: Any) -> str:
    day = compiler.process(*element.clauses, **kwargs)
    return f"CAST(substr({day}, 1, 4) || substr({day}, 6, 2) AS INTEGER)"


@compiles(MonthNumber, "postgresql")
def _of_date(element: MonthNumber, compiler: Any, **kwargs: Any) -> str:
    day = compiler.process(*element.clauses, **kwargs)
    return f"CAST(date_part('year', {day}) * 100 + date_part('month', {day}) AS INTEGER)"
