"""What a dirty warehouse holds, made sense of."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from valuebox.errors import ValueboxError
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


@pytest.mark.parametrize("amount", [0, -5, None, "much", float("inf"), 1e300])
def test_bets_without_an_amount_are_left_out_and_told(amount: object) -> None:
    found = cleaned(wagers=[wager(1, wager_amount=amount), wager(2)])
    assert found.bets["id"].tolist() == ["2"]
    assert found.noticed == {"bets without an amount above 0": 1}


@pytest.mark.parametrize(
    ("shown", "amounts"),
    [
        (["10,5", "1.234,50"], [10.5, 1234.5]),
        (["$10.50", "1,234.5"], [10.5, 1234.5]),
        ([Decimal("10.50"), None], [10.5]),
    ],
)
def test_amounts_are_read_as_their_column_writes_them(
    shown: list[object], amounts: list[float]
) -> None:
    found = cleaned(wagers=[wager(at, wager_amount=one) for at, one in enumerate(shown)])
    assert found.bets["amount"].tolist() == amounts


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("wager_amount", ["1,234", "2,500"], "wager_amount of wagers can be read in several"),
        ("wager_amount", ["$5", "€5"], "wager_amount of wagers has several currencies: EUR, USD"),
        ("bet_placed_time", ["01/04/2020"], "bet_placed_time of wagers can be read in several"),
        ("bet_placed_time", ["yesterday"], "holds nothing that is clearly a moment"),
    ],
)
def test_a_column_that_may_mean_several_things_is_refused(
    name: str, values: list[object], told: str
) -> None:
    with pytest.raises(ValueboxError, match=told):
        cleaned(wagers=[wager(at, **{name: one}) for at, one in enumerate(values)])


def test_days_come_first_where_the_column_shows_it() -> None:
    shown = ("01/04/2020 12:00", "25/03/2020 12:00")
    found = cleaned(wagers=[wager(one, bet_placed_time=one) for one in shown])
    expected = [pd.Timestamp("2020-04-01 16:00"), pd.Timestamp("2020-03-25 16:00")]
    assert found.bets["placed"].tolist() == expected


def test_moments_with_a_zone_are_those_of_any_clock() -> None:
    zoned = ("2020-03-07 12:00:00-05:00", "2020-03-09 12:00:00-04:00", "2020-03-09 12:00:00")
    found = cleaned(wagers=[wager(one, bet_placed_time=one) for one in zoned])
    assert found.bets["placed"].dt.strftime("%d %H").tolist() == ["07 17", "09 16", "09 16"]
    # As PostgreSQL has a `timestamptz`.
    start = event(1, game_start_time="2020-04-04 00:15:00+00", game_day="2020-04-03 04:00:00+00")
    (match,) = cleaned(events=[start]).matches.to_dict("records")
    assert match["kickoff"] == pd.Timestamp("2020-04-04 00:15")


def test_on_a_clock_of_utc_matches_may_begin_in_the_small_hours() -> None:
    rows = [event(one, game_start_time=f"2020-04-0{one} 00:15:00") for one in range(1, 5)]
    rows.append(event(5, game_start_time="2020-04-05 00:00:00", game_day="2020-04-05"))
    frames = (pd.DataFrame(rows), pd.DataFrame([user("a")]), pd.DataFrame([wager(1)]))
    found = clean(*frames, ZoneInfo("UTC"))
    assert found.matches["kickoff"].dt.strftime("%d %H:%M").tolist() == [
        *("01 00:15", "02 00:15", "03 00:15", "04 00:15", "05 00:15")
    ]
    assert found.noticed == {"matches whose time of beginning is that of their slot": 1}


@pytest.mark.parametrize("week", ["inf", "1000000", "-3", "eleven", None])
def test_a_week_that_is_none_is_told(week: object) -> None:
    found = cleaned(events=[event(1, week_of_season=week)])
    assert found.matches["week"].tolist() == [0]
    assert found.noticed == {"matches without a week of the season": 1}


@pytest.mark.parametrize("moment", ["9999-12-31 23:59:59", "0001-01-01 00:00:00", "2262-05-01"])
def test_moments_of_years_that_are_none_are_left_out(moment: str) -> None:
    found = cleaned(users=[user("a"), user("b", registration_timestamp=moment)])
    assert found.users["id"].tolist() == ["a"]
    assert found.noticed == {"users without a moment of registration": 1}


def test_ids_that_are_too_long_are_none() -> None:
    found = cleaned(wagers=[wager("x" * 101), wager("x" * 100 + "y"), wager(1)])
    assert found.bets["id"].tolist() == ["1"]


@pytest.mark.parametrize(
    ("table", "name"),
    [("events", "home_team"), ("users", "registration_timestamp"), ("wagers", "bet_status")],
)
def test_a_column_that_is_not_there_or_there_twice_is_named(table: str, name: str) -> None:
    whole = {"events": event(1), "users": user(1), "wagers": wager(1)}
    frames = {key: pd.DataFrame([row]) for key, row in whole.items()}
    without = {**frames, table: frames[table].drop(columns=name)}
    with pytest.raises(ValueboxError, match=f"{table}: has no column {name}"):
        clean(**without, zone=NEW_YORK)
    again = frames[table][[name]].rename(columns=str.upper)
    twice = {**frames, table: pd.concat([frames[table], again], axis=1)}
    with pytest.raises(ValueboxError, match=f"{table}: has the column {name} more than once"):
        clean(**twice, zone=NEW_YORK)


def test_nobody_has_bet_after_the_load() -> None:
    frames = (pd.DataFrame([event(1)]), pd.DataFrame([user(1)]))
    bets = [wager(1), wager(2, bet_placed_time="2098-01-01 00:00:00")]
    at = datetime(2020, 4, 2, 5, tzinfo=UTC)
    found = clean(*frames, pd.DataFrame(bets), NEW_YORK, at=at)
    # In the last hour that the load knows of.
    assert found.bets["placed"].max() == pd.Timestamp("2020-04-02 04:59:59")
    assert found.noticed == {"bets placed after the load began, taken as placed by then": 1}


def test_an_amount_that_dwarfs_all_others_is_left_out() -> None:
    bets = [wager(one) for one in range(30)] + [wager(30, wager_amount=9e11)]
    found = cleaned(wagers=bets)
    assert found.bets["amount"].tolist() == [10.5] * 30
    assert found.noticed == {"bets whose amount is a million times the usual": 1}


def test_a_state_that_is_not_known_counts_and_is_told() -> None:
    found = cleaned(wagers=[wager(1, bet_status="Annulled"), wager(2)])
    assert found.bets["counts"].tolist() == [True, True]
    assert found.noticed == {"bets that count as handle, whose state is not known: 'annulled'": 1}


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
