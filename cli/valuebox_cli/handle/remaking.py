"""Stored forecasts, made once more of what is stored: the same to the last bit, or told."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.handle.feed import FeedSaid, content_of
from valuebox.compartments.handle.forecasting import Fitted
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.reading import read_book, second
from valuebox.compartments.handle.tables import HandleAsking, HandlePrediction
from valuebox.compartments.handle.weighing import weigh
from valuebox.models.registry import ArtifactMissing

Ends = tuple[float, float, float]
"""A forecast, and both ends of its interval."""


class Remade(NamedTuple):
    """A stored forecast, made once more."""

    match: str
    asked_at: datetime
    stored: Ends
    now: Ends | None
    """The forecast as it is made now; None where the bets it was made of have expired."""

    @property
    def is_same(self) -> bool:
        """Whether the forecast made now is the stored one, to the last bit."""
        return self.stored == self.now


def remade(session: Session, since: datetime) -> Iterator[Remade]:
    """The forecasts that were stored since a moment, made once more.

    Each is made by the model that made it, of the loads that there were, of what the feed had said,
    and together with the other matches of its request.
    """
    book, models = read_book(session), _Models()
    said, asking = HandlePrediction, HandleAsking
    asked: dict[Any, list[HandlePrediction]] = {}
    for one in session.scalars(select(said).where(said.asked_at >= since).order_by(said.id)):
        asked.setdefault(one.request_id, []).append(one)
    askings = session.scalars(select(asking).where(asking.id.in_(list(asked))))
    by_id = {one.id: one for one in askings}
    key, fitted = None, None
    for request_id, rows in asked.items():
        request, model = by_id.get(request_id), models.of(rows[0].model)
        again: Sequence[Ends] | None = None
        if request is not None and model is not None:
            if key != (model.tag, request.loaded_to):
                key = (model.tag, request.loaded_to)
                fitted = Fitted(model.recipe, book.as_of(second(request.loaded_to)))
            again = _again(cast("Fitted", fitted), request, [one.match_id for one in rows])
        for place, one in enumerate(rows):
            stored = (one.prediction, one.lower, one.upper)
            yield Remade(one.match_id, one.asked_at, stored, again[place] if again else None)


def _again(fitted: Fitted, asking: HandleAsking, ids: Sequence[str]) -> Sequence[Ends] | None:
    places = fitted.book.place_of_match
    if not all(one in places for one in ids):
        return None
    matches = fitted.book.fixtures([places[one] for one in ids])
    state = next((one["state"] for one in asking.answer["sources"] if one["name"] == "feed"), None)
    told = None
    if state is not None:
        # What a feed answers with an error may well look like what it answers without.
        raw = None if state == "absent" else asking.feed
        content, failure = (None, state) if raw is None else content_of(raw.encode())
        if raw is not None and failure:
            # The feed's answer could be read then: more of the answer came than is kept.
            return None
        told = FeedSaid(asking.asked_at, content, asking.feed, failure or None, 0.0)
    believed = weigh(told, fitted, matches, asking.asked_at)
    said = fitted.forecast(matches, believed.users, believed.unsure)
    return list(zip(said.mean.tolist(), said.lower.tolist(), said.upper.tolist(), strict=True))


class _Models:
    """Models of the model store by their tags, each loaded once; None for those that are gone."""

    def __init__(self) -> None:
        self._known: dict[str, HandleModel | None] = {}

    def of(self, tag: str) -> HandleModel | None:
        if tag not in self._known:
            try:
                self._known[tag] = HandleModel.load(tag)
            except ArtifactMissing:
                self._known[tag] = None
        return self._known[tag]
