"""`valuebox handle load`, night by night; on both databases."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select
from support.commands import valuebox

from valuebox.compartments.handle.tables import HandleBet, HandleMatch, HandleUser
from valuebox.store.engine import Store

EVENT = {
    **{"home_team": "Voles ", "away_team": "Owls", "time_slot": "fri", "week_of_season": 3},
    **{"home_team_location": "Norvale", "away_team_location": "Norvale"},
}


def load(store: Store, folder: Path, at: str, *matches: tuple[int, str, str]) -> str:
    """Load matches by id, day and time of beginning, on the clock of New York."""
    url = store.engine.url.render_as_string(hide_password=False)
    given = ("handle", "load", written(folder, *matches), "--at", at, "--database-url", url)
    return valuebox(*given)[0]


def written(folder: Path, *matches: tuple[int, str, str]) -> Path:
    """A warehouse without users and bets."""
    folder.mkdir()
    rows = [
        {**EVENT, "event_id": id_, "game_start_time": f"{day} {time}", "game_day": day}
        for id_, day, time in matches
    ]
    names = [*EVENT, "event_id", "game_start_time", "game_day"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "events.csv", index=False)
    users = ["user_number", "location", "registration_timestamp"]
    wagers = ["bet_id", "user_number", "event_id", "wager_amount", "bet_placed_time", "bet_status"]
    for name, columns in (("users", users), ("wagers", wagers)):
        pd.DataFrame(columns=columns).to_csv(folder / f"{name}.csv", index=False)
    return folder


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


MIXED = (
    "CREATE TABLE events (event_id, home_team, away_team, game_start_time, time_slot)",
    "INSERT INTO events VALUES (7, 'Voles', 'Owls', '2020-03-21 20:15:00', 'fri')",
    "INSERT INTO events VALUES ('8b', 'Owls', 'Voles', '2020-03-22 20:15:00', 'fri')",
    "CREATE TABLE people (who, registration_timestamp, location)",
    "INSERT INTO people VALUES (9007199254740993, '2020-01-01', NULL), (NULL, NULL, NULL)",
    "CREATE TABLE wagers (bet_id, user_number, event_id, stake, wager_amount, bet_placed_time,"
    " bet_status)",
    "INSERT INTO wagers VALUES (1, 9007199254740993, '7', 10.5, 1, '2020-03-01 12:00', 'Open')",
    "INSERT INTO wagers VALUES ('2b', NULL, 7, '4,5', 1, 1583082000, 'Open')",
)
MAPPING = """
[users]
table = "people"
names = { user_number = "who" }
[wagers]
names = { wager_amount = "stake" }
decimal = ","
"""


@pytest.mark.sqlite_alone
def test_a_warehouse_in_sqlite_may_mix_what_it_likes(store: Store, tmp_path: Path) -> None:
    file, mapping = tmp_path / "warehouse.db", tmp_path / "mapping.toml"
    with closing(sqlite3.connect(file)) as connection:
        for statement in MIXED:
            connection.execute(statement)
        connection.commit()
    mapping.write_text(MAPPING)
    url = store.engine.url.render_as_string(hide_password=False)
    given = ("handle", "load", file, "--mapping", mapping, "--database-url", url)
    told, _ = valuebox(*given)
    assert "2 matches, 1 users and 2 bets are new" in told
    assert "1 users without an id" in told
    with store.reading() as session:
        bets = session.execute(
            select(HandleBet.id, HandleBet.match_id, HandleBet.user_id, HandleBet.amount)
        ).all()
        users = session.scalars(select(HandleUser.id)).all()
    assert sorted(map(tuple, bets)) == [
        ("1", "7", "9007199254740993", 10.5),
        ("2b", "7", "", 4.5),
    ]
    assert users == ["9007199254740993"]


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ('[wagers]\nnames = { wager_amount = "stakes" }', "wagers.csv: has no column stakes"),
        ('[wagers]\nnames = { wager_amuont = "stake" }', "wager_amuont is none of bet_id"),
        ('timezone = "Atlantis"', "Input should be a time zone"),
    ],
)
@pytest.mark.sqlite_alone
def test_a_mapping_that_does_not_fit_is_told(
    store: Store, tmp_path: Path, mapping: str, told: str
) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(mapping)
    url = store.engine.url.render_as_string(hide_password=False)
    folder = written(tmp_path / "warehouse")
    given = ("handle", "load", folder, "--mapping", file, "--database-url", url)
    _, complaint = valuebox(*given, exit_code=2)
    assert told in complaint


@pytest.mark.sqlite_alone
def test_a_load_that_is_still_to_come_is_refused(store: Store, tmp_path: Path) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    folder = written(tmp_path / "warehouse")
    given = ("handle", "load", folder, "--at", "2190-01-01", "--database-url", url)
    _, complaint = valuebox(*given, exit_code=2)
    assert "2190-01-01 is still to come" in complaint
