"""Rows that may be there already: first into a table of their own, from there into the real one.

COPY knows no conflicts. A temporary table beside the real one costs less than sending keys to and
fro, and lets the database compare what came with what it has.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.orm import Session

from valuebox.store.writing import Rows, write

POSITION: Final = "position"
"""Column of every temporary table: the position of a row among those that came, from 0."""


@contextmanager
def staged(session: Session, rows: Rows) -> Iterator[Table]:
    """Rows in a temporary table, with their positions, until the block ends.

    Args:
        session: In a transaction, whose failure takes the temporary table with it.
        rows: As they would go into their own table.
    """
    table = _beside(rows.into)
    connection = session.connection()
    table.create(connection, checkfirst=False)
    positions = {POSITION: np.arange(rows.count, dtype=np.float64)}
    write(session, [replace(rows, table=table, columns={**rows.columns, **positions})])
    yield table
    table.drop(connection, checkfirst=False)


@cache
def _beside(table: Table) -> Table:
    columns = [Column(column.name, column.type) for column in table.columns]
    return Table(
        f"new_{table.name}",
        MetaData(),
        *columns,
        Column(POSITION, Integer),
        prefixes=["TEMPORARY"],
    )
