"""Rows with odd values in every table that there is."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Integer, Table, Uuid, delete, insert
from sqlalchemy.types import Float

from valuebox.compartments.register import compartments
from valuebox.store.base import Base, UtcDateTime
from valuebox.store.engine import Store

N_ROWS: Final = 4
_FIRST: Final = datetime(2026, 11, 29, 23, 59, 58, tzinfo=UTC)
_FLOATS: Final = (0.1 + 0.2, -1e-300, math.inf, 12345678.9)
_TEXTS: Final = ("a\tb\nc\r\\N", "\\.", "ünï 🎈 \\t", "123")
_JSON: Final = ({"a": "x\ty\\n", "ü": [1.5, None]}, [], "5", 7)


def put_odd_rows(store: Store) -> None:
    """Replace what every table holds by four rows; the last one is as empty as can be.

    What the schema promises stays.
    """
    # Each brings its tables, which a process that has only copied a database does not know yet.
    compartments()
    with store.writing() as session:
        tables = [one for one in Base.metadata.sorted_tables if one.name != "schema_promise"]
        for table in reversed(tables):
            session.execute(delete(table))
        for table in tables:
            session.execute(insert(table), [_row(table, at) for at in range(N_ROWS)])
        # The database itself has noted some months meanwhile.
        noted = Base.metadata.tables["summed_months"]
        session.execute(delete(noted))
        session.execute(insert(noted), [_row(noted, at) for at in range(N_ROWS)])


def _row(table: Table, at: int) -> dict[str, Any]:
    return {
        column.name: None if at == N_ROWS - 1 and column.nullable else _value(column, at)
        for column in table.columns
    }


def _value(column: Column[Any], at: int) -> Any:
    for kind, make in _MAKERS:
        if isinstance(column.type, kind):
            return make(at)
    text = _TEXTS[at] * 3
    return text[: getattr(column.type, "length", None) or len(text)] if at else text[:3]


_MAKERS: Final[tuple[tuple[type, Callable[[int], Any]], ...]] = (
    (Uuid, lambda at: UUID(int=at + 1)),
    # With microseconds, with fewer digits of them, and without.
    (UtcDateTime, lambda at: _FIRST + timedelta(microseconds=(0, 123_400, 1, 999_999)[at])),
    (DateTime, lambda at: datetime(2019, 8, 1, 0, 0, at)),
    (Date, lambda at: date(2019, 8, 1 + at)),
    (Boolean, lambda at: at % 2 == 0),
    (Integer, lambda at: (1 << 30) + at),
    (Float, lambda at: _FLOATS[at]),
    (JSON, lambda at: _JSON[at]),
)
