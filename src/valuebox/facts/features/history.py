"""What somebody did before a moment, out of the database: as much of it as answers look at."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Connection

from valuebox.facts.features.lookup import (
    COLUMNS,
    Lookup,
    Which,
    stored_of,
)
from valuebox.facts.features.pasts import moment_of, past_of
from valuebox.facts.features.stored import Asked, Stored
from valuebox.features.declared.building import microseconds
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.reach import Older
from valuebox.features.declared.single import plan_of
from valuebox.store.asking import Aside, Row

PAGE: Final = 32
"""Events of somebody that are read at once; most have fewer."""
_FURTHER: Final = 8
"""How many times as many are read where these do not settle an answer."""
_LARGEST_PAGE: Final = 4_096
_CHUNK: Final = 500
"""Customers that one statement asks for: more make it slow to prepare."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def events_of(
    connection: Connection,
    declared: Declaration,
    asked: Sequence[Asked],
    at: datetime,
    everything: bool = False,
    aside: Aside | None = None,
) -> Stored:
    """What some customers or sessions did before a moment, within the lookback.

    Of somebody alone who did a lot only that is read which may make a difference to the answer.

    Args:
        connection: To the database.
        declared: What asks: only columns that it reads are filled.
        asked: Whose events.
        at: The moment.
        everything: Whether all events are read, and when they were received, whatever the
            declaration reads.
        aside: What is asked in the same trip to the database, where any is made.

    Returns:
        The events in the order of time and id.
    """
    since = _since(declared, at)
    lookup = Lookup(connection, declared, len(asked) > 1, everything, aside)
    whom = _by_source(declared, asked)
    if len(asked) > 1 or everything or not whom:
        found: list[Row] = []
        for source, ids in whom:
            found += lookup.rows(Which(source, ids, at, since))
        stored = lookup.stored(found)
    else:
        stored = settled(declared, asked[0], at, _OfOne(lookup, *whom[0], at, since))
    return _of(declared, asked[0], stored) if len(asked) == 1 else stored


def events_of_several(
    connection: Connection,
    declared: Declaration,
    asked: Sequence[Sequence[Asked]],
    at: datetime,
    aside: Aside | None = None,
) -> Iterator[Stored]:
    """What those did whom several ask about, for each who asks; see `events_of`."""
    if len(asked) == 1:
        yield events_of(connection, declared, asked[0], at, aside=aside)
        return
    lookup = Lookup(connection, declared, are_several=True, aside=aside)
    since = _since(declared, at)
    place = lookup.wanted.index("source"), lookup.wanted.index(declared.of)
    of_each: dict[tuple[str, str], list[Row]] = {}
    for source, ids in _by_source(declared, [one for some in asked for one in some]):
        for row in lookup.rows(Which(source, ids, at, since, newest=PAGE + 1)):
            of_each.setdefault((row[place[0]], row[place[1]]), []).append(row)
    for some in asked:
        whom = dict.fromkeys((one.source, one.id) for one in some)
        parts = [of_each.get(one, []) for one in whom]
        if max(map(len, parts)) > PAGE:
            yield events_of(connection, declared, some, at)
        else:
            yield lookup.stored([row for part in parts for row in part])


class Looked(NamedTuple):
    """What an answer looks at."""

    events: int
    """How many events."""
    newest: int | None
    """When the newest of them happened, in microseconds since 1970; None without any."""


def looked_at(
    declared: Declaration, stored: Stored, asked: Sequence[Asked], at: datetime
) -> list[Looked]:
    """What an answer about each who was asked about looks at, whoever else was.

    Args:
        declared: What was answered.
        stored: All of their events, or what `events_of` found of somebody alone.
        asked: Whom the question was about.
        at: The moment.
    """
    whose = stored.customer if declared.of == "customer" else stored.session
    rows: dict[tuple[str, str | None], list[int]] = {}
    for row, who in enumerate(zip(stored.source, whose, strict=True)):
        rows.setdefault(who, []).append(row)
    found = []
    for one in asked:
        theirs = rows.get((one.source, one.id), [])
        count = len(theirs)
        if count > PAGE and not stored.whole:
            count = len(settled(declared, one, at, OfStored(stored.taken(theirs))).id)
        # The newest events are looked at whatever is left out.
        found.append(Looked(count, int(stored.time[theirs[-1]]) if theirs else None))
    return found


