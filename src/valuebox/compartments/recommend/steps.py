"""The steps of a recommendation: what visitors have seen in, lists stored and answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.recommend.catalogue import Known as KnownItem
from valuebox.compartments.recommend.desk import RecommendDesk
from valuebox.compartments.recommend.listing import PERSONAL, Made, make
from valuebox.compartments.recommend.proof.assignment import assign
from valuebox.compartments.recommend.reading import Visited, read_visited
from valuebox.compartments.recommend.repository import Shown, rows_of, shown_of
from valuebox.compartments.recommend.schemas import RecommendQuestion
from valuebox.compartments.recommend.shop import Snapshot
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.serving.replays import AnswerGone
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import Ids, ids_from, moment_of
from valuebox.store.writing import Rows, Then

_JSON: Final = msgspec.json.Encoder().encode
_TOLD: Final = ("title", "url", "image", "price")
_KEPT: Final = 20
"""Items that a visitor has looked at, which are stored with a list."""


class Asked(NamedTuple):
    """A question, and what is known of the visitor and of the shop."""

    question: RecommendQuestion
    visited: Visited
    snapshot: Snapshot | None
    arm: str
    experiment: str | None
    at: datetime


@dataclass(frozen=True)
class RecommendSteps(Steps[RecommendQuestion, list[Asked], list[Made]]):
    """What is said is a list for each question."""

    store: Store
    desk: RecommendDesk

    def columns(self, given: Sequence[RecommendQuestion]) -> list[Asked]:
        """What is known of each visitor, and of each shop."""
        now = CLOCK.moment()
        return [self._asked(one, now) for one in given]

    def _asked(self, one: RecommendQuestion, now: datetime) -> Asked:
        snapshot, at = self.desk.snapshot(one.source), one.at or now
        visited = Visited(one.items or [], frozenset())
        if one.items is None:
            with self.store.reading() as session:
                visited = read_visited(session, one.source, one.session)
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
                make(one.snapshot, one.question, one.arm, one.visited.seen, one.visited.bought)
                for one in columns
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
        self, given: RecommendQuestion, columns: list[Asked], said: list[Made], of: slice, ids: Ids
    ) -> Response:
        """The list, as JSON."""
        asked = columns[of.start]
        return _as_json(_shown(ids[0], asked, said[of.start]), asked.snapshot)

    def again(self, given: RecommendQuestion, session: Session, request_id: UUID) -> Response:
        """The list, as it is stored, with what is known of its items by now."""
        shown = shown_of(session, ids_from(request_id, 1)[0])
        if shown is None:
            raise AnswerGone
        return _as_json(shown, self.desk.snapshot(given.source))


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


def _as_json(shown: Shown, snapshot: Snapshot | None) -> Response:
    items = {} if snapshot is None else snapshot.items
    looked_at = shown.looked_at
    content = {
        "id": shown.id,
        "items": [listed(row, items.get(row["item"])) for row in shown.items],
        "arm": shown.arm,
        "experiment": shown.experiment,
        "fallback": shown.fallback,
        "model": shown.model,
        "index_age": None if looked_at is None else max(0.0, _seconds(shown.id, looked_at)),
    }
    return Response(_JSON(content), media_type="application/json")


def _seconds(list_id: UUID, looked_at: datetime) -> float:
    """From the moment at which new views were looked for to the request, whose id has its own."""
    return moment_of(list_id).timestamp() - looked_at.timestamp()


def listed(row: dict[str, Any], known: KnownItem | None) -> dict[str, Any]:
    """An item of a list, with what the shop has told of it."""
    told = {name: None if known is None else getattr(known, name) for name in _TOLD}
    return {"because_of": None} | row | told
