"""Rows that need a row of another table, where no key of the database says so.

A key would be checked for every row that is stored. What stores such rows, and what deletes them,
does so in one transaction instead, and `valuebox db check` finds out whether it did.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from valuebox.store.engine import Store
from valuebox.store.pruning import next_batch


@dataclass(frozen=True)
class UncheckedKey:
    """Rows of a table, each of which needs a row with the same id in another one."""

    rows: InstrumentedAttribute[Any]
    """The primary key of the rows."""
    needed: InstrumentedAttribute[Any]
    """The primary key of the other table."""

    @property
    def table(self) -> str:
        """Name of the table of the rows."""
        return str(self.rows.parent.class_.__tablename__)

    @property
    def needed_table(self) -> str:
        """Name of the other table."""
        return str(self.needed.parent.class_.__tablename__)


def lacking(store: Store, key: UncheckedKey) -> int:
    """How many rows lack the row that they need.

    Beside a running service: every batch is a short statement of its own, and sees whole
    transactions.
    """
    count, after = 0, None
    while True:
        with store.reading() as session:
            batch = next_batch(session, key.rows, None, after)
            alone = batch.holds(key.rows) & ~exists().where(key.needed == key.rows)
            count += session.scalar(select(func.count(key.rows)).where(alone)) or 0
        if batch.last is None:
            return count
        after = batch.last
