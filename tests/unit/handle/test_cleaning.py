"""What a dirty warehouse holds, made sense of."""

from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from valuebox_cli.handle.cleaning import Clean, clean, usual_hours

NEW_YORK = ZoneInfo("America/New_York")


def event(id_: object, **other: object) -> dict[str, object]:
    return {
        **{"event_id": id_, "home_team": "Midnight Moths ", "away_team": "Garden Geckos"},
        **{"home_team_location": "Norvale", "away_team_location": "Underhythe"},
        **{"game_start_time": "2020-04-03 20:15:00.000", "day_of_week": "Friday   "},
        **{"time_slot": "fri", "game_day": "2020-04-03 00:00:00.000"},
        **{"week_start": "2020-03-31 00:00:00.000", "week_of_season": "11.0", **other},
    }


def wager(id_: object, **other: object) -> dict[str, object]:
    return {
        **{"bet_id": id_, "user_number": "U1", "event_id": "1", "wager_amount": 10.5},
        **{"bet_placed_time": "2020-04-01 12:00:00", "bet_status": "Open", **other},
    }


def user(id_: object, **other: object) -> dict[str, object]:
    return {
        **{"user_number": id_, "location": "Norvale "},
        **{"registration_timestamp": "2020-01-01 00:00:00", **other},
    }


def cleaned(*, events: object = (), users: object = (), wagers: object = ()) -> Clean:
    frames = (
        pd.DataFrame(list(rows) or [example(0)]).iloc[: len(list(rows))]  # type: ignore[call-overload]
        for rows, example in ((events, event), (users, user), (wagers, wager))
    )
    matches, people, bets = frames
    return clean(matches, people, bets, NEW_YORK)


def test_blanks_around_names_do_not_count() -> None:
    (match,) = cleaned(events=[event(1)]).matches.to_dict("records")
    assert (match["home"], match["season"], match["week"]) == ("Midnight Moths", 2020, 11)


@pytest.mark.parametrize("id_", [5, "5", " 5 ", 5.0])
def test_ids_are_the_same_as_texts_and_as_numbers(id_: object) -> None:
    found = cleaned(wagers=[wager(id_, event_id=id_, user_number=id_)])
    (bet,) = found.bets.to_dict("records")
    assert (bet["id"], bet["match"], bet["user"]) == ("5", "5", "5")


def test_rows_that_come_twice_count_once_and_the_last_counts() -> None:
    found = cleaned(wagers=[wager(1), wager(1, bet_status="Void"), wager(2)])
    assert found.bets[["id", "counts"]].to_dict("records") == [
        {"id": "1", "counts": False},
        {"id": "2", "counts": True},
    ]
    assert found.noticed["bets that came twice"] == 1


@pytest.mark.parametrize(
    ("status", "counts"),
    [("Open", True), ("settled", True), ("VOID", False), (" Cancelled ", False), (None, True)],
)
def test_void_and_cancelled_bets_are_no_handle(status: str | None, counts: bool) -> None:
    (found,) = cleaned(wagers=[wager(1, bet_status=status)]).bets["counts"]
    assert bool(found) is counts


@pytest.mark.parametrize("amount", [0, -5, None, "much", float("inf")])
def test_bets_without_an_amount_are_left_out_and_told(amount: object) -> None:
    found = cleaned(wagers=[wager(1, wager_amount=amount), wager(2)])
    assert found.bets["id"].tolist() == ["2"]
    assert found.noticed["bets without an id, or without what every row needs"] == 1


def test_users_without_a_place_are_kept() -> None:
    found = cleaned(users=[user("a"), user("b", location=None), user("c", location="  ")])
    assert found.users["place"].tolist() == ["Norvale", "", ""]


@pytest.mark.parametrize("start", ["00:00:00.000", "02:47:00.000", "13:04:51.208"])
def test_a_clerks_time_of_beginning_is_that_of_the_slot(start: str) -> None:
    rows = [event(1), event(2), event(3, game_start_time=f"2020-04-03 {start}")]
    kickoff = cleaned(events=rows).matches["kickoff"]
    assert kickoff[2] == kickoff[0] == pd.Timestamp("2020-04-04 00:15")


def test_a_night_of_few_matches_goes_by_all_that_are_known() -> None:
    known = cleaned(events=[event(1), event(2)]).matches
    usual = usual_hours(known["slot"].tolist(), known["kickoff"], NEW_YORK)
    assert usual == {"fri": 20.25}
    clerical = event(3, game_start_time="2020-04-03 00:00:00.000")
    odd = event(4, game_start_time="2020-04-03 17:00:00.000")
    rows = pd.DataFrame([clerical, odd])
    none = pd.DataFrame()
    found = clean(rows, none, none, NEW_YORK, usual).matches["kickoff"]
    assert found.tolist() == [pd.Timestamp("2020-04-04 00:15"), pd.Timestamp("2020-04-03 21:00")]


def test_no_match_is_known_to_begin_at_any_hour_before_the_first_load() -> None:
    assert usual_hours([], [], NEW_YORK) == {}


def test_two_matches_of_a_pair_in_one_week_are_two() -> None:
    friday = event(1, week_of_season=17)
    monday = event(2, week_of_season=17, game_day="2020-04-06", game_start_time="2020-04-06 13:00")
    assert len(cleaned(events=[friday, monday]).matches) == 2


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        # The day has 23 hours: at two it is three.
        ("2020-03-08 01:59:59", "2020-03-08 06:59:59"),
        ("2020-03-08 02:30:00", "2020-03-08 07:00:00"),
        ("2020-03-08 03:00:00", "2020-03-08 07:00:00"),
        # The day has 25 hours: one o'clock comes twice, and the first is meant.
        ("2019-11-03 01:30:00", "2019-11-03 05:30:00"),
        ("2019-11-03 02:30:00", "2019-11-03 07:30:00"),
    ],
)
def test_moments_are_those_of_the_warehouses_clock(shown: str, meant: str) -> None:
    (found,) = cleaned(wagers=[wager(1, bet_placed_time=shown)]).bets["placed"]
    assert found == pd.Timestamp(meant)
