"""Forecasts for spreadsheets: what stands in each row, and that no team is ever a formula."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from valuebox.compartments.handle.flat import ForecastRow, as_csv, flat
from valuebox.compartments.handle.schemas import (
    DEFINITION,
    Change,
    HandleForecasts,
    MatchForecast,
    Source,
    Total,
)

NOW = datetime(2020, 3, 1, 12, tzinfo=UTC)


def match(name: str, week: int = 11, **other: Any) -> MatchForecast:
    said = {
        **{"match": name, "season": 2020, "week": week, "home_team": "=HYPERLINK(1)"},
        **{"away_team": "Frogs", "time_slot": "late", "kickoff": NOW + timedelta(days=1)},
        **{"forecast": 100.0, "lower": 80.0, "upper": 130.0, "known": 20.5, "known_share": 0.2},
        **{"known_bets": 3, "gross": 21.0, "before_bets": 90.0, "lead_hours": 24.0},
        **{"previous": None, "prediction_id": UUID(int=1)},
    }
    return MatchForecast(**{**said, **other})


def answer(*sources: Source, matches: list[MatchForecast]) -> HandleForecasts:
    weeks = sorted({one.week for one in matches})
    return HandleForecasts(
        **{"model": "handle:x", "definition": DEFINITION, "asked_at": NOW, "as_of": NOW},
        **{"loaded_to": NOW - timedelta(hours=8), "state": "degraded", "sources": list(sources)},
        weeks=[
            Total(season=2020, week=week, matches=2, forecast=200, lower=170, upper=250)
            for week in weeks
        ],
        matches=matches,
    )


WAREHOUSE = Source(
    name="warehouse", state="used", as_of=NOW - timedelta(hours=8), age_seconds=28_800, notes=[]
)
FEED = Source(name="feed", state="absent", as_of=None, age_seconds=None, notes=["Late.", "Again."])


def test_every_row_says_how_old_what_it_is_made_of_is() -> None:
    changed = Change(forecast=90.0, asked_at=NOW - timedelta(days=1), why="More bets.")
    said = answer(
        WAREHOUSE, FEED, matches=[match("1", previous=changed), match("2"), match("3", 12)]
    )
    rows = flat(said)
    assert [(one.row, one.week, one.match) for one in rows] == [
        *(("match", 11, "1"), ("match", 11, "2"), ("match", 12, "3")),
        *(("week", 11, None), ("week", 12, None)),
    ]
    for one in rows:
        assert (one.state, one.loaded_to, one.model) == ("degraded", said.loaded_to, "handle:x")
        assert (one.warehouse_state, one.warehouse_age_seconds) == ("used", 28_800)
        assert (one.feed_state, one.feed_notes) == ("absent", "Late. Again.")
    assert (rows[0].previous_forecast, rows[0].why) == (90.0, "More bets.")
    assert (rows[3].forecast, rows[3].known, rows[3].known_bets) == (200, 41.0, 6)


def test_a_team_that_looks_like_a_formula_is_text() -> None:
    said = as_csv(answer(WAREHOUSE, matches=[match("1")]))
    rows = list(csv.DictReader(io.StringIO(bytes(said.body).decode())))
    assert list(rows[0]) == list(ForecastRow.model_fields)
    assert rows[0]["home_team"] == "'=HYPERLINK(1)"
    assert (rows[0]["forecast"], rows[0]["kickoff"]) == ("100.0", "2020-03-02T12:00:00+00:00")
    # Without a feed nothing is said of one.
    assert (rows[0]["feed_state"], rows[1]["row"]) == ("", "week")
