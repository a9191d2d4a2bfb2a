"""Views out of the database, by column: of a whole shop for an index, or the newest."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, func, select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.clocks import happened, happened_in
from valuebox.compartments.recommend.views import BOUGHT, VIEWED, item_in, item_of, session_in
from valuebox.facts.copied import copied, hashed
from valuebox.facts.scanning import begin, moment
from valuebox.facts.tables import Event
from valuebox.statistics.arrays import Floats
from valuebox.store import asking
from valuebox.store.copying import EPOCH
from valuebox.store.writing import table_of

_AT_ONCE: Final = 10_000
_SINCE_1970: Final = int((EPOCH - np.datetime64(0, "us")).astype(np.int64))
_LONGEST: Final = 200
"""Events of a visitor that are looked at."""


class Views(NamedTuple):
    """Views of items of a shop, by item."""

    sessions: NDArray[np.int64]
    """A number for each session, the same whenever it is read from this database, `(n_views,)`."""
    items: NDArray[np.int32]
    """Position of the item among the ids, which are in order, `(n_views,)`."""
    times: Floats
    """Seconds since 1970, as `clocks.happened` has them, `(n_views,)`."""
    item_ids: list[str]

    def __len__(self) -> int:
        return len(self.sessions)


def read_views(session: Session, source: str, until: datetime) -> Views:
    """Read the views of a shop that were received by a moment.

    Args:
        session: Of the database.
        source: The shop.
        until: When the last of them was received.
    """
    begin(session.connection())
    if session.get_bind().dialect.name == "postgresql":
        return _copied(session, source, until)
    return _fetched(session, source, until)


def has_views(session: Session, source: str) -> bool:
    """Whether anybody has looked at an item of a shop, as far as is stored."""
    item = item_in(session)
    theirs = _views_of(source, datetime.max.replace(tzinfo=UTC))
    return session.scalar(select(Event.id).where(*theirs, item.is_not(None)).limit(1)) is not None


def has_more_views(session: Session, source: str, most: int) -> bool:
    """Whether there are more views of a shop than so many, those without an item included."""
    theirs = _views_of(source, datetime.max.replace(tzinfo=UTC))
    some = select(Event.id).where(*theirs).limit(most + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > most


def _copied(session: Session, source: str, until: datetime) -> Views:
    item = item_in(session)
    theirs = _views_of(source, until)
    query = select(hashed(session_in()), hashed(item), happened_in())
    kinds = {"session": ">i8", "item": ">i8", "time": ">i8"}
    rows = copied(session.connection(), query.where(*theirs, item.is_not(None)), kinds)
    different, items = np.unique(rows["item"].astype(np.int64), return_inverse=True)
    times = (rows["time"].astype(np.int64) + _SINCE_1970) / 1e6
    sessions = rows["session"].astype(np.int64)
    every = select(item.label("item")).where(*theirs, item.is_not(None)).distinct().subquery()
    found = session.execute(select(hashed(every.c.item), every.c.item))
    texts = {row[0]: row[1] for row in found}
    return _ordered(sessions, items, times, [texts[one] for one in different.tolist()])


def _ordered(
    sessions: NDArray[np.int64], items: NDArray[np.integer], times: Floats, item_ids: list[str]
) -> Views:
    """Views by item, and items by their ids: the same for both databases.

    Of views of the very same moment none comes first otherwise, but by chance.
    """
    by_id = sorted(range(len(item_ids)), key=item_ids.__getitem__)
    place = np.empty(len(by_id), dtype=np.int32)
    place[by_id] = np.arange(len(by_id))
    codes = place[items]
    order = np.argsort(codes, kind="stable")
    return Views(sessions[order], codes[order], times[order], [item_ids[one] for one in by_id])


def _fetched(session: Session, source: str, until: datetime) -> Views:
    item, codes = item_in(session), _Codes()
    when = [moment("sqlite", table_of(Event).c[name]) for name in ("time", "received_at")]
    query = select(session_in(), item, *when).where(*_views_of(source, until), item.is_not(None))
    sessions, items, times = [_none("i8")], [_none("i4")], [_none("f8")]
    keys: dict[str, int] = {}
    for rows in session.execute(query.execution_options(yield_per=_AT_ONCE)).partitions():
        names, ids, *moments = zip(*rows, strict=True)
        sessions.append(np.array([key_of(one, keys) for one in names], dtype=np.int64))
        items.append(codes.of(ids))
        seconds = np.array(moments, dtype="datetime64[us]").astype(np.int64) / 1e6
        times.append(happened(*seconds))
    return _ordered(
        np.concatenate(sessions), np.concatenate(items), np.concatenate(times), codes.names
    )


def _views_of(source: str, until: datetime) -> tuple[Any, ...]:
    return Event.source == source, Event.type.in_(VIEWED), Event.received_at <= until


def _none(kind: str) -> NDArray[Any]:
    return np.empty(0, dtype=kind)


class _Codes:
    """Positions of texts in the order in which they came first."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, texts: Iterable[str]) -> NDArray[np.int32]:
        """The position of each text."""
        known = self._known
        return np.array([known.setdefault(one, len(known)) for one in texts], dtype=np.int32)

    @property
    def names(self) -> list[str]:
        """The texts."""
        return list(self._known)


