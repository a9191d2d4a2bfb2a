"""The steps of a recommendation: what visitors have seen in, lists stored and answered."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.recommend.catalogue import Known as KnownItem
from valuebox.compartments.recommend.desk import RecommendDesk
from valuebox.compartments.recommend.exploring import explored
from valuebox.compartments.recommend.listing import PERSONAL, Made, make
from valuebox.compartments.recommend.proof.assignment import assign
from valuebox.compartments.recommend.reading import Visited, read_visited
from valuebox.compartments.recommend.repository import Shown, rows_of, shown_of
from valuebox.compartments.recommend.schemas import RecommendQuestion, RecommendQuestions
from valuebox.compartments.recommend.shop import Snapshot
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.serving.replays import AnswerGone
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import Ids, ids_from, moment_of
from valuebox.store.writing import Rows, Then

_JSON: Final = msgspec.json.Encoder().encode
_KEPT: Final = 20
"""Items that a visitor has looked at, which are stored with a list."""
Given = TypeVar("Given", RecommendQuestion, RecommendQuestions)


class Asked(NamedTuple):
    """A question, and what is known of the visitor and of the shop."""

    question: RecommendQuestion
    visited: Visited
    snapshot: Snapshot | None
    arm: str
    experiment: str | None
    at: datetime


@dataclass(frozen=True)
class _Listing(Steps[Given, list[Asked], list[Made]]):
    """What is said is a list for each question, however many a request has."""

    store: Store
    desk: RecommendDesk

    def columns(self, given: Sequence[Given]) -> list[Asked]:
        """What is known of each visitor, and of each shop."""
        now = CLOCK.moment()
        asked = [one for some in given for one in questions_of(some)]
        known = self.desk.snapshots({one.source for one in asked})
        return [self._asked(one, known[one.source], now) for one in asked]

    def _asked(self, one: RecommendQuestion, snapshot: Snapshot | None, now: datetime) -> Asked:
        at = one.at or now
        visited = Visited(one.items or [], frozenset())
        if one.items is None:
            with self.store.looking() as connection:
                visited = read_visited(connection, one.source, one.session)
        if one.variant is not None:
            return Asked(one, visited, snapshot, one.variant, None, at)
        running = None if snapshot is None else snapshot.experiment
        name, shares = running or ("", {PERSONAL: 1.0})
        arm = assign(one.source, name, one.session, shares)
        return Asked(one, visited, snapshot, arm, name or None, at)

    def say(self, columns: list[Asked], exchange: Exchange) -> list[Made]:
        """The lists."""
        with exchange.timing("predict"):
            return [
                explored(make(*asked), *asked)
                for one in columns
                for asked in (
                    (one.snapshot, one.question, one.arm, one.visited.seen, one.visited.bought),
                )
            ]

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: list[Asked],
        said: Callable[[], list[Made]],
    ) -> Iterable[Rows | Then]:
        """The lists, each with what it was made of."""
        pairs = zip(ids, columns, said(), strict=True)
        yield from rows_of([_shown(*one) for one in pairs])

    def answer(
        self, given: Given, columns: list[Asked], said: list[Made], of: slice, ids: Ids
    ) -> Response:
        """The lists of a request, as JSON."""
        lists = zip(ids, columns[of], said[of], strict=True)
        return self._respond([_content(_shown(*one), one[1].snapshot) for one in lists])

    def again(self, given: Given, session: Session, request_id: UUID) -> Response:
        """The lists, as they are stored, with what is known of their items by now."""
        asked = questions_of(given)
        shown = [shown_of(session, one) for one in ids_from(request_id, len(asked))]
        return self._respond(
            [
                _content(_there(found), self.desk.snapshot(one.source))
                for one, found in zip(asked, shown, strict=True)
            ]
        )

    @abstractmethod
    def _respond(self, lists: list[dict[str, Any]]) -> Response: ...


class RecommendSteps(_Listing[RecommendQuestion]):
    """The steps of a question for one list."""

    def _respond(self, lists: list[dict[str, Any]]) -> Response:
        return Response(_JSON(lists[0]), media_type="application/json")


class SeveralSteps(_Listing[RecommendQuestions]):
    """The steps of a question for several lists."""

    def _respond(self, lists: list[dict[str, Any]]) -> Response:
        return Response(_JSON({"lists": lists}), media_type="application/json")


def questions_of(given: RecommendQuestion | RecommendQuestions) -> list[RecommendQuestion]:
    """The questions of a request."""
    return [given] if isinstance(given, RecommendQuestion) else given.questions


def _there(shown: Shown | None) -> Shown:
    if shown is None:
        raise AnswerGone
    return shown


def _shown(list_id: UUID, asked: Asked, made: Made) -> Shown:
    question, snapshot = asked.question, asked.snapshot
    return Shown(
        id=list_id,
        source=question.source,
        session=question.session,
        at=asked.at,
        place=question.place,
        seen=list(asked.visited.seen[-_KEPT:]),
        items=made.items,
        arm=asked.arm,
        experiment=asked.experiment,
        fallback=made.fallback,
        model=None if snapshot is None else snapshot.model,
        built_at=None if snapshot is None else snapshot.built_at,
        looked_at=None if snapshot is None else snapshot.looked_at,
    )


def _content(shown: Shown, snapshot: Snapshot | None) -> dict[str, Any]:
    items = {} if snapshot is None else snapshot.items
    looked_at = shown.looked_at
    return {
        "id": shown.id,
        "items": [listed(row, items.get(row["item"])) for row in shown.items],
        "arm": shown.arm,
        "experiment": shown.experiment,
        "fallback": shown.fallback,
        "model": shown.model,
        "index_age": None if looked_at is None else max(0.0, _seconds(shown.id, looked_at)),
    }


def _seconds(list_id: UUID, looked_at: datetime) -> float:
    """From the moment at which new views were looked for to the request, whose id has its own."""
    return moment_of(list_id).timestamp() - looked_at.timestamp()


class ListedItem(msgspec.Struct):
    """An item of a list, with what the shop has told of it; see `schemas.Listed`."""

    item: str
    score: float
    because_of: list[str] | None = None
    title: str | None = None
    url: str | None = None
    image: str | None = None
    price: float | None = None
    explored: float | None = None
    picked_by: str | None = None


def listed(row: dict[str, Any], known: KnownItem | None) -> ListedItem:
    """An item of a list as it is answered."""
    found = ListedItem(row["item"], row["score"], row.get("because_of"))
    found.explored, found.picked_by = row.get("explored"), row.get("picked_by")
    if known is not None:
        found.title, found.url, found.image = known.title, known.url, known.image
        found.price = known.price
    return found
