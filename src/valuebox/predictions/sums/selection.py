"""Which sums are asked for: days or months, segments, a model."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, extract, select
from sqlalchemy.sql.elements import SQLCoreOperations

from valuebox.predictions.sums.days import MonthNumber
from valuebox.statistics.grain import Grain


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
    query = select(*columns)
    if selection.first is not None:
        query = query.where(table.day >= selection.first)
    if selection.last is not None:
        query = query.where(table.day <= selection.last)
    if selection.segment is not None and hasattr(table, "segment"):
        several = isinstance(selection.segment, tuple)
        names = selection.segment if several else (selection.segment,)
        query = query.where(table.segment.in_(names))
    if selection.model is not None:
        query = query.where(table.model == selection.model)
    return query
