"""Loads of a warehouse on their way into the database: what is new, and what has changed.

A load is one transaction: whoever asks meanwhile sees all of it or nothing. The same load again
changes nothing, and loads may come in any order: each tells what was known from its moment on until
the next one that says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Table, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from valuebox.compartments.handle.tables import HandleBet, HandleLoad, HandleMatch, HandleUser
from valuebox.store.base import Base
from valuebox.store.ids import new_id
from valuebox.store.staging import staged
from valuebox.store.writing import Rows, table_of

CHANGING: Final[Mapping[type[Base], tuple[str, ...]]] = {
    HandleMatch: ("season", "week", "home", "away", "home_place", "away_place", "slot", "kickoff"),
    HandleUser: ("place", "registered_at"),
    HandleBet: ("match_id", "user_id", "placed_at", "amount", "counts"),
}
"""Columns of which another value makes another version of a row."""


class Loaded(NamedTuple):
    """How many new rows, and new versions of rows, a load has brought."""

    matches: int
    users: int
    bets: int


@dataclass(frozen=True)
class Load:
    """The rows of a load, by column; each id once, moments in UTC."""

    matches: Rows
    users: Rows
    bets: Rows
    noticed: Mapping[str, int]
    """What was strange, in words, and in how many rows."""


def store_load(session: Session, load: Load, at: datetime) -> Loaded:
    """Store the rows of a load.

    Args:
        session: In a transaction, of which the load is all.
        load: The rows.
        at: When the load began: as of then its rows are known.
    """
    found = Loaded(*(_put(session, rows, at) for rows in (load.matches, load.users, load.bets)))
    is_known = session.scalar(select(HandleLoad.id).where(HandleLoad.loaded_at == at).limit(1))
    # Whoever counts loads would take one that is repeated for a night without bets.
    if any(found) or is_known is None:
        session.add(
            HandleLoad(id=new_id(), loaded_at=at, noticed=dict(load.noticed), **found._asdict())
        )
        session.flush()
    return found


def _put(session: Session, rows: Rows, at: datetime) -> int:
    if not rows.count:
        return 0
    table = rows.into
    every = Rows(table, rows.count, {**rows.columns, "loaded_at": at, "replaced_at": None})
    with staged(session, every) as new:
        counts = or_(table.c.replaced_at.is_(None), table.c.replaced_at > at)
        current = and_(table.c.id == new.c.id, table.c.loaded_at <= at, counts)
        changed = _differs(table, new)
        newer = select(HandleLoad.id).where(HandleLoad.loaded_at > at).limit(1)
        is_late = session.scalar(newer) is not None
        if table is table_of(HandleBet) and not is_late:
            # What became of a bet that counts as it did is noted where it is.
            same = and_(current, ~changed, new.c.state != table.c.state)
            session.execute(update(table).where(same).values(state=new.c.state))
        # A moment has a single version: a load that is repeated under it changes nothing.
        again = and_(current, changed, table.c.loaded_at < at)
        session.execute(update(table).where(again).values(replaced_at=at))
        known = select(table.c.id).where(current).exists()
        names = [column.name for column in table.columns]
        chosen: dict[str, ColumnElement[Any]] = {name: new.c[name] for name in names}
        if is_late:
            later = table.alias()
            following = select(func.min(later.c.loaded_at))
            chosen["replaced_at"] = following.where(
                later.c.id == new.c.id, later.c.loaded_at > at
            ).scalar_subquery()
        missing = select(*chosen.values()).where(~known)
        result: Any = session.execute(insert(table).from_select(list(chosen), missing))
        return int(result.rowcount)


def _differs(table: Table, new: Table) -> Any:
    model = next(one for one in CHANGING if table_of(one) is table)
    return or_(*(table.c[name] != new.c[name] for name in CHANGING[model]))
