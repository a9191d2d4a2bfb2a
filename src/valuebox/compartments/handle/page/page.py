"""The page of handle, as the dashboard knows it: what is read for it, and its tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy.orm import Session

from valuebox.compartments.contract import Look, Page
from valuebox.compartments.handle.answering import STALE
from valuebox.compartments.handle.page import closer, drawing
from valuebox.compartments.handle.page.asked import HandlePageQuestion
from valuebox.compartments.handle.page.week import (
    Match,
    Row,
    Week,
    chosen,
    matches,
    newest_answer,
    read_week,
)
from valuebox.compartments.handle.reading import newest_load
from valuebox.compartments.handle.schemas import HandleForecasts, Source, State
from valuebox.pages.ranges import in_rows
from valuebox.pages.tables import Column, Kind, Table, column
from valuebox.store.clock import CLOCK


def _told(name: str, label: str, kind: Kind, attribute: str | None = None) -> Column:
    of = attrgetter(attribute or name)
    return Column(name, label, kind, lambda row: row.told and of(row.told))


WEEK: Final = Table(
    "week",
    (
        Column("match", "Match", "text", lambda row: row.match.name),
        Column("id", "Id", "text", lambda row: row.match.id),
        Column("kickoff", "Kick-off (UTC)", "moment", lambda row: row.match.kickoff),
        _told("forecast", "Forecast", "whole", "predicted"),
        _told("lower", "from", "whole"),
        _told("upper", "to", "whole"),
        _told("known", "Known so far", "whole"),
        _told("known_share", "Usually known", "percent", "share"),
        _told("change", "Change", "gain"),
        _told("why", "Why", "text"),
        column("actual", "Actual", "whole"),
        _told("asked_at", "Asked (UTC)", "moment"),
    ),
)
VINTAGES: Final = Table(
    "vintages",
    (
        column("asked_at", "Asked (UTC)", "moment"),
        column("forecast", "Forecast", "whole", "predicted"),
        column("lower", "from", "whole"),
        column("upper", "to", "whole"),
        column("known", "Known by then", "whole"),
        column("loaded_to", "Loaded to (UTC)", "moment"),
        column("model", "Model", "text"),
    ),
)
CURVE: Final = Table(
    "curve",
    (
        column("before", "Before kick-off", "text"),
        column("lead", "Hours", "count"),
        column("bets", "Bets so far", "whole"),
        column("first", "Foretold at first", "whole"),
        column("newest", "Foretold now", "whole"),
        column("lower", "from", "whole"),
        column("upper", "to", "whole"),
    ),
)


@dataclass(frozen=True)
class Headline:
    """How old what is shown is, by now."""

    state: State
    loaded_to: datetime
    """When the newest load began."""
    is_behind: bool
    """Whether a load has come that the newest forecast does not know."""
    asked_at: datetime
    sources: Sequence[Source]
    """As they were when that was asked for."""

    @property
    def warehouse(self) -> Source:
        """What the warehouse knew."""
        return next(one for one in self.sources if one.name == "warehouse")

    @property
    def feed(self) -> Source | None:
        """What the live feed said; None where there was none."""
        return next((one for one in self.sources if one.name == "feed"), None)


def look(session: Session, asked: HandlePageQuestion, _service: Any, least: int) -> Look:
    """What is stored of a week and of one of its matches; see `Page`."""
    now = CLOCK.moment()
    loaded_to, _ = newest_load(session)
    known = matches(session)
    name = chosen(known, asked.week, asked.match, now)
    week = None if name is None else read_week(session, known, name)
    answer = newest_answer(session)
    row = None if week is None else _closer(week, asked.match, now)
    vintages = [] if row is None else closer.vintages(session, row.match.id)
    points: list[closer.Point] = []
    if row is not None and loaded_to is not None:
        points = closer.points(session, row.match, loaded_to, least)
    rows = [] if week is None else week.rows
    told = [one.told for one in rows if one.told is not None]
    marks = iter(in_rows(told))
    return Look(
        rows={"week": rows, "vintages": vintages, "curve": points},
        values={
            "week": week,
            "weeks": _weeks(known),
            "pairs": [(one, next(marks) if one.told else None) for one in rows],
            "row": row,
            "headline": _headline(answer, loaded_to, now),
            "loaded_to": loaded_to,
            "is_coming": any(one.kickoff > now for one in known),
            "vintage_chart": drawing.of_vintages(vintages, None if row is None else row.actual),
            "curve_chart": drawing.of_curve(points),
        },
    )


PAGE: Final = Page(
    title="Handle of the week",
    package=__package__ or "",
    asks=HandlePageQuestion,
    tables=(WEEK, VINTAGES, CURVE),
    look=look,
)


def _closer(week: Week, match: str | None, now: datetime) -> Row | None:
    """The match that is looked at closer: that which was asked for, the next one, or the last."""
    foretold = [one for one in week.rows if one.told is not None]
    asked = [one for one in week.rows if match in one.match.ids]
    coming = [one for one in foretold if one.match.kickoff > now]
    return next(iter((*asked, *coming, *foretold[::-1])), None)


def _headline(
    answer: HandleForecasts | None, loaded_to: datetime | None, now: datetime
) -> Headline | None:
    if answer is None or loaded_to is None:
        return None
    feed = [one.state for one in answer.sources if one.name == "feed"]
    state: State = "degraded" if feed not in ([], ["used"]) else "fresh"
    if now - loaded_to > STALE:
        state = "stale"
    is_behind = loaded_to > answer.loaded_to
    return Headline(state, loaded_to, is_behind, answer.asked_at, answer.sources)


def _weeks(known: Sequence[Match]) -> dict[str, list[Match]]:
    """Matches of the weeks that were ever forecast, the newest week first."""
    weeks: dict[str, list[Match]] = {}
    for one in known:
        weeks.setdefault(one.of_week, []).append(one)
    return {
        name: some for name, some in reversed(weeks.items()) if any(one.is_forecast for one in some)
    }
