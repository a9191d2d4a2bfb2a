"""The matches of a week, with the newest vintage of each, as they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.handle.book import fixtures
from valuebox.compartments.handle.reading import known_matches, told
from valuebox.compartments.handle.schemas import HandleForecasts, MatchForecast, Total, cents
from valuebox.compartments.handle.tables import (
    HandleAsking,
    HandleFeatures,
    HandleMatch,
    HandleOutcome,
    HandlePrediction,
)


@dataclass(frozen=True)
class Match:
    """A match that is known, and whether it was ever forecast."""

    id: str
    ids: frozenset[str]
    """All ids that it was entered by."""
    season: int
    week: int
    home: str
    away: str
    kickoff: datetime
    is_forecast: bool

    @property
    def name(self) -> str:
        """Both teams, that of the place first."""
        return f"{self.home} \N{EN DASH} {self.away}"

    @property
    def of_week(self) -> str:
        """The week, as addresses have it."""
        return f"{self.season}-{self.week}"


@dataclass(frozen=True)
class Told:
    """What was last foretold of a match."""

    asked_at: datetime
    predicted: float
    lower: float
    upper: float
    known: float
    share: float | None
    """Share of its handle that is usually known by then."""
    change: float | None
    """Difference from the forecast before; None where there was none."""
    why: str | None
    actual: float | None
    """The handle that the match had in the end; None until that is known."""

    @property
    def is_inside(self) -> bool | None:
        """Whether the interval holds what came true; None while that is not known."""
        return None if self.actual is None else self.lower <= self.actual <= self.upper


@dataclass(frozen=True)
class Row:
    """A match of the week, and what was foretold of it; None where nobody has asked yet."""

    match: Match
    told: Told | None
    actual: float | None


@dataclass(frozen=True)
class Summary:
    """The matches of a week together: what came true of some, and what is foretold of others."""

    forecast: float
    """Handle of both."""
    lower: float
    upper: float
    """Ends between which it lies in 9 of 10 cases."""
    foretold: int
    """How many matches are foretold."""
    over: int
    """How many are over, beside these."""
    asked_at: datetime


@dataclass(frozen=True)
class Week:
    """A week: its matches, and what is foretold of all of them."""

    name: str
    rows: Sequence[Row]
    summary: Summary | None

    @property
    def known(self) -> float:
        """Handle of the bets that are known, of matches that are over or were forecast."""
        return sum(_known(one) for one in self.rows)

    @property
    def is_over(self) -> bool:
        """Whether it is known of all matches what came true."""
        return bool(self.rows) and all(one.actual is not None for one in self.rows)


def matches(session: Session) -> list[Match]:
    """All matches that are known, by when they begin."""
    said = HandlePrediction
    # Matches are hundreds, vintages any number: the index of vintages is asked once for each match.
    is_forecast = select(said.id).where(said.match_id == HandleMatch.id).exists()
    query = select(HandleMatch.id).where(HandleMatch.replaced_at.is_(None), is_forecast)
    forecast = set(session.scalars(query))
    every, also = known_matches(session)
    found = [
        Match(
            id=one.id,
            ids=frozenset((one.id, *(theirs for theirs, ours in also.items() if ours == one.id))),
            season=int(one.season),
            week=int(one.week),
            home=one.home,
            away=one.away,
            kickoff=told(one.kickoff),
            is_forecast=one.id in forecast,
        )
        for one in fixtures(every)
    ]
    return sorted(found, key=lambda one: (one.kickoff, one.id))


def chosen(
    known: Sequence[Match], week: str | None, match: str | None, now: datetime
) -> str | None:
    """The week to show: that which was asked for, that of the match, or the coming one.

    Where nothing is to come, or nobody asked about what is, it is the last one with a forecast.
    """
    if week is not None:
        return week
    of_match = [one.of_week for one in known if match in one.ids]
    coming = [one.of_week for one in known if one.kickoff > now and one.is_forecast]
    asked = [one.of_week for one in known if one.is_forecast]
    ahead = [one.of_week for one in known if one.kickoff > now]
    return next(iter((*of_match, *coming[:1], *asked[-1:], *ahead)), None)


def read_week(session: Session, known: Sequence[Match], name: str) -> Week:
    """What is stored of the matches of a week."""
    some = [one for one in known if one.of_week == name]
    vintages = _newest(session, [one.id for one in some if one.is_forecast])
    answers = _answers(session, {one.request_id for one, _ in vintages.values()})
    outcomes = HandleOutcome
    query = select(outcomes.match_id, outcomes.target).where(
        outcomes.match_id.in_([one.id for one in some])
    )
    actual = {match: target for match, target in session.execute(query)}  # noqa: C416
    rows = [_row(one, vintages.get(one.id), answers, actual.get(one.id)) for one in some]
    season, week = map(int, name.split("-"))
    found = [
        (answer, one)
        for answer in answers.values()
        for one in answer.weeks
        if (one.season, one.week) == (season, week)
    ]
    return Week(name, rows, _summary(rows, found))


def newest_answer(session: Session) -> HandleForecasts | None:
    """What was last answered to a request whose forecasts are stored; None where there is none."""
    said = HandlePrediction
    newest = select(said.request_id).order_by(said.id.desc()).limit(1).scalar_subquery()
    found = session.scalar(select(HandleAsking.answer).where(HandleAsking.id == newest))
    return None if found is None else HandleForecasts.model_validate(found)


_Vintage = tuple[HandlePrediction, Mapping[str, Any]]


def _newest(session: Session, ids: Sequence[str]) -> dict[str, _Vintage]:
    said = HandlePrediction
    of_match = select(said.id).where(said.match_id == HandleMatch.id)
    newest = of_match.order_by(said.id.desc()).limit(1).scalar_subquery()
    named = select(newest).where(HandleMatch.id.in_(ids), HandleMatch.replaced_at.is_(None))
    query = (
        select(said, HandleFeatures.known)
        .join(HandleFeatures, HandleFeatures.id == said.id)
        .where(said.id.in_(session.scalars(named).all()))
    )
    return {one.match_id: (one, known) for one, known in session.execute(query)}


def _answers(session: Session, ids: set[UUID]) -> dict[UUID, HandleForecasts]:
    query = select(HandleAsking.id, HandleAsking.answer).where(HandleAsking.id.in_(ids))
    return {one: HandleForecasts.model_validate(answer) for one, answer in session.execute(query)}


def _row(
    match: Match,
    vintage: _Vintage | None,
    answers: Mapping[UUID, HandleForecasts],
    actual: float | None,
) -> Row:
    if vintage is None:
        return Row(match, None, actual)
    said, known = vintage
    answered = _answered(answers.get(said.request_id), match.id)
    before = None if answered is None else answered.previous
    told = Told(
        asked_at=said.asked_at,
        predicted=cents(said.prediction),
        lower=cents(said.lower),
        upper=cents(said.upper),
        known=cents(said.known),
        share=known.get("known_share"),
        change=None if before is None else cents(said.prediction - before.forecast),
        why=None if before is None else before.why,
        actual=actual,
    )
    return Row(match, told, actual)


def _answered(answer: HandleForecasts | None, match: str) -> MatchForecast | None:
    if answer is None:
        return None
    return next((one for one in answer.matches if one.match == match), None)


def _known(row: Row) -> float:
    if row.actual is not None:
        return row.actual
    return 0.0 if row.told is None else row.told.known


def _summary(rows: Sequence[Row], found: Sequence[tuple[HandleForecasts, Total]]) -> Summary | None:
    """The total of all matches, with the interval of the answer that tells of most of them.

    Only an answer knows the interval of a total: errors of matches are alike. Those that it does
    not tell of, and that nobody knows the handle of yet, make it wider by all that theirs are wide.
    """
    over = {one.match.id for one in rows if one.actual is not None}
    open_ = {one.match.id: one.told for one in rows if one.actual is None and one.told is not None}
    forecast = sum(one.actual or 0.0 for one in rows) + sum(one.predicted for one in open_.values())
    best: tuple[int, Summary] | None = None
    for answer, total in sorted(found, key=lambda one: one[0].asked_at):
        told = {one.match for one in answer.matches}
        beside = [one for name, one in open_.items() if name not in told]
        below = total.forecast - total.lower + sum(one.predicted - one.lower for one in beside)
        above = total.upper - total.forecast + sum(one.upper - one.predicted for one in beside)
        one = Summary(
            forecast,
            max(forecast - below, 0.0),
            forecast + above,
            total.matches + len(beside),
            len(over - told),
            asked_at=answer.asked_at,
        )
        if best is None or total.matches + one.over >= best[0]:
            best = total.matches + one.over, one
    return None if best is None else best[1]
