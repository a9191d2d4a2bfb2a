"""The day of a stored moment, as SQL."""

from typing import Any

from sqlalchemy import ColumnElement, Date, func
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
