"""Lists that visitors were shown, by whomever, out of the database."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.reading import key_of
from valuebox.compartments.recommend.tables import Exposure
from valuebox.compartments.recommend.views import SHOWN, VIA, VIEWED, item_in, session_in
from valuebox.facts.copied import hashed
from valuebox.facts.naming import name_in
from valuebox.facts.tables import Event
from valuebox.schemas.names import name_of

_NEWEST: Final = 50_000
"""Lists of a kind that are looked at."""


class ShownList(NamedTuple):
    """A list that a visitor was shown."""

    session: int
    """Number of the session, as `reading.Views` has it."""
    time: float
    """Seconds since 1970."""
    items: tuple[str, ...]
    clicked: str | None = None
    """The item that a view says was clicked on it; None where none says so."""


def read_lists(session: Session, source: str) -> list[ShownList]:
    """The newest lists of a shop: those of its old system, which are events, and ours.

    Args:
        session: Of the database.
        source: The shop.
    """
    own, old = Exposure.session, session_in()
    is_lite = session.get_bind().dialect.name == "sqlite"
    ours: Select[Any] = (
        select(Exposure.id, own if is_lite else hashed(own), Exposure.at, Exposure.items)
        .where(Exposure.source == source)
        .order_by(Exposure.at.desc())
        .limit(_NEWEST)
    )
    theirs: Select[Any] = (
        select(Event.id, old if is_lite else hashed(old), Event.time, Event.properties)
        .where(Event.source == source, Event.type.in_(SHOWN))
        .order_by(Event.time.desc())
        .limit(_NEWEST)
    )
    clicked = _clicked(session, source)
    keys: dict[str, int] = {}

    def made(id_: Any, whose: Any, at: datetime, items: tuple[str, ...]) -> ShownList:
        number = key_of(whose, keys) if is_lite else whose
        return ShownList(number, at.timestamp(), items, clicked.get(str(id_)))

    found = [
        made(id_, whose, at, tuple(row["item"] for row in items))
        for id_, whose, at, items in session.execute(ours)
    ]
    found += [
        made(id_, whose, at, _listed(told)) for id_, whose, at, told in session.execute(theirs)
    ]
    return found


def _clicked(session: Session, source: str) -> dict[str, str]:
    """The item that was clicked on a list, by the id of the list, as far as views tell."""
    item, via = item_in(session), name_in(session, Event.properties, VIA)
    query = (
        select(via, item)
        .where(Event.source == source, Event.type.in_(VIEWED), via.is_not(None), item.is_not(None))
        .order_by(Event.time.desc())
        .limit(2 * _NEWEST)
    )
    # The earliest of several clicks comes last.
    return {row[0]: row[1] for row in session.execute(query)}


def _listed(told: Any) -> tuple[str, ...]:
    """The items that an event of a list names: texts, numbers, or objects with an id."""
    items = told.get("items") if isinstance(told, dict) else None
    if not isinstance(items, list):
        return ()
    names = (name_of(one) for one in items)
    return tuple(one for one in names if one is not None)
