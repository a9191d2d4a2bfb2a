"""A schedule of matches for a simulated sportsbook: made up, or read from a file.

It has what schedules of real warehouses have: blanks around names, weeks that run from Tuesday to
Monday, teams that play twice in one of them, times of beginning that a clerk has left.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from valuebox.errors import ValueboxError

COLUMNS: Final = (
    *("event_id", "home_team", "away_team", "home_team_location", "away_team_location"),
    *("game_start_time", "day_of_week", "time_slot", "game_day", "week_start", "week_of_season"),
)
"""What a schedule has of each match, as texts."""
_TEAMS: Final = {
    "Harbour Otters": "Amberholm",
    "Copper Kestrels": "Amberholm",
    # The warehouse has a blank behind this name.
    "Midnight Moths ": "Norvale",
    "Northern Lynxes": "Norvale",
    "Quarry Badgers": "Quarrymoor",
    "Silver Herons": "Quarrymoor",
    "Canal Beavers": "Elmscar",
    "Meadow Voles": "Fennwick",
    "Granite Goats": "Gullhaven",
    "Thunder Toads": "Ironbeck",
    "Velvet Wasps": "Juniper Bay",
    "Orchard Owls": "Larkfield",
    "Winter Weasels": "Oxenhurst",
    "Marsh Cranes": "Saltmere",
    "Clockwork Crabs": "Tannerby",
    "Garden Geckos": "Underhythe",
}
"""Teams and the provinces that they are from."""
_SEASONS: Final = (("2018-01-23", 7, 25), ("2019-01-22", 4, 26), ("2020-01-21", 1, 11))
"""Tuesday on which each season begins, and the first and last week in which bets are taken."""
_FULL: Final = 6
"""Week from which on most teams play."""
_FINALS: Final = 22
"""Last week in which most teams play; fewer do in each week after."""
_DAYS: Final = {"tues": 0, "odd_days": 1, "fri": 3, "sun": 5}
"""Days after the beginning of a week on which a slot is; others are on its last day, a Monday."""
_STARTS: Final = {
    "tues": ("20:15", "19:30"),
    "odd_days": ("19:00", "18:15"),
    "fri": ("20:15", "20:30"),
    "sun": ("16:30", "20:15"),
    "mon_early": ("13:00",),
    "mon_mid": ("16:10", "16:30", "18:00"),
    "mon_late": ("20:20",),
}
"""When matches of a slot begin."""
_CLERICAL: Final = (("tues", "00:00:00"), ("fri", "02:47:00"), ("mon_early", "13:04:51.208"))
"""Times that a clerk has left in one match of a slot each."""
_TWICE: Final = 15
"""Week of the first season in which one pair plays on Friday and again on Monday."""


def made_up(seed: int) -> pd.DataFrame:
    """Some 240 matches of three seasons, in their order, as a warehouse has them."""
    rng = np.random.default_rng([seed, 2018])
    rows = []
    for number, (opening, first, last) in enumerate(_SEASONS):
        for week in range(first, last + 1):
            tuesday = pd.Timestamp(opening) + pd.Timedelta(weeks=week - 1)
            slots = _slots(rng, week)
            is_twice = number == 0 and week == _TWICE
            if is_twice:
                slots = ["fri", "mon_early", *slots[2:]]
            pairs = _pairs(rng, slots)
            if is_twice:
                pairs[1] = pairs[0]
            rows += [
                _row(rng, slot, pair, tuesday, week)
                for slot, pair in zip(slots, pairs, strict=True)
            ]
    found = pd.DataFrame(rows).sort_values("game_start_time", kind="stable", ignore_index=True)
    for slot, start in _CLERICAL:
        at = int(rng.choice(np.flatnonzero(found["time_slot"] == slot)))
        day = pd.Timestamp(str(found.loc[at, "game_day"]))
        found.loc[at, "game_start_time"] = _text(day + pd.Timedelta(start))
    found["event_id"] = [str(41_007 + 11 * at) for at in range(len(found))]
    return found[list(COLUMNS)]


def read(file: Path) -> pd.DataFrame:
    """The schedule that a CSV holds.

    Raises:
        ValueboxError: when the file cannot be read, or has not all of `COLUMNS`.
    """
    try:
        found = pd.read_csv(file, dtype=str)
    except (OSError, ValueError) as error:
        raise ValueboxError(f"{file}: {error}") from None
    if missing := [name for name in COLUMNS if name not in found]:
        raise ValueboxError(f"{file}: has no column {', '.join(missing)}")
    return found


def _slots(rng: np.random.Generator, week: int) -> list[str]:
    """The slots of a week's matches."""
    if week < _FULL:
        few = rng.choice(["fri", "sun", "odd_days"], rng.integers(1, 4), p=[0.4, 0.4, 0.2])
        return [str(slot) for slot in few]
    if week > _FINALS:
        return ["sun", "mon_mid", "mon_late"][: max(26 - week, 1)]
    likely = {"tues": 0.4, "fri": 0.5, "sun": 0.15, "odd_days": 0.05, "mon_late": 0.5}
    found = [slot for slot, chance in likely.items() if rng.uniform() < chance]
    monday = rng.choice(["mon_early", "mon_mid"], rng.integers(3, 6), p=[0.7, 0.3])
    return [*found, *map(str, monday)][: len(_TEAMS) // 2]


def _pairs(rng: np.random.Generator, slots: list[str]) -> list[tuple[str, str]]:
    """Who plays whom in a week: on Monday, now and then, teams that have played before in it."""
    teams = rng.permutation(list(_TEAMS)).tolist()
    found = list(zip(teams[::2], teams[1::2], strict=True))[: len(slots)]
    if len(slots) > 3 and slots[1] in _DAYS and rng.uniform() < 0.6:
        found[-1] = (found[1][1], found[0][0])
    return found


def _row(
    rng: np.random.Generator, slot: str, pair: tuple[str, str], tuesday: pd.Timestamp, week: int
) -> dict[str, Any]:
    day = tuesday + pd.Timedelta(days=_DAYS.get(slot, 6))
    start = day + pd.Timedelta(f"{rng.choice(_STARTS[slot])}:00")
    home, away = pair
    return {
        "home_team": home,
        "away_team": away,
        "home_team_location": _TEAMS[home],
        "away_team_location": _TEAMS[away],
        "game_start_time": _text(start),
        # Padded, as a column of fixed width has it.
        "day_of_week": f"{day.day_name():<9}",
        "time_slot": slot,
        "game_day": _text(day),
        "week_start": _text(tuesday),
        "week_of_season": f"{week}.0",
    }


def _text(when: pd.Timestamp) -> str:
    return when.isoformat(sep=" ", timespec="milliseconds")
