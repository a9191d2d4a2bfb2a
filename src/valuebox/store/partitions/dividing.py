"""A table of PostgreSQL into partitions, while others read and write it: no row is copied.

Whatever there is becomes the first partition, which holds all rows until some month begins. That
it does is made sure before, by a constraint which PostgreSQL checks beside those who work; putting
the partitioned table into the place of the old one is a matter of the catalog then. Each step finds
out what is left to do: whoever was cut off, or does it twice, does no harm.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine, text
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random

from valuebox.errors import ValueboxError
from valuebox.store.ids import moment_of
from valuebox.store.migrate import TablesHeld, migrating
from valuebox.store.partitions.ahead import AHEAD, LOCK_MS, named, rest_of
from valuebox.store.partitions.found import (
    after,
    beginning,
    bound,
    is_divided,
    month_of,
    pointing_to,
)
from valuebox.store.session_settings import without_limits

_FAR: Final = timedelta(days=7)
"""How far ahead the first partition ends at least. No new row is refused before it does, even if
what was begun is never finished."""
_NEAR: Final = timedelta(days=3)
"""How near that may come before what was begun is given up."""
_PATIENCE_SECONDS: Final = 600
_CHECKS: Final = text(
    "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = to_regclass(:name) "
    "AND conname LIKE '%\\_before\\_%'"
)
_MONTH: Final = re.compile(r"_before_(\d{4})_(\d{2})$")
_INDICES: Final = text(
    "SELECT relname, pg_get_indexdef(indexrelid) AS made_by, "
    "pg_get_constraintdef(pg_constraint.oid) AS key FROM pg_index "
    "JOIN pg_class ON pg_class.oid = indexrelid LEFT JOIN pg_constraint "
    "ON conindid = indexrelid AND contype = 'p' WHERE indrelid = to_regclass(:name)"
)
_RIGHTS: Final = text(
    "SELECT format('GRANT %s ON %I TO %s%s', privilege_type, relname, CASE grantee WHEN 0 THEN "
    "'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, "
    "CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) "
    "FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = to_regclass(:name) "
    "AND grantee <> relowner UNION ALL "
    "SELECT format('ALTER TABLE %I OWNER TO %I', relname, pg_get_userbyid(relowner)) "
    "FROM pg_class WHERE oid = to_regclass(:name)"
)
# What goes on pointing to the old table, and would see the first partition alone.
_OBSTACLES: Final = text(
    "SELECT format('the view %s reads', ev_class::regclass) FROM pg_depend JOIN pg_rewrite "
    "ON pg_rewrite.oid = objid WHERE classid = 'pg_rewrite'::regclass "
    "AND refobjid = to_regclass(:name) AND ev_class <> refobjid UNION ALL "
    "SELECT format('the trigger %s is of', tgname) FROM pg_trigger "
    "WHERE tgrelid = to_regclass(:name) AND NOT tgisinternal UNION ALL "
    "SELECT format('the policy %s is of', polname) FROM pg_policy "
    "WHERE polrelid = to_regclass(:name) UNION ALL "
    "SELECT format('the publication %s has', pubname) FROM pg_publication_rel "
    "JOIN pg_publication ON pg_publication.oid = prpubid WHERE prrelid = to_regclass(:name)"
)


class CannotDivide(ValueboxError):
    """Something about a table that partitions would take away, or could not hold."""


def divide(engine: Engine, tables: Sequence[str], now: datetime) -> list[str]:
    """Keep tables in partitions from now on, one for each month; return those that were not yet.

    Requests go on meanwhile, and nobody waits longer than half a second.

    Args:
        engine: Of a PostgreSQL at this version's schema.
        tables: Each has one column as its key, an `id` that the service makes.
        now: By the clock of the database.

    Raises:
        CannotDivide: when the database is no PostgreSQL, or a table is not as we have made it.
        DatabaseAway: when the database does not answer, refuses, or a table is held for too long.
    """
    if engine.dialect.name != "postgresql":
        raise CannotDivide("only PostgreSQL keeps tables in partitions; this database is SQLite")
    return [table for table in tables if _divide(engine, table, now)]


def _divide(engine: Engine, table: str, now: datetime) -> bool:
    month = _announce(engine, table, now)
    if month is not None:
        with _at_leisure(engine) as connection:
            connection.execute(
                text(f"ALTER TABLE {table} VALIDATE CONSTRAINT {_check(table, month)}")
            )
        _exchange(engine, table, month, now)
    with _at_leisure(engine) as connection:
        for key in pointing_to(connection, table):
            if not key.is_valid:
                connection.execute(text(f"ALTER TABLE {key.table} VALIDATE CONSTRAINT {key.name}"))
        # Nothing analyzes a partitioned table by itself.
        connection.execute(text(f"ANALYZE {table}"))
    return month is not None


_again: Final = retry(
    retry=retry_if_exception_type(TablesHeld),
    wait=wait_random(1, 3),
    stop=stop_after_delay(_PATIENCE_SECONDS),
    reraise=True,
)


@_again
def _announce(engine: Engine, table: str, now: datetime) -> date | None:
    """Have all rows be of before a month, which is returned; None where the table is divided."""
    with _briefly(engine) as connection:
        if is_divided(connection, table):
            return None
        for obstacle in connection.scalars(_OBSTACLES, {"name": table}):
            raise CannotDivide(f"{obstacle} {table}, and would see a part of it: drop it, and make "
                               "it again once the table has partitions")  # fmt: skip
        known = _begun(connection, table)
        if known is not None and beginning(known) - now > _NEAR:
            return known
        give_up(connection, table)
        month = after(month_of(now + _FAR))
        connection.execute(
            text(
                f"ALTER TABLE {table} ADD CONSTRAINT {_check(table, month)} "
                f"CHECK (id < '{bound(month)}') NOT VALID"
            )
        )
        last = connection.scalar(text(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 1"))  # noqa: S608
        if last is not None and UUID(str(last)) >= bound(month):
            made = f"{moment_of(UUID(str(last))):%Y-%m-%d}"
            raise CannotDivide(f"{table} has a row of {made} (id {last}), "
                               "which a clock that was wrong has made: delete it")  # fmt: skip
        return month


@_again
def _exchange(engine: Engine, table: str, month: date, now: datetime) -> None:
    """Put a partitioned table into the place of a table, which becomes its first partition."""
    old = f"{table}_before_{month:%Y_%m}"
    with _briefly(engine) as connection:
        if is_divided(connection, table):
            return
        name = {"name": table}
        pointing = pointing_to(connection, table)
        # In the order in which rows are written.
        for one in (table, *(key.table for key in pointing)):
            connection.execute(text(f"LOCK TABLE {one} IN ACCESS EXCLUSIVE MODE"))
        indices = connection.execute(_INDICES, name).all()
        rights = connection.scalars(_RIGHTS, name).all()
        keys = [
            f"ALTER TABLE {table} ADD CONSTRAINT {one.relname} {one.key}"
            if one.key
            else one.made_by
            for one in indices
        ]
        for statement in (
            *(f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}" for key in pointing),
            f"ALTER TABLE {table} RENAME TO {old}",
            *(f"ALTER INDEX {one.relname} RENAME TO {one.relname}_before_{month:%Y_%m}"
              for one in indices),
            f"CREATE TABLE {table} (LIKE {old} INCLUDING ALL EXCLUDING INDEXES) "
            "PARTITION BY RANGE (id)",
            f"ALTER TABLE {table} DROP CONSTRAINT {_check(table, month)}",
            *keys,
            f"ALTER TABLE {table} ATTACH PARTITION {old} "
            f"FOR VALUES FROM (MINVALUE) TO ('{bound(month)}')",
            # The bound of the partition says the same from now on.
            f"ALTER TABLE {old} DROP CONSTRAINT {_check(table, month)}",
            f"CREATE TABLE {rest_of(table)} PARTITION OF {table} DEFAULT",
        ):  # fmt: skip
            connection.execute(text(statement))
        last = after(month_of(now), AHEAD)
        while month <= last:
            connection.execute(
                text(
                    f"CREATE TABLE {named(table, month)} PARTITION OF {table} "
                    f"FOR VALUES FROM ('{bound(month)}') TO ('{bound(after(month))}')"
                )
            )
            month = after(month)
        for key in pointing:
            connection.execute(
                text(f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.made_by} NOT VALID")
            )
        for statement in rights:
            connection.execute(text(statement))


def is_given_up(connection: Connection, table: str, now: datetime) -> bool:
    """Whether somebody has begun and not finished, so long ago that rows would soon be refused."""
    known = _begun(connection, table)
    return known is not None and beginning(known) - now <= _NEAR


def give_up(connection: Connection, table: str) -> None:
    """Take back what was begun, so that it refuses no row.

    Args:
        connection: In a transaction of its own.
        table: That has no partitions.
    """
    connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MS}"))
    for name in connection.scalars(_CHECKS, {"name": table}).all():
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))


def _begun(connection: Connection, table: str) -> date | None:
    """The month before which all rows of a table have to be, as somebody has begun it."""
    for name in connection.scalars(_CHECKS, {"name": table}):
        if match := _MONTH.search(name):
            return date(int(match[1]), int(match[2]), 1)
    return None


def _check(table: str, month: date) -> str:
    return f"ck_{table}_before_{month:%Y_%m}"


@contextmanager
def _briefly(engine: Engine) -> Iterator[Connection]:
    """A transaction of the only one who migrates, which waits for no lock for long."""
    with migrating(engine) as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MS}"))
        yield connection


@contextmanager
def _at_leisure(engine: Engine) -> Iterator[Connection]:
    """A transaction for what takes long, and holds nobody up."""
    with engine.begin() as connection:
        without_limits(connection)
        yield connection
