"""The page of recommend, as the dashboard knows it: look at items, and see what lists become."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, NamedTuple

from pydantic import Field
from sqlalchemy.orm import Session

from valuebox.compartments.contract import Look, Page
from valuebox.compartments.recommend.catalogue import Known
from valuebox.compartments.recommend.listing import PERSONAL, POPULAR, make
from valuebox.compartments.recommend.page.lately import Lately, lately
from valuebox.compartments.recommend.page.proof import proof_of
from valuebox.compartments.recommend.proof.tables import MONTHS, rows_by_month
from valuebox.compartments.recommend.reading import read_visited
from valuebox.compartments.recommend.reporting import kept_months
from valuebox.compartments.recommend.repository import asked_lately
from valuebox.compartments.recommend.schemas import RecommendQuestion
from valuebox.compartments.recommend.shop import Snapshot
from valuebox.facts.schemas import Id, Source
from valuebox.pages.tables import Column, Kind, Table
from valuebox.schemas.queries import write_query
from valuebox.schemas.values import Model

MOST: Final = 10
"""Items of each list."""
_SEEN: Final = 20


class RecommendPageQuestion(Model):
    """Which shop, and what a visitor has looked at there."""

    max_values: ClassVar[int] = 30

    source: Source | None = Field(default=None, description="The shop; without, the first one.")
    session: Id | None = Field(
        default=None, description="A session that is stored, whose items are looked at."
    )
    seen: Annotated[list[Id], Field(max_length=_SEEN)] = Field(
        default=[], description="Items that are looked at, the latest last."
    )


class Entry(NamedTuple):
    """An item of a list, as the page shows it."""

    place: int
    item: str
    title: str
    score: float
    because: str
    """What the item is listed because of; empty where nothing is."""
    is_new: bool
    """Whether the list of before the last click did not have the item."""
    after: str
    """Query of the page once the item has been looked at as well."""


def _entry(name: str, label: str, kind: Kind) -> Column:
    return Column(name, label, kind, lambda row: getattr(row, name))


def _lists(name: str, *more: Column) -> Table:
    shown = _entry("place", "Place", "count"), _entry("item", "Item", "text")
    return Table(name, (*shown, _entry("title", "Title", "text"), *more))


POPULAR_LIST: Final = _lists("popular")
PERSONAL_LIST: Final = _lists("personal", _entry("because", "Because of", "text"))


def look(session: Session, asked: RecommendPageQuestion, service: Any, _least: int) -> Look:
    """Both kinds of lists for a visitor who has looked at some items; see `Page`."""
    desk = service.recommend_desk
    known = sorted({*desk.followed(), *asked_lately(session)})
    source = asked.source or (known[0] if known else None)
    if source is None:
        return Look({"popular": [], "personal": [], "months": []}, {"shops": known, "source": None})
    snapshot = desk.snapshot(source)
    seen = asked.seen
    if asked.session is not None and not seen:
        seen = read_visited(session.connection(), source, asked.session).seen[-_SEEN:]
    asked = RecommendPageQuestion(source=source, seen=seen)
    lists = {arm: _list(snapshot, asked, arm) for arm in (POPULAR, PERSONAL)}
    shown: Lately = lately(session, source)
    months = kept_months(session, source)
    return Look(
        rows={**lists, "months": [] if months is None else rows_by_month(months.figures)},
        values={
            "shops": known,
            "source": source,
            "snapshot": snapshot,
            "seen": _path(snapshot, asked),
            "again": write_query(asked, seen=[]),
            "back": write_query(asked, seen=seen[:-1]),
            "lately": shown,
            "proof": proof_of(session, source, snapshot and snapshot.experiment),
            "counted_at": None if months is None else months.made_at,
        },
    )


def _list(snapshot: Snapshot | None, asked: RecommendPageQuestion, arm: str) -> list[Entry]:
    rows = _made(snapshot, asked, arm, asked.seen)
    before = {row["item"] for row in _made(snapshot, asked, arm, asked.seen[:-1])}
    found = []
    for place, row in enumerate(rows, 1):
        item = row["item"]
        known = _known(snapshot, item)
        found.append(
            Entry(
                place=place,
                item=item,
                title=_title(known, item),
                score=row["score"],
                because=", ".join(
                    _title(_known(snapshot, one), one) for one in row.get("because_of", [])
                ),
                is_new=bool(asked.seen) and item not in before,
                after=write_query(asked, seen=[*asked.seen, item][-_SEEN:]),
            )
        )
    return found


def _made(
    snapshot: Snapshot | None, asked: RecommendPageQuestion, arm: str, seen: Sequence[str]
) -> list[dict[str, Any]]:
    question = RecommendQuestion(
        source=asked.source or "", session="page", count=MOST, explain=arm == PERSONAL
    )
    return make(snapshot, question, arm, seen).items


def _path(snapshot: Snapshot | None, asked: RecommendPageQuestion) -> list[str]:
    return [_title(_known(snapshot, item), item) for item in asked.seen]


def _known(snapshot: Snapshot | None, item: str) -> Known | None:
    return None if snapshot is None else snapshot.items.get(item)


def _title(known: Known | None, item: str) -> str:
    return item if known is None or known.title is None else known.title


PAGE: Final = Page(
    title="What visitors see",
    package=__package__ or "",
    asks=RecommendPageQuestion,
    tables=(POPULAR_LIST, PERSONAL_LIST, MONTHS),
    look=look,
)
