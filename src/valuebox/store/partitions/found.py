"""Which partitions a table has, and the months that these are of.

The key of such a table is an id that the service makes and that tells when (`store.ids`): a month
is a range of ids, and the key stays as unique as it was. Months are in UTC.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from valuebox.store.ids import first_id

_IS_DIVIDED: Final = text(
    "SELECT coalesce((SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(:name)), false)"
)
_PARTITIONS: Final = text(
    "SELECT relname, pg_get_expr(relpartbound, pg_class.oid) FROM pg_inherits "
    "JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = to_regclass(:name)"
)
_POINTING: Final = text(
    "SELECT conname, conrelid::regclass::text, quote_ident(attname), convalidated, "
    "replace(pg_get_constraintdef(pg_constraint.oid), ' NOT VALID', '') FROM pg_constraint "
    "JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1] "
    "WHERE contype = 'f' AND confrelid = to_regclass(:name) AND conparentid = 0 ORDER BY 2"
)
_BOUND: Final = re.compile(r"FROM \((?:MINVALUE|'(.+)')\) TO \('(.+)'\)")


def month_of(moment: datetime) -> date:
    """The first day of the month of a moment."""
    return moment.astimezone(UTC).date().replace(day=1)


def after(month: date, count: int = 1) -> date:
    """The first day of the month that is so many months later, by the first day of a month."""
    months = month.year * 12 + month.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


def beginning(month: date) -> datetime:
    """When a month begins."""
    return datetime.combine(month, time(), UTC)


def bound(month: date) -> UUID:
    """The id from which on rows are of a month or of later ones."""
    return first_id(beginning(month))


class Partition(NamedTuple):
    """A partition, and the range of ids that its rows have."""

    name: str
    begins: UUID | None
    """The smallest id; None where there is none."""
    ends: UUID | None
    """The id before which it ends; None for what takes all rows that no other one does."""

    def has(self, month: date) -> bool:
        """Whether rows of a month go there; not those for which there is no other one."""
        first = bound(month)
        return (
            self.ends is not None
            and (self.begins is None or self.begins <= first)
            and (first < self.ends)
        )


def is_divided(connection: Connection, table: str) -> bool:
    """Whether a table is kept in partitions."""
    return connection.dialect.name == "postgresql" and bool(
        connection.scalar(_IS_DIVIDED, {"name": table})
    )


def partitions_of(connection: Connection, table: str) -> list[Partition]:
    """All partitions of a table in order of time, the one for all other rows last."""
    found = []
    for name, told in connection.execute(_PARTITIONS, {"name": table}):
        match = _BOUND.search(told)
        ends = [UUID(one) if one else None for one in match.groups()] if match else [None, None]
        found.append(Partition(name, *ends))
    last = UUID(int=(1 << 128) - 1)
    return sorted(found, key=lambda one: one.ends or last)


class Pointing(NamedTuple):
    """A key of another table, whose rows go with the rows that they point to."""

    name: str
    table: str
    column: str
    is_valid: bool
    """Whether PostgreSQL has looked at all rows, and not only at those that came later."""
    made_by: str
    """What follows the name where it is made."""


def pointing_to(connection: Connection, table: str) -> list[Pointing]:
    """The keys that point to a table."""
    return [Pointing(*row) for row in connection.execute(_POINTING, {"name": table})]
