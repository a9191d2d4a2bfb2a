"""Months that are old as a whole: their partitions are dropped, whatever they hold."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from valuebox.store.ids import first_id
from valuebox.store.partitions.ahead import LOCK_MS
from valuebox.store.partitions.found import is_divided, partitions_of, pointing_to
from valuebox.store.session_settings import without_limits


def expired(connection: Connection, tables: Sequence[str], before: datetime) -> list[UUID]:
    """The ids before which partitions end that hold nothing but rows of before a moment.

    Args:
        connection: Reads.
        tables: Whose rows belong together: what ends in one of them alone is not told.
        before: The moment.

    Returns:
        None where one of the tables is not divided.
    """
    if not all(is_divided(connection, table) for table in tables):
        return []
    ends = [{one.ends for one in partitions_of(connection, table)} for table in tables]
    common = set.intersection(*ends)
    return sorted(one for one in common if one is not None and one <= first_id(before))


def drop(connection: Connection, tables: Sequence[str], end: UUID) -> list[int]:
    """Drop all partitions that end at an id, or before, and say how many rows each table had there.

    Others wait while it takes the partitions out of the catalog, and not while it counts.

    Args:
        connection: In a transaction of its own, which is committed at once.
        tables: In the order of writing.
        end: One of `expired`.
    """
    without_limits(connection)
    old = [
        [one for one in partitions_of(connection, table) if one.ends and one.ends <= end]
        for table in tables
    ]
    rows = [
        sum(connection.scalar(text(f"SELECT count(*) FROM {one.name}")) or 0 for one in some)  # noqa: S608
        for some in old
    ]
    connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MS}"))
    for table in tables:
        connection.execute(text(f"LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE"))
    for table, some in zip(tables, old, strict=True):
        for key in pointing_to(connection, table):
            # What else is of these rows goes with them, as if each was deleted.
            for one in some:
                since = f"{key.column} >= '{one.begins}' AND " if one.begins else ""
                connection.execute(
                    text(f"DELETE FROM {key.table} WHERE {since}{key.column} < '{one.ends}'")  # noqa: S608
                )
        for one in some:
            connection.execute(text(f"ALTER TABLE {table} DETACH PARTITION {one.name}"))
            connection.execute(text(f"DROP TABLE {one.name}"))
    return rows
