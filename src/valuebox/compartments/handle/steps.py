"""The steps of forecasting matches: what is known in, vintages stored and answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.handle import repository
from valuebox.compartments.handle.answering import Asked, answer_of
from valuebox.compartments.handle.book import DAY, Fixture
from valuebox.compartments.handle.desk import Desk, Known
from valuebox.compartments.handle.feed import Feed, count_feed
from valuebox.compartments.handle.forecasting import NOTHING_OVER, Forecast
from valuebox.compartments.handle.reading import second
from valuebox.compartments.handle.recipe import class_names
from valuebox.compartments.handle.schemas import HandleForecasts, HandleQuestion
from valuebox.compartments.handle.weighing import Weighed, weigh
from valuebox.predictions.tally import Tally
from valuebox.serving.errors import Problem, Unanswerable
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import Ids
from valuebox.store.writing import Rows, Then

_UNKNOWN = "Nothing is known of some of these matches; nothing of this request was stored."
_TWICE = "Some matches are named twice; nothing of this request was stored."
_TO_COME = "Nobody knows yet what will be known then; nothing of this request was stored."
_LATER = "Input should be a moment in the past, or null for now"
_CLOCKS_APART: Final = timedelta(minutes=1)
"""By how much the clock of whoever asks may be fast."""
_NO_LOAD = "Nothing had been loaded by then; `valuebox handle load` brings the first rows."


def as_json(answer: HandleForecasts) -> Response:
    """Forecasts as JSON."""
    return Response(answer.model_dump_json(), media_type="application/json")


@dataclass(frozen=True)
class Said:
    """What is said of the matches, and made of it."""

    forecast: Forecast
    weighed: Weighed
    answer: HandleForecasts
    rows: Sequence[repository.Vintages]


@dataclass(frozen=True)
class HandleSteps(Steps[HandleQuestion, Asked, Said]):
    """What is said is a forecast of each match, and of the weeks' totals."""

    store: Store
    desk: Desk
    tally: Tally
    """Counts what the model says, for Prometheus."""
    feed: Feed | None = None
    """The live feed; None where there is none."""
    now: datetime | None = None
    """When it is asked; None for the moment itself."""
    write: Callable[[HandleForecasts], Response] = as_json
    """Function that writes the answer: as JSON, or as a document."""

    def columns(self, given: Sequence[HandleQuestion]) -> Asked:
        """The matches of a question, with what was known by its moment; see `Steps`."""
        (question,) = given
        asked_at = self.now or CLOCK.moment()
        as_of = question.as_of or asked_at
        if as_of > asked_at + _CLOCKS_APART:
            raise Unanswerable(_TO_COME, [Problem(field="as_of", message=_LATER)])
        known = self.desk.known(as_of)
        if known is None:
            raise Unanswerable(_NO_LOAD)
        if not len(known.fitted.over):
            raise Unanswerable(NOTHING_OVER)
        is_replay = question.as_of is not None
        feed = None if self.feed is None or is_replay else self.feed.ask()
        matches = _matches(known, question, as_of)
        return Asked(asked_at, as_of, is_replay, known, matches, feed)

    def say(self, columns: Asked, exchange: Exchange) -> Said:
        """Forecasts of all matches."""
        with exchange.timing("encode"):
            weighed = weigh(columns.feed, columns.known.fitted, columns.matches, columns.as_of)
        with exchange.timing("predict"):
            forecast = columns.known.fitted.forecast(columns.matches, weighed.users, weighed.unsure)
        with self.store.reading() as session:
            before = repository.latest(session, [one.id for one in columns.matches], columns.as_of)
        answer, rows = answer_of(
            columns, forecast, weighed, self.desk.model, before, exchange.request_id
        )
        if not columns.is_replay:
            segments: list[str | None] = list(class_names(forecast.lead))
            if columns.feed is not None:
                count_feed(weighed.state)
            exchange.counts = self.tally.of(segments, forecast.mean)
        return Said(forecast, weighed, answer, rows)

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: Asked,
        said: Callable[[], Said],
    ) -> Iterable[Rows | Then]:
        """The request with its answer and, unless it looks back, a vintage of each match."""
        found = said()
        request_id = cast("UUID", request_ids)
        yield from repository.new_rows(request_id, found.answer, found.rows, columns.feed)

    def answer(
        self, given: HandleQuestion, columns: Asked, said: Said, of: slice, ids: Ids
    ) -> Response:
        """The forecasts."""
        return self.write(said.answer)

    def again(self, given: HandleQuestion, session: Session, request_id: UUID) -> Response:
        """The same, of what is stored."""
        return self.write(repository.answer_of_request(session, request_id))


def _matches(known: Known, question: HandleQuestion, as_of: datetime) -> list[Fixture]:
    book, now = known.fitted.book, second(as_of)
    if question.matches is None:
        kickoff = book.matches.kickoff
        return book.fixtures((kickoff > now) & (kickoff <= now + question.days * DAY))
    problems = [
        Problem(row=row, field="matches", message="This match is not known")
        for row, one in enumerate(question.matches)
        if one not in book.place_of_match
    ]
    if problems:
        raise Unanswerable(_UNKNOWN, problems)
    places = [book.place_of_match[one] for one in question.matches]
    problems = [
        Problem(row=row, field="matches", message="This match is named before, by another id")
        for row, one in enumerate(places)
        if one in places[:row]
    ]
    if problems:
        raise Unanswerable(_TWICE, problems)
    return book.fixtures(places)