class Past(Protocol):
    """The events of somebody, within the lookback."""

    def newest(self, count: int | None) -> list[Row]:
        """The newest; None for all."""

    def older(self, first: int, older: Older) -> list[Row]:
        """Some of those before a moment, in microseconds since 1970."""

    def stored(self, rows: list[Row]) -> Stored:
        """Rows by column, in the order of time and id."""


def settled(
    declared: Declaration, asked: Asked, at: datetime, events: Past, page: int = PAGE
) -> Stored:
    """What an answer looks at: the newest events, and of those before what makes a difference.

    Args:
        declared: What is to be answered.
        asked: Whose events these are.
        at: The moment that is asked about.
        events: What happened before it.
        page: How many of the newest are looked at first.
    """
    plan, moment = plan_of(declared), microseconds(at)
    earliest = microseconds(_since(declared, at))
    while page <= _LARGEST_PAGE:
        rows = events.newest(page + 1)
        if len(rows) <= page:
            return events.stored(rows)
        # Of the first moment some may be missing.
        edge = min(row[0] for row in rows)
        rows = [row for row in rows if row[0] != edge]
        if rows:
            newest = events.stored(rows)
            question = moment_of(declared, plan, asked, moment)
            older = plan.beyond(past_of(plan, newest), question, earliest)
            if older is not None:
                if Older(earliest, None) in older:
                    break
                # Some are of several parts.
                found = {row[:2]: row for one in older for row in events.older(newest.time[0], one)}
                return events.stored([*found.values(), *rows])._replace(whole=len(found))
        page *= _FURTHER
    return events.stored(events.newest(None))


class _OfOne:
    """The events of somebody in the database."""

    def __init__(
        self, lookup: Lookup, source: str, ids: Sequence[str], at: datetime, since: datetime
    ):
        self.stored = lookup.stored
        self._lookup, self._which = lookup, Which(source, ids, at, since)

    def newest(self, count: int | None) -> list[Row]:
        """The newest; None for all."""
        return self._lookup.rows(self._which._replace(newest=count))

    def older(self, first: int, older: Older) -> list[Row]:
        """Some of those before a moment, in microseconds since 1970."""
        since, until = (EPOCH + timedelta(microseconds=one) for one in (older.since, first))
        which = self._which._replace(since=since, until=until)
        types = [None] if older.types is None else sorted(older.types)
        return [row for one in types for row in self._lookup.rows(which._replace(type=one))]


class OfStored:
    """The columns of events that were read, as a question has them."""

    def __init__(self, stored: Stored):
        names = list(COLUMNS)
        self._rows: list[Row] = list(zip(*(getattr(stored, one) for one in names), strict=True))
        self._type = names.index("type")

    def newest(self, count: int | None) -> list[Row]:
        """The newest; None for all."""
        return self._rows if count is None else self._rows[-count:]

    def older(self, first: int, older: Older) -> list[Row]:
        """Some of those before a moment, in microseconds since 1970."""
        within = (row for row in self._rows if older.since <= row[0] < first)
        return [row for row in within if older.types is None or row[self._type] in older.types]

    def stored(self, rows: list[Row]) -> Stored:
        """Rows by column, in the order of time and id."""
        return stored_of(rows, list(COLUMNS))


def _since(declared: Declaration, at: datetime) -> datetime:
    """The moment from which on anything is looked at."""
    if declared.lookback is None:
        return EPOCH
    return max(at - timedelta(microseconds=declared.lookback), EPOCH)


def _by_source(declared: Declaration, asked: Sequence[Asked]) -> list[tuple[str, Sequence[str]]]:
    """Customers or sessions asked about, by source, in portions; none whose source is not read."""
    ids: dict[str, dict[str, None]] = {}
    for one in asked:
        if declared.source in (None, one.source):
            ids.setdefault(one.source, {})[one.id] = None
    return [
        (source, list(some)[start : start + _CHUNK])
        for source, some in ids.items()
        for start in range(0, len(some), _CHUNK)
    ]


def _of(declared: Declaration, asked: Asked, stored: Stored) -> Stored:
    """Events of somebody alone, with whose they are."""
    count = len(stored.id)
    source, whose = [asked.source] * count, list[str | None]([asked.id]) * count
    if declared.of == "customer":
        return stored._replace(source=source, customer=whose)
    return stored._replace(source=source, session=whose)