def key_of(name: str, known: dict[str, int]) -> int:
    """The number of a session, where SQL makes none.

    Args:
        name: Of the session.
        known: Numbers that were made before, by name; the session's is added.
    """
    if name not in known:
        known[name] = int.from_bytes(
            blake2b(name.encode(), digest_size=8).digest(), "big", signed=True
        )
    return known[name]


class Newest(NamedTuple):
    """A view that was received lately."""

    id: str
    """Id of the event."""
    received_at: datetime
    session: int
    """Number of the session, as `Views` has it."""
    item: str
    time: float
    """Seconds since 1970."""


def read_newest(session: Session, source: str, after: datetime) -> Iterator[Newest]:
    """Read views of a shop that were received after a moment, in no order.

    Args:
        session: Of the database.
        source: The shop.
        after: Views are read that were received later.
    """
    is_lite = session.get_bind().dialect.name == "sqlite"
    item = item_in(session)
    key: Any = session_in() if is_lite else hashed(session_in())
    query: Select[Any] = select(Event.id, Event.received_at, key, item, Event.time).where(
        Event.received_at > after,
        Event.source == source,
        Event.type.in_(VIEWED),
        item.is_not(None),
    )
    keys: dict[str, int] = {}
    rows = session.execute(query).all()
    received, said = (np.array([row[at].timestamp() for row in rows]) for at in (1, 4))
    for (id_, at, whose, name, _), when in zip(rows, happened(said, received), strict=True):
        number = key_of(whose, keys) if is_lite else whose
        yield Newest(id_, at, number, name, float(when))


class Visited(NamedTuple):
    """What is known of a visitor."""

    seen: list[str]
    """Items that the visitor has looked at, the latest last."""
    bought: frozenset[str]


def read_visited(connection: Connection, source: str, name: str) -> Visited:
    """What a visitor has looked at and bought: one question, as each takes a trip.

    Args:
        connection: To either database.
        source: The shop.
        name: Id of the session, or of whoever it is where the shop tells no sessions.
    """
    types = (*VIEWED, *BOUGHT)
    statement = _statement(connection.dialect.name == "sqlite", len(types))
    values = (source, name, *types) * 2
    found = asking.rows_of(connection, statement, values)
    seen, bought = [], set()
    for _, _, type_, properties in sorted(found, key=itemgetter(0, 1)):
        item = None if properties is None else item_of(_decoded(properties))
        if item is None:
            continue
        if type_ in BOUGHT:
            bought.add(item)
        else:
            seen.append(item)
    return Visited(seen, frozenset(bought))


def _decoded(properties: Any) -> dict[str, Any]:
    # Drivers that know JSON have made an object of it.
    found: dict[str, Any] = json.loads(properties) if isinstance(properties, str) else properties
    return found


@lru_cache
def _statement(is_lite: bool, types: int) -> str:
    """Newest events of a session; and of a customer, where these have no session."""
    mark = "?" if is_lite else "%s"
    kinds = ", ".join([mark] * types)
    return " UNION ALL ".join(
        f"SELECT * FROM (SELECT time, id, type, properties FROM events "  # noqa: S608
        f"WHERE source = {mark} AND {whose.format(mark)} AND type IN ({kinds}) "
        f"ORDER BY time DESC LIMIT {_LONGEST}) AS {name}"
        for name, whose in (
            ("own", "session = {}"),
            ("theirs", "customer = {} AND session IS NULL"),
        )
    )
