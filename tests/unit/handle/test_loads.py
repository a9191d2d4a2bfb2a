"""Loads of a warehouse, one after another: each bet counts once, as what it has become."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from valuebox_cli.handle.cleaning import clean
from valuebox_cli.handle.memory import Loads

FIRST, SECOND = (np.datetime64(f"2020-04-0{day}T05:00:00", "s") for day in (2, 5))


def add(loads: Loads, at: np.datetime64, **states: str) -> None:
    """Add a load of one match, one user, and a bet of 10 for each state."""
    match = {"event_id": 1, "home_team": "Meadow Voles", "away_team": "Orchard Owls"}
    match |= {"game_start_time": "2020-04-03 20:15", "week_start": "2020-03-31"}
    bet = {"event_id": "1", "user_number": "U1", "wager_amount": 10.0}
    bet |= {"bet_placed_time": "2020-04-01 12:00:00"}
    user = {"user_number": "U1", "registration_timestamp": "2020-01-01"}
    bets = [{**bet, "bet_id": id_, "bet_status": state} for id_, state in states.items()]
    frames = (pd.DataFrame(rows) for rows in ([match], [user], bets))
    loads.add(clean(*frames, ZoneInfo("EST")), at)


def test_bets_that_settle_count_once_and_void_ones_no_more() -> None:
    loads = Loads()
    add(loads, FIRST, b1="Open", b2="Open")
    add(loads, SECOND, b1="Settled", b2="Void", b3="Settled")
    before, after = (loads.book().as_of(at) for at in (FIRST, SECOND))
    assert (before.totals(before.bets.amount), before.totals(before.bets.gross)) == ([20], [20])
    assert (after.totals(after.bets.amount), after.totals(after.bets.gross)) == ([20], [30])
