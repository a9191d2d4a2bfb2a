"""Deleting old rows in batches, so that no transaction is long and no lock is held for long."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, and_, delete, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from valuebox.store.ids import first_id

BATCH: Final = 5_000
# Any number that nothing else on the same PostgreSQL uses: "prun" in ASCII.
_LOCK: Final = 0x7072756E


class Pruned(NamedTuple):
    """What one batch did."""

    deleted: dict[str, int]
    """Number of deleted rows, by what they are."""
    last: Any | None
    """Where the next batch begins; None after the last one."""


@dataclass(frozen=True)
class Batch:
    """A range of at most about `BATCH` rows, in the order of one column."""

    before: Any | None
    after: Any | None
    last: Any | None
    """The last value of the batch, where there may be more rows behind it."""

    def holds(self, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """The condition on a column with values such as that of the batch."""
        bounds = []
        if self.before is not None:
            bounds.append(column < self.before)
        if self.after is not None:
            bounds.append(column > self.after)
        if self.last is not None:
            bounds.append(column <= self.last)
        return and_(True, *bounds)


def next_batch(
    session: Session, column: InstrumentedAttribute[Any], before: Any | None, after: Any | None
) -> Batch:
    """The next rows in the order of an indexed column.

    Args:
        session: Of the transaction that will delete them.
        column: With an index, of which this reads `BATCH` entries.
        before: Only rows with smaller values; None for all.
        after: Only rows with greater values: the `last` of the batch before.
    """
    rest = Batch(before, after, None)
    query = select(column).where(rest.holds(column)).order_by(column)
    return Batch(before, after, session.scalar(query.offset(BATCH - 1).limit(1)))


def deleted(session: Session, table: type[Any], condition: ColumnElement[bool]) -> int:
    """Delete the rows of a table that meet a condition, and say how many they were."""
    statement = delete(table).where(condition).execution_options(synchronize_session=False)
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def prune_received(
    session: Session,
    received: InstrumentedAttribute[UUID],
    pointing: InstrumentedAttribute[UUID],
    names: tuple[str, str],
    before: datetime,
    after: UUID | None,
) -> Pruned:
    """Delete the first rows that were received before a moment, with those that point to them.

    Args:
        session: Of the transaction that deletes them.
        received: Ids of the rows, in order of time: the primary key finds what is old.
        pointing: The column that points to these ids.
        names: What the rows are, and those that point to them.
        before: The moment.
        after: The `last` of the batch before.
    """
    batch = next_batch(session, received, first_id(before), after)
    pointers = deleted(session, pointing.parent.class_, batch.holds(pointing))
    rows = deleted(session, received.parent.class_, batch.holds(received))
    return Pruned({names[0]: rows, names[1]: pointers}, batch.last)


def prune_unneeded(
    session: Session,
    key: InstrumentedAttribute[Any],
    needing: InstrumentedAttribute[Any],
    name: str,
    before: datetime,
    after: Any | None,
) -> Pruned:
    """Delete, of the next values by key, those that are old and that nothing else needs any more.

    There is no index by time, and one would not help: what is old and still needed would have to
    be read again every time. The whole table is walked instead, a batch at a time.

    Args:
        session: Of the transaction that deletes them.
        key: Of a table of values of which the latest counts, with `changed_at`.
        needing: The column of another table whose rows need the value of their key.
        name: What the values are.
        before: Only values that have not changed since then.
        after: The `last` of the batch before.
    """
    batch = next_batch(session, key, None, after)
    old = (
        select(key)
        .where(batch.holds(key), key.parent.class_.changed_at < before)
        .where(~exists().where(needing == key))
        # What somebody is changing at this moment is not old; waiting for it could deadlock.
        .with_for_update(skip_locked=True)
    )
    return Pruned({name: deleted(session, key.parent.class_, key.in_(old))}, batch.last)


def alone(session: Session, patient: bool) -> bool:
    """Whether nobody else prunes until the end of this transaction.

    On SQLite a writing transaction is alone anyway.

    Args:
        session: In a transaction.
        patient: Whether to wait until the other one is done with its batch.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    if patient:
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))


def scrub(engine: Engine) -> bool:
    """Leave no copy of deleted rows in the log beside an SQLite file; nothing on PostgreSQL.

    Returns:
        False where somebody was reading for so long that the copies had to stay.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        # Outside of a transaction, which SQLAlchemy's own connections always begin.
        row = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(row[0] == 0)
    finally:
        connection.close()
