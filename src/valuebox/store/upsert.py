"""Rows whose key may be there already: left alone, or replaced; the same on both databases."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from valuebox.store.base import Base
from valuebox.store.clock import CLOCK
from valuebox.store.staging import POSITION, staged
from valuebox.store.writing import COPY_FROM, Rows, insert_unless_there, table_of, write

Source = Select[Any] | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""New rows: a query whose columns are called as those of the table, one row, or several."""
New = ReadOnlyColumnCollection[str, Any]
"""Columns of a row that was to be inserted, by name."""

# Bound parameters of one statement are limited, on SQLite to 32,766.
_CHUNK: Final = 5_000


def insert_into(session: Session, model: type[Base] | Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that may say what happens where a key is there already."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    table = model if isinstance(model, Table) else table_of(model)
    return (postgresql.insert if is_postgres else sqlite.insert)(table)


def insert_missing(session: Session, model: type[Base] | Table, source: Source) -> int:
    """Insert rows whose primary key is not there yet, and say how many these were.

    Of several new rows with the same key the first one counts.
    """
    insert = insert_into(session, model)
    statement = _of(insert, source).on_conflict_do_nothing(index_elements=_key(insert.table))
    result = session.execute(statement, _rows(source))
    return int(result.rowcount)  # type: ignore[attr-defined]


def insert_new(session: Session, rows: Rows) -> int:
    """Insert rows that are most likely new, and say how many were: all of them, or fewer.

    Where they are many it is all or none, and finding out that a key is there costs as much as
    inserting the rows before it, which PostgreSQL has to clear away later.

    Args:
        session: In a transaction, which goes on whatever was there.
        rows: No key comes twice among them. They are in one order for everybody, so that two
            transactions with the same keys cannot deadlock.
    """
    connection = session.connection()
    if rows.count < COPY_FROM or connection.dialect.name == "sqlite":
        return insert_unless_there(connection, rows)
    try:
        with session.begin_nested():
            write(session, [rows])
    except IntegrityError:
        return 0
    return rows.count


def upsert(
    session: Session,
    model: type[Base] | Table,
    source: Source,
    replaced: Callable[[New], Mapping[str, Any]],
    where: Callable[[New], ColumnElement[bool]] | None = None,
) -> None:
    """Insert rows, and change those whose primary key is there already.

    Many rows go by way of a temporary table: PostgreSQL would be sent them one after the other,
    each with an answer to wait for.

    Args:
        session: In a transaction.
        model: The table.
        source: New rows, in one order for everybody, so that two transactions with the same keys
            cannot deadlock.
        replaced: Function of the new row that returns what an old one becomes, by column.
        where: Function of the new row that says which old ones are changed; None for all.
    """
    if not isinstance(source, Select | Mapping) and len(source) >= COPY_FROM:
        columns = {name: [row[name] for row in source] for name in source[0]}
        with staged(session, Rows(model, len(source), columns)) as new:
            found = select(*(new.c[name] for name in columns)).order_by(new.c[POSITION])
            # Without a condition SQLite would take ON CONFLICT for the end of a join.
            upsert(session, model, found.where(new.c[POSITION] >= 0), replaced, where)
        return
    insert = insert_into(session, model)
    statement = _of(insert, source)
    changed = statement.on_conflict_do_update(
        index_elements=_key(insert.table),
        set_=replaced(statement.excluded),
        where=where(statement.excluded) if where else None,
    )
    session.execute(changed, _rows(source))


def columns_of_new(*names: str) -> Callable[[New], Mapping[str, Any]]:
    """A function for `upsert` that replaces these columns by those of the new row."""
    return lambda new: {name: new[name] for name in names}


class Put(NamedTuple):
    """What has become of values of which the latest counts."""

    received: int
    added: int
    corrected: int
    unchanged: int


def put_latest(session: Session, model: type[Base], values: Mapping[Any, float]) -> Put:
    """Store values of which the latest counts; a known one is left alone, another one replaced.

    Args:
        session: In a transaction.
        model: A table with one column as its key, `target`, `first_reported_at` and `changed_at`.
        values: Targets by key.
    """
    table, now = table_of(model), CLOCK.moment()
    (key,) = table.primary_key.columns
    # One order for everybody, so that two requests with the same keys cannot deadlock.
    keys = sorted(values)
    known: dict[Any, float] = {}
    for start in range(0, len(keys), _CHUNK):
        found = select(key, table.c.target).where(key.in_(keys[start : start + _CHUNK]))
        known.update((one, target) for one, target in session.execute(found))
    changed = [one for one in keys if known.get(one) != values[one]]
    if changed:
        upsert(
            session,
            model,
            [
                {key.name: one, "target": values[one], "first_reported_at": now, "changed_at": now}
                for one in changed
            ],
            columns_of_new("target", "changed_at"),
            lambda new: table.c.target != new["target"],
        )
    added = sum(one not in known for one in changed)
    return Put(len(values), added, len(changed) - added, len(values) - len(changed))


def _of(
    insert: postgresql.Insert | sqlite.Insert, source: Source
) -> postgresql.Insert | sqlite.Insert:
    if isinstance(source, Select):
        return insert.from_select(list(source.selected_columns.keys()), source)
    return insert.values(source) if isinstance(source, Mapping) else insert


def _rows(source: Source) -> Sequence[Mapping[str, Any]] | None:
    """The rows that a statement is executed with; None where it holds them itself."""
    return None if isinstance(source, Select | Mapping) else source


def _key(table: Any) -> list[str]:
    return [column.name for column in table.primary_key.columns]
