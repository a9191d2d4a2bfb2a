"""Forecasts as a flat table for spreadsheets: a row a match, and one for the total of each week.

How old what they are made of is stands in every row, so that no row can be copied without it.
"""

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from valuebox.compartments.handle.schemas import (
    HandleForecasts,
    MatchForecast,
    Source,
    State,
    Total,
)
from valuebox.pages.spreadsheets import write_rows
from valuebox.pages.workbooks import MEDIA_TYPE, workbook
from valuebox.schemas.values import Model

CSV: Final = "text/csv"
XLSX: Final = MEDIA_TYPE
_NAME: Final = "forecast"

SourceState = Literal["used", "ignored", "absent"]


class ForecastRow(Model):
    """What is foretold of a match or of a week, and how old what that is made of is."""

    row: Literal["match", "week"] = Field(
        description="Whether the row is of a match, or of all matches of a week together."
    )
    season: int = Field(description="Season of the match.")
    week: int = Field(description="Week of the season, which runs from Tuesday to Monday.")
    match: str | None = Field(description="Id of the match; empty in the row of a week.")
    matches: int = Field(description="How many matches the row is of.")
    home_team: str | None = Field(description="Home team; empty in the row of a week.")
    away_team: str | None = Field(description="Away team; empty in the row of a week.")
    time_slot: str | None = Field(description="Slot of the week that the match is played in.")
    kickoff: datetime | None = Field(description="When the match begins, in UTC.")
    forecast: float = Field(description="Expected handle.")
    lower: float = Field(description="Handle below which it ends in 1 of 20 cases.")
    upper: float = Field(description="Handle above which it ends in 1 of 20 cases.")
    known: float = Field(description="Handle of the bets that are known.")
    known_share: float | None = Field(
        description="Share of the handle that is known by now, usually; empty in the row of a week."
    )
    known_bets: int = Field(description="How many bets are known.")
    gross: float = Field(description="Sum of all known bets, void and cancelled ones included.")
    before_bets: float | None = Field(description="What would be expected had nobody bet yet.")
    lead_hours: float | None = Field(description="Hours from the last known bet to the match.")
    previous_forecast: float | None = Field(description="The forecast before, where there is one.")
    previous_asked_at: datetime | None = Field(description="When that was asked for.")
    why: str | None = Field(description="Why the forecast has changed since, in a sentence.")
    state: State = Field(
        description="`fresh`; `degraded` where the live feed did not help; `stale` where the last "
        "load is older than a day and a half."
    )
    warehouse_state: SourceState = Field(description="Whether loads of the warehouse are known.")
    warehouse_as_of: datetime | None = Field(description="When the last load began.")
    warehouse_age_seconds: float | None = Field(description="How old that load is.")
    warehouse_notes: str | None = Field(description="What is strange about it, in sentences.")
    feed_state: SourceState | None = Field(
        description="Whether the live feed was used, ignored or absent; empty where there is none."
    )
    feed_as_of: datetime | None = Field(description="When the feed answered.")
    feed_age_seconds: float | None = Field(description="How old its answer is.")
    feed_notes: str | None = Field(description="What is strange about it, in sentences.")
    asked_at: datetime = Field(description="When the forecast was asked for.")
    as_of: datetime = Field(description="Moment whose knowledge the forecast is made of.")
    loaded_to: datetime = Field(description="When the last load began that is known.")
    model: str = Field(description="Exact tag of the model.")
    prediction_id: UUID | None = Field(description="Id of the stored vintage, where there is one.")


_HEAD: Final = tuple(ForecastRow.model_fields)


def flat(answer: HandleForecasts) -> list[ForecastRow]:
    """The rows: matches in the order of the answer, then the totals of their weeks."""
    common = {
        **{"state": answer.state, "asked_at": answer.asked_at, "as_of": answer.as_of},
        **{"loaded_to": answer.loaded_to, "model": answer.model},
        **_of_source(answer, "warehouse"),
        **_of_source(answer, "feed"),
    }
    of_matches = [ForecastRow(**_of_match(one), **common) for one in answer.matches]
    return of_matches + [ForecastRow(**_of_week(one, answer), **common) for one in answer.weeks]


def as_csv(answer: HandleForecasts) -> Response:
    """Forecasts as CSV; see `spreadsheets.write_rows`."""
    written = io.StringIO()
    write_rows(written, _HEAD, _cells(answer))
    return _attached(written.getvalue(), CSV, "csv")


def as_xlsx(answer: HandleForecasts) -> Response:
    """Forecasts as a workbook; see `workbooks.workbook`."""
    return _attached(workbook(_NAME, _HEAD, _cells(answer)), XLSX, "xlsx")


Render = Callable[[HandleForecasts], Response]


def _cells(answer: HandleForecasts) -> Iterator[list[Any]]:
    for row in flat(answer):
        yield [getattr(row, name) for name in _HEAD]


def _attached(content: str | bytes, media_type: str, ending: str) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="handle-{_NAME}.{ending}"',
    }
    return Response(content, headers=headers, media_type=media_type)


def _of_source(answer: HandleForecasts, name: str) -> dict[str, Any]:
    found: Source | None = next((one for one in answer.sources if one.name == name), None)
    return {
        f"{name}_state": found and found.state,
        f"{name}_as_of": found and found.as_of,
        f"{name}_age_seconds": found and found.age_seconds,
        f"{name}_notes": " ".join(found.notes) or None if found else None,
    }


def _of_match(one: MatchForecast) -> dict[str, Any]:
    before = one.previous
    return {
        **one.model_dump(exclude={"previous"}),
        **{"row": "match", "matches": 1},
        "previous_forecast": before and before.forecast,
        "previous_asked_at": before and before.asked_at,
        "why": before and before.why,
    }


def _of_week(total: Total, answer: HandleForecasts) -> dict[str, Any]:
    some = [one for one in answer.matches if (one.season, one.week) == (total.season, total.week)]
    unknown = (
        *("match", "home_team", "away_team", "time_slot", "kickoff", "known_share", "before_bets"),
        *("lead_hours", "previous_forecast", "previous_asked_at", "why", "prediction_id"),
    )
    return {
        **total.model_dump(),
        **dict.fromkeys(unknown),
        "row": "week",
        "known": round(sum(one.known for one in some), 2),
        "known_bets": sum(one.known_bets for one in some),
        "gross": round(sum(one.gross for one in some), 2),
    }
