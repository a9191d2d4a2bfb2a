"""What is answered to a question for forecasts, and what is stored of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np

from valuebox.compartments.handle.baselines import baselines
from valuebox.compartments.handle.book import Fixture
from valuebox.compartments.handle.curve import curve_of
from valuebox.compartments.handle.desk import Known
from valuebox.compartments.handle.features import NUMBERS
from valuebox.compartments.handle.feed import FeedSaid
from valuebox.compartments.handle.forecasting import Forecast
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.reading import told
from valuebox.compartments.handle.recipe import class_names
from valuebox.compartments.handle.repository import Before, Vintages
from valuebox.compartments.handle.schemas import (
    DEFINITION,
    Change,
    HandleForecasts,
    MatchForecast,
    Source,
    State,
    Total,
    cents,
)
from valuebox.compartments.handle.weighing import Weighed
from valuebox.store.ids import ids_from

STALE: Final = timedelta(hours=36)
"""Age of the last load from which on forecasts are stale."""
_NOTICED: Final = 0.02


@dataclass(frozen=True)
class Asked:
    """Matches, as of a moment, and what is known of them."""

    asked_at: datetime
    as_of: datetime
    is_replay: bool
    known: Known
    matches: Sequence[Fixture]
    feed: FeedSaid | None


def answer_of(
    asked: Asked,
    said: Forecast,
    weighed: Weighed,
    model: HandleModel,
    before: Mapping[str, Before],
    request_id: UUID,
) -> tuple[HandleForecasts, list[Vintages]]:
    """The answer, and the vintages that are stored; none of a replay."""
    count = len(said.asked)
    ids: list[UUID] = [] if asked.is_replay else list(ids_from(request_id, count))
    matches = [
        _match(
            said,
            at,
            _change(asked, said, at, model.tag, before.get(said.asked[at].id)),
            ids[at] if ids else None,
        )
        for at in range(count)
    ]
    answer = HandleForecasts(
        model=model.tag,
        definition=DEFINITION,
        asked_at=asked.asked_at,
        as_of=asked.as_of,
        loaded_to=asked.known.loaded_to,
        state=_state(asked, weighed),
        sources=_sources(asked, weighed),
        weeks=_weeks(said, model),
        matches=matches,
    )
    return answer, [_vintages(asked, said, model.tag, ids)] if ids else []


def _state(asked: Asked, weighed: Weighed) -> State:
    if asked.as_of - asked.known.loaded_to > STALE:
        return "stale"
    return "degraded" if asked.feed is not None and not weighed.is_used else "fresh"


def _sources(asked: Asked, weighed: Weighed) -> list[Source]:
    loaded_to = asked.known.loaded_to
    through = told(asked.known.fitted.book.through)
    age = (asked.as_of - loaded_to).total_seconds()
    notes = []
    if loaded_to - through > timedelta(hours=12):
        notes.append(f"The last bet that was loaded is of {through:%Y-%m-%d %H:%M} UTC.")
    found = [Source(name="warehouse", state="used", as_of=loaded_to, age_seconds=age, notes=notes)]
    if asked.feed is not None:
        is_there = weighed.is_there
        found.append(
            Source(
                name="feed",
                state=weighed.state,
                as_of=asked.feed.asked_at if is_there else None,
                age_seconds=asked.feed.seconds if is_there else None,
                notes=weighed.notes,
            )
        )
    return found


def _match(said: Forecast, at: int, previous: Change | None, id_: UUID | None) -> MatchForecast:
    one = said.asked[at]
    return MatchForecast(
        match=one.id,
        season=int(one.season),
        week=int(one.week),
        home_team=one.home,
        away_team=one.away,
        time_slot=one.slot,
        kickoff=told(one.kickoff),
        forecast=cents(said.mean[at]),
        lower=cents(said.lower[at]),
        upper=cents(said.upper[at]),
        known=cents(said.known[at]),
        known_share=float(said.share[at]),
        known_bets=int(said.count[at]),
        gross=cents(said.gross[at]),
        before_bets=cents(said.prior[at]),
        lead_hours=float(said.lead[at]),
        previous=previous,
        prediction_id=id_,
    )


def _change(
    asked: Asked, said: Forecast, at: int, model: str, before: Before | None
) -> Change | None:
    if before is None:
        return None
    forecast, known = float(said.mean[at]), float(said.known[at])
    foretold = before.forecast * float(said.share[at])
    if forecast == before.forecast:
        why = "Nothing has changed."
    elif model != before.model:
        why = "Another model answers now."
    elif asked.known.loaded_to == before.loaded_to:
        why = "Nothing was loaded since; the live feed tells of other numbers of users."
    elif known == before.known:
        why = "No bets on it were loaded since; other matches have moved what is expected."
    elif abs(known / foretold - 1) < _NOTICED:
        why = "Bets since came in as was foretold."
    else:
        side = "more" if known > foretold else "less"
        why = f"Bets so far are {abs(known / foretold - 1):.0%} {side} than was foretold."
    return Change(forecast=cents(before.forecast), asked_at=before.asked_at, why=why)


def _weeks(said: Forecast, model: HandleModel) -> list[Total]:
    weeks: dict[tuple[int, int], list[int]] = {}
    for at, one in enumerate(said.asked):
        weeks.setdefault((int(one.season), int(one.week)), []).append(at)
    found = []
    for (season, week), rows in sorted(weeks.items()):
        mean, lower, upper = map(cents, said.total(rows, model.recipe.wider_total))
        found.append(
            Total(
                season=season, week=week, matches=len(rows), forecast=mean, lower=lower, upper=upper
            )
        )
    return found


def _vintages(asked: Asked, said: Forecast, tag: str, ids: list[UUID]) -> Vintages:
    simple = baselines(asked.known.fitted, said)
    deviation = said.mean * np.sqrt(np.expm1(np.clip(np.diag(said.covariance), 0.0, 4.0)))
    known: list[dict[str, Any]] = []
    for at, one in enumerate(said.asked):
        numbers = dict(zip(NUMBERS, said.described.numbers[at].tolist(), strict=True))
        known.append(
            {
                **numbers,
                **{"slot": one.slot, "lead_hours": float(said.lead[at])},
                **{"known_share": float(said.share[at]), "known_bets": float(said.count[at])},
                **{"before_bets": float(said.prior[at]), "broken": said.broken},
                **{name: float(values[at]) for name, values in simple.items()},
                "curve": curve_of(asked.known.fitted.pace, one.slot),
            }
        )
    return Vintages(
        ids=ids,
        match=[one.id for one in said.asked],
        kickoff=[told(one.kickoff) for one in said.asked],
        model=tag,
        asked_at=asked.asked_at,
        loaded_to=asked.known.loaded_to,
        lead_class=class_names(said.lead),
        prediction=said.mean,
        lower=said.lower,
        upper=said.upper,
        bets=said.known,
        deviation=deviation,
        known=known,
    )
