"""The question for events of a customer or a session, as each database is asked it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Connection

from valuebox.facts.features.stored import Stored
from valuebox.features.declared.declaration import OWN, Declaration
from valuebox.features.declared.single import plan_of
from valuebox.store.asking import Aside, Row, rows_of

COLUMNS: Final = {
    "time": "time",
    "id": "id",
    "source": "source",
    "customer": "customer",
    "session": "session",
    "type": "type",
    "received": "received_at",
    "amount": "amount",
    "currency": "currency",
    "properties": "properties",
}
"""Columns of `Stored`, and what they are called in the table; by the first two they are sorted."""
TIME_AND_ID: Final = itemgetter(0, 1)
_MOMENTS: Final = ("time", "received")
_FEW: Final = 50
"""Moments up to which Python reads them faster than NumPy."""
_NAIVE_EPOCH: Final = datetime(1970, 1, 1)
_MICROSECOND: Final = timedelta(microseconds=1)


class Which(NamedTuple):
    """Which events are asked for."""

    source: str
    ids: Sequence[str]
    """Of the customers, or sessions."""
    until: datetime
    """Before which moment."""
    since: datetime
    type: str | None = None
    """Type of the events; None for all."""
    newest: int | None = None
    """How many of the newest, of each; None for all."""


class Lookup:
    """Asks for what a declaration reads of events.

    Args:
        connection: To the database.
        declared: What asks.
        are_several: Whether the events may be of several customers or sessions.
        with_received: Whether it matters when they were received, whatever the declaration reads.
        aside: What is asked in the same trip to the database.
    """

    def __init__(
        self,
        connection: Connection,
        declared: Declaration,
        are_several: bool,
        with_received: bool = False,
        aside: Aside | None = None,
    ):
        self._connection, self._of = connection, declared.of
        self._is_lite, self._aside = connection.dialect.name == "sqlite", aside
        self.wanted = wanted_of(declared, are_several, with_received)
        """Columns of the rows."""

    def rows(self, which: Which) -> list[Row]:
        """Some events, in no order."""
        is_lite = self._is_lite
        shape = self._of, self.wanted, len(which.ids), which.newest
        if is_lite and which.newest is not None and len(which.ids) > 1:
            alone = (which._replace(ids=[one]) for one in which.ids)
            return [row for one in alone for row in self.rows(one)]
        moments = [which.until, which.since]
        values: list[Any]
        type_ = [] if which.type is None else [which.type]
        if is_lite:
            statement = _lite(*shape, bool(type_))
            values = [which.source, *which.ids, *map(_naive, moments), *type_]
        else:
            statement = _postgresql(*shape, bool(type_))
            whom = which.ids[0] if len(which.ids) == 1 else list(which.ids)
            values = [which.source, whom, *moments, *type_]
        return rows_of(self._connection, statement, values, self._aside)

    def stored(self, rows: list[Row]) -> Stored:
        """Rows by column, in the order of time and id; empty where a column was not asked for."""
        return stored_of(rows, self.wanted, self._is_lite)


def stored_of(rows: list[Row], wanted: Sequence[str], is_lite: bool = False) -> Stored:
    """Rows by column, in the order of time and id; empty where a column was not asked for.

    Args:
        rows: In any order.
        wanted: Names of their columns; time and id are the first.
        is_lite: Whether moments are texts, as SQLite has them.
    """
    rows.sort(key=TIME_AND_ID)
    nothing = [None] * len(rows)
    found: dict[str, Any] = dict.fromkeys(Stored._fields, nothing)
    if rows:
        found.update(zip(wanted, map(list, zip(*rows, strict=True)), strict=True))
    if is_lite:
        found["time"] = _microseconds(found["time"])
        if "received" in wanted:
            found["received"] = _microseconds(found["received"])
    if "received" not in wanted:
        found["received"] = found["time"]
    found["whole"] = 0
    return Stored(**found)


def wanted_of(declared: Declaration, are_several: bool, with_received: bool) -> tuple[str, ...]:
    """The columns that a declaration reads of events."""
    return _wanted(tuple(plan_of(declared).names), declared.of, are_several, with_received)


@lru_cache(256)
def _wanted(
    names: tuple[str, ...], of: str, are_several: bool, with_received: bool
) -> tuple[str, ...]:
    always = {"time", "id", *(("source", of) if are_several else ())}
    if with_received or "received_at" in names:
        always.add("received")
    if not frozenset(OWN).issuperset(names):
        always.add("properties")
    return tuple(name for name in COLUMNS if name in always or name in names)


@lru_cache(256)
def _lite(of: str, wanted: tuple[str, ...], ids: int, newest: int | None, has_type: bool) -> str:
    columns = ", ".join(COLUMNS[name] for name in wanted)
    among = " AND type = ?" if has_type else ""
    return (
        f"SELECT {columns} FROM events WHERE source = ? "  # noqa: S608 - no value is in it
        f"AND {of} IN ({_marks(ids)}) AND time < ? AND time >= ?{among}{_newest(newest)}"
    )


@lru_cache(256)
def _postgresql(
    of: str, wanted: tuple[str, ...], ids: int, newest: int | None, has_type: bool
) -> str:
    columns = ", ".join(_column(name) for name in wanted)
    among = " AND type = %s" if has_type else ""
    if ids == 1 or newest is None:
        whose = "= %s" if ids == 1 else "= ANY(%s)"
        return (
            f"SELECT {columns} FROM events WHERE source = %s "  # noqa: S608 - no value is in it
            f"AND {of} {whose} AND time < %s AND time >= %s{among}{_newest(newest)}"
        )
    return (
        f"SELECT found.* FROM (SELECT %s::text AS source, %s::text[] AS ids, "  # noqa: S608
        f"%s::timestamptz AS until, %s::timestamptz AS since) asked "
        f"CROSS JOIN LATERAL unnest(asked.ids) AS who CROSS JOIN LATERAL ("
        f"SELECT {columns} FROM events WHERE events.source = asked.source "
        f"AND events.{of} = who AND time < asked.until AND time >= asked.since"
        f"{_newest(newest)}) found"
    )


def _newest(count: int | None) -> str:
    return "" if count is None else f" ORDER BY events.time DESC LIMIT {count}"


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _column(name: str) -> str:
    written = f"events.{COLUMNS[name]}"
    if name in _MOMENTS:
        return f"(extract(epoch FROM {written}) * 1000000)::bigint AS {name}"
    return f"{written}::text" if name == "properties" else written


def _naive(moment: datetime) -> str:
    """A moment as SQLite has it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _microseconds(moments: Sequence[str]) -> list[int]:
    """Moments as SQLite has them in microseconds since 1970."""
    if len(moments) < _FEW:
        of_each = map(datetime.fromisoformat, moments)
        return [(one - _NAIVE_EPOCH) // _MICROSECOND for one in of_each]
    found: list[int] = np.array(moments, dtype="datetime64[us]").astype(np.int64).tolist()
    return found
