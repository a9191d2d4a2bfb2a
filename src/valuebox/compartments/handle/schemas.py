"""What the endpoints of handle take and answer."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from valuebox.compartments.handle.recipe import Recipe
from valuebox.compartments.handle.tables import MAX_ID
from valuebox.features.bins import Reference
from valuebox.schemas.moments import Moment
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import NO_NUL, Model, no_nul

MAX_MATCHES: Final = 200
DEFINITION: Final = (
    "Handle is the sum of the amounts of all bets on a match that are neither void nor cancelled, "
    "each bet counted once. Gross is the sum of all bets, void and cancelled ones included."
)
MatchId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_ID),
    AfterValidator(no_nul),
    Field(json_schema_extra={"pattern": NO_NUL}),
]
State = Literal["fresh", "degraded", "stale"]


def cents(value: Any) -> float:
    """An amount as it is told: its cents are the last digits."""
    return round(float(value), 2)


class HandleQuestion(Model, RequestModel):
    """Which matches to forecast, and as of when."""

    max_values = 4 * MAX_MATCHES

    matches: (
        Annotated[
            list[MatchId],
            Field(min_length=1, max_length=MAX_MATCHES, json_schema_extra={"uniqueItems": True}),
        ]
        | None
    ) = Field(
        default=None,
        description="Ids of the matches, each once. Null for all that begin within `days` days.",
        examples=[["63485"]],
    )
    days: int = Field(
        default=7, ge=1, le=60, description="How many days ahead matches are forecast."
    )
    as_of: Moment | None = Field(
        default=None,
        description="A moment in the past, none to come: the forecast is made of what was known "
        "then, and is not stored as a vintage. Null for now.",
        examples=["2020-04-01T12:00:00Z"],
    )

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if self.matches and len(set(self.matches)) < len(self.matches):
            raise PydanticCustomError("match_twice", "Input should name each match once")
        return self

    @property
    def n_rows(self) -> int:
        """How many matches are asked about, as far as the question says."""
        return len(self.matches or ()) or 1


class Source(Model):
    """Where something that a forecast is made of comes from, and how old it is."""

    name: str = Field(description="`warehouse`, or `feed`.")
    state: Literal["used", "ignored", "absent"] = Field(
        description="Whether forecasts were made of it, it was there and not believed, or it was "
        "not there."
    )
    as_of: datetime | None = Field(description="What it knows is as of then; null if unknown.")
    age_seconds: float | None = Field(description="How old that was when it was asked for.")
    notes: list[str] = Field(description="What is strange about it, in sentences.")


class Change(Model):
    """How a forecast differs from the one before."""

    forecast: float = Field(description="The forecast before.")
    asked_at: datetime = Field(description="When the forecast before was asked for.")
    why: str = Field(description="What it changed by, in a sentence.")


class MatchForecast(Model):
    """What is foretold of a match."""

    match: str = Field(description="Id of the match.")
    season: int = Field(description="Season of the match.")
    week: int = Field(description="Week of the season, which runs from Tuesday to Monday.")
    home_team: str = Field(description="Home team.")
    away_team: str = Field(description="Away team.")
    time_slot: str = Field(description="Slot of the week that the match is played in.")
    kickoff: datetime = Field(description="When the match begins, in UTC.")
    forecast: float = Field(description="Expected handle.")
    lower: float = Field(description="Handle below which it ends in 1 of 20 cases.")
    upper: float = Field(description="Handle above which it ends in 1 of 20 cases.")
    known: float = Field(description="Handle of the bets that are known.")
    known_share: float = Field(description="Share of the handle that is known by now, usually.")
    known_bets: int = Field(description="How many bets are known.")
    gross: float = Field(description="Sum of all known bets, void and cancelled ones included.")
    before_bets: float = Field(description="What would be expected had nobody bet yet.")
    lead_hours: float = Field(description="Hours from the last known bet to the match.")
    previous: Change | None = Field(description="The forecast before; null where there is none.")
    prediction_id: UUID | None = Field(description="Id of the stored vintage; null in a replay.")


class Total(Model):
    """What is foretold of all matches of a week that were asked about."""

    season: int = Field(description="Season of the week.")
    week: int = Field(description="Week of the season.")
    matches: int = Field(description="How many matches the total is of.")
    forecast: float = Field(description="Expected handle of these matches together.")
    lower: float = Field(description="Handle below which the total ends in 1 of 20 cases.")
    upper: float = Field(description="Handle above which the total ends in 1 of 20 cases.")


class HandleForecasts(Model):
    """Forecasts of matches, with how old what they are made of is."""

    model: str = Field(description="Exact tag of the model.")
    definition: str = Field(description="What handle is.")
    asked_at: datetime = Field(description="When the forecast was asked for.")
    as_of: datetime = Field(description="Moment whose knowledge the forecast is made of.")
    loaded_to: datetime = Field(description="When the last load began that is known.")
    state: State = Field(
        description="`fresh`; `degraded` where the live feed did not help; `stale` where the last "
        "load is older than a day and a half."
    )
    sources: list[Source] = Field(description="What the forecast is made of, and its age.")
    weeks: list[Total] = Field(description="Totals by week.")
    matches: list[MatchForecast] = Field(description="Forecasts by match, as asked or by kickoff.")


class HistoryQuestion(Model, RequestModel):
    """Whose vintages to return."""

    max_values = 10

    match: MatchId = Field(description="Id of the match.", examples=["63485"])
    limit: int = Field(default=500, ge=1, le=5_000, description="Vintages at most; the newest.")


class Vintage(Model):
    """A forecast of a match as it was once made."""

    asked_at: datetime = Field(description="When it was asked for.")
    loaded_to: datetime = Field(description="When the last load began that it knew.")
    model: str = Field(description="Exact tag of the model.")
    forecast: float = Field(description="Expected handle.")
    lower: float = Field(description="Handle below which it ends in 1 of 20 cases.")
    upper: float = Field(description="Handle above which it ends in 1 of 20 cases.")
    known: float = Field(description="Handle of the bets that were known.")


class History(Model):
    """The vintages of a match, oldest first, and what came true."""

    match: str = Field(description="Id of the match.")
    vintages: list[Vintage] = Field(description="Forecasts, the oldest first.")
    actual: float | None = Field(description="Handle of the match; null while it is not over.")
    revisions: int = Field(description="How often the handle was found to be another one.")


class HandleCard(Model):
    """The model that answers."""

    model: str = Field(description="Exact tag.")
    kind: Literal["handle"] = Field(description="The compartment.")
    created_at: datetime = Field(description="When it was made.")
    recipe: Recipe = Field(description="What it has learned.")
    metadata: dict[str, JsonValue] = Field(description="From what, and how it did.")
    reference: Reference = Field(description="Matches that it has learned from, by bin.")
