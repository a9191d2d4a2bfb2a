"""`valuebox handle load`, night by night; on both databases."""

from pathlib import Path

import pandas as pd
from sqlalchemy import select
from support.commands import valuebox

from valuebox.compartments.handle.tables import HandleMatch
from valuebox.store.engine import Store

EVENT = {
    **{"home_team": "Voles ", "away_team": "Owls", "time_slot": "fri", "week_of_season": 3},
    **{"home_team_location": "Norvale", "away_team_location": "Norvale"},
}


def load(store: Store, folder: Path, at: str, *matches: tuple[int, str, str]) -> str:
    """Load matches by id, day and time of beginning, on the clock of New York."""
    folder.mkdir()
    rows = [
        {**EVENT, "event_id": id_, "game_start_time": f"{day} {time}", "game_day": day}
        for id_, day, time in matches
    ]
    pd.DataFrame(rows).to_csv(folder / "events.csv", index=False)
    users = ["user_number", "location", "registration_timestamp"]
    wagers = ["bet_id", "user_number", "event_id", "wager_amount", "bet_placed_time", "bet_status"]
    for name, columns in (("users", users), ("wagers", wagers)):
        pd.DataFrame(columns=columns).to_csv(folder / f"{name}.csv", index=False)
    url = store.engine.url.render_as_string(hide_password=False)
    return valuebox("handle", "load", folder, "--at", at, "--database-url", url)[0]


def test_a_clerks_time_goes_by_the_matches_of_former_nights(store: Store, tmp_path: Path) -> None:
    first = [(one, f"2020-03-{20 + one:02}", "20:15:00") for one in range(1, 6)]
    load(store, tmp_path / "first", "2020-03-10T05:00:00Z", *first)
    told = load(
        store, tmp_path / "second", "2020-03-11T05:00:00Z", (9, "2020-03-28", "00:00:00")
    )  # fmt: skip
    assert "1 matches, 0 users and 0 bets are new" in told
    with store.reading() as session:
        begins = session.scalar(select(HandleMatch.kickoff).where(HandleMatch.id == "9"))
    assert begins is not None
    assert f"{begins:%Y-%m-%d %H:%M}" == "2020-03-29 00:15"
