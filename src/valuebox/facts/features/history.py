"""What somebody did before a moment, out of the database."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from valuebox.facts.features.stored import Asked, Stored
from valuebox.features.declared.declaration import OWN, Declaration
from valuebox.features.declared.single import plan_of
from valuebox.store.asking import rows_of

_CHUNK: Final = 500
"""Customers that one statement asks for: more make it slow to prepare."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS: Final = {
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
_MOMENTS: Final = ("time", "received")
_FEW: Final = 50
"""Moments up to which Python reads them faster than NumPy."""
_NAIVE_EPOCH: Final = datetime(1970, 1, 1)
_MICROSECOND: Final = timedelta(microseconds=1)
_TIME_AND_ID: Final = itemgetter(0, 1)


def events_of(
    connection: Connection,
    declared: Declaration,
    asked: Sequence[Asked],
    at: datetime,
    with_received: bool = False,
) -> Stored:
    """What some customers or sessions did before a moment, within the lookback.

    Args:
        connection: To the database.
        declared: What asks: only columns that it reads are filled.
        asked: Whose events.
        at: The moment.
        with_received: Whether it matters when they were received, whatever the declaration reads.

    Returns:
        The events in the order of time and id.
    """
    since = EPOCH
    if declared.lookback is not None:
        since = max(at - timedelta(microseconds=declared.lookback), EPOCH)
    ids: dict[str, list[str]] = {}
    for one in asked:
        ids.setdefault(one.source, []).append(one.id)
    wanted = _wanted(declared, len(asked) > 1, with_received)
    is_lite = connection.dialect.name == "sqlite"
    found: list[tuple[Any, ...]] = []
    for source, them in ids.items():
        if declared.source is not None and source != declared.source:
            continue
        for start in range(0, len(them), _CHUNK):
            some = them[start : start + _CHUNK]
            statement = _statement(is_lite, declared.of, wanted, len(some))
            if is_lite:
                bounds = (_naive(at), _naive(since))
                found += rows_of(connection, statement, (source, *some, *bounds))
            else:
                them_all = some[0] if len(some) == 1 else some
                found += rows_of(connection, statement, (source, them_all, at, since))
    found.sort(key=_TIME_AND_ID)
    columns = dict(_by_column(found, wanted))
    if is_lite:
        columns |= {name: _microseconds(columns[name]) for name in _MOMENTS if name in wanted}
    if "received" not in wanted:
        columns["received"] = columns["time"]
    if len(asked) == 1:
        columns["source"] = [asked[0].source] * len(found)
        columns[declared.of] = [asked[0].id] * len(found)
    return Stored(**columns)


def events_of_several(
    connection: Connection, declared: Declaration, asked: Sequence[Sequence[Asked]], at: datetime
) -> list[Stored]:
    """What those did whom several ask about, for each who asks; see `events_of`."""
    everybody = [one for some in asked for one in some]
    stored = events_of(connection, declared, everybody, at)
    return [stored] if len(asked) == 1 else list(stored.parted(declared, asked))


def _naive(moment: datetime) -> str:
    """A moment as SQLite has it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _wanted(declared: Declaration, are_several: bool, with_received: bool) -> tuple[str, ...]:
    """The columns that are read."""
    names = plan_of(declared).names
    always = {"time", "id", *(("source", declared.of) if are_several else ())}
    if with_received or "received_at" in names:
        always.add("received")
    if not frozenset(OWN).issuperset(names):
        always.add("properties")
    return tuple(name for name in _COLUMNS if name in always or name in names)


def _microseconds(moments: Sequence[str]) -> list[int]:
    """Moments as SQLite has them in microseconds since 1970."""
    if len(moments) < _FEW:
        of_each = map(datetime.fromisoformat, moments)
        return [(one - _NAIVE_EPOCH) // _MICROSECOND for one in of_each]
    found: list[int] = np.array(moments, dtype="datetime64[us]").astype(np.int64).tolist()
    return found


def _by_column(
    rows: Sequence[tuple[Any, ...]], wanted: Sequence[str]
) -> Iterator[tuple[str, list[Any]]]:
    """Rows by column, empty where it was not asked for."""
    nothing = [None] * len(rows)
    found = dict(zip(wanted, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}
    for name in Stored._fields:
        yield name, found.get(name, nothing)


@lru_cache(256)
def _statement(is_lite: bool, of: str, wanted: tuple[str, ...], count: int) -> str:
    """The question for events of some of a source."""
    columns = [_column(is_lite, name) for name in wanted]
    mark = "?" if is_lite else "%s"
    whose = f"= {mark}"
    if count > 1:
        whose = f"IN ({', '.join('?' * count)})" if is_lite else "= ANY(%s)"
    return (
        f"SELECT {', '.join(columns)} FROM events "  # noqa: S608 - no value is in it
        f"WHERE source = {mark} AND {of} {whose} AND time < {mark} AND time >= {mark}"
    )


def _column(is_lite: bool, name: str) -> str:
    written = _COLUMNS[name]
    if not is_lite and name in _MOMENTS:
        return f"(extract(epoch FROM {written}) * 1000000)::bigint"
    return f"{written}::text" if not is_lite and name == "properties" else written
