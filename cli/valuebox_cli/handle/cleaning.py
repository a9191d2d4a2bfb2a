"""Rows of a warehouse made into what the service keeps: both spellings, blanks, doubled rows.

Whatever a warehouse spells in two ways is read in both, ids are texts, and moments are turned from
the clock of the warehouse into UTC.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

NOT_COUNTED: Final = ("void", "voided", "cancelled", "canceled")
"""States of bets that do not count as handle."""
_CLERICAL: Final = 6
"""Hours of the morning before which no match begins."""
_NEARLY: Final = pd.Timedelta(days=60)
_MISSING: Final = ("", "na", "nan", "null", "none")


@dataclass
class Clean:
    """Rows of one load, each id once."""

    matches: pd.DataFrame
    users: pd.DataFrame
    bets: pd.DataFrame
    noticed: Counter[str] = field(default_factory=Counter)
    """What was strange, in words, and in how many rows."""


def clean(
    events: pd.DataFrame,
    users: pd.DataFrame,
    wagers: pd.DataFrame,
    zone: ZoneInfo,
    usual: Mapping[str, float] | None = None,
) -> Clean:
    """Make sense of the rows of a load.

    Args:
        events: Matches.
        users: Users.
        wagers: Bets.
        zone: Time zone of moments that come without one.
        usual: When matches of each slot begin, as far as former loads tell; see `usual_hours`.
    """
    noticed: Counter[str] = Counter()
    return Clean(
        _matches(events, zone, noticed, usual or {}),
        _users(users, zone, noticed),
        _bets(wagers, zone, noticed),
        noticed,
    )


def usual_hours(
    slots: Sequence[str], kickoffs: Sequence[datetime] | pd.Series, zone: ZoneInfo
) -> dict[str, float]:
    """The hour at which matches of each slot begin, in the middle, on the clock of the warehouse.

    Args:
        slots: Of each match.
        kickoffs: When each begins, in UTC; without a zone or with it.
        zone: Of the clock.
    """
    local = pd.to_datetime(pd.Series(list(kickoffs)), utc=True).dt.tz_convert(zone)
    hours = local.dt.hour + local.dt.minute / 60 + local.dt.second / 3600
    middle = hours.groupby(pd.Series(list(slots), dtype=object)).median()
    return {str(slot): float(hour) for slot, hour in middle.items()}


def is_clerical(local: pd.Series) -> pd.Series:
    """Whether moments of a clock are none at which a match begins: a clerk has entered them."""
    return local.isna() | (_hours(local) < _CLERICAL)


def _hours(local: pd.Series) -> pd.Series:
    hours: pd.Series = (local - local.dt.floor("D")).dt.total_seconds() / 3600
    return hours


def ids(values: pd.Series) -> pd.Series:
    """Ids as texts, whatever they came as: 12, "12", 12.0 and " 12 " are the same."""
    if pd.api.types.is_integer_dtype(values):
        return values.astype(str)
    found = values.astype("string").str.strip().str.removesuffix(".0")
    return found.mask(found.str.lower().isin(_MISSING)).astype(object)


def texts(values: pd.Series) -> pd.Series:
    """Texts without blanks around them; empty where nothing is known."""
    found = values.astype("string").str.strip().fillna("")
    return found.mask(found.str.lower().isin(_MISSING), "").astype(object)


def moments(values: pd.Series, zone: ZoneInfo) -> pd.Series:
    """Moments in UTC, without a zone, to the second; NaT where they cannot be read.

    Of an hour that a clock shows twice, the first is meant; an hour that it leaves out is the one
    after it.
    """
    found = values
    if not pd.api.types.is_datetime64_any_dtype(found):
        found = pd.to_datetime(found.astype("string").str.strip(), format="mixed", errors="coerce")
    if getattr(found.dt, "tz", None) is None:
        first = pd.Series(True, index=found.index).to_numpy()
        found = found.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    in_utc: pd.Series = found.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[s]")
    return in_utc


def _named(rows: pd.DataFrame, *names: str) -> pd.Series:
    """The column that is there of several spellings of one; nothing where there is none."""
    by_name = {str(name).strip().lower(): name for name in rows.columns}
    for name in names:
        if name in by_name:
            return rows[by_name[name]]
    return pd.Series(None, index=rows.index, dtype=object)


def _once(rows: pd.DataFrame, what: str, noticed: Counter[str]) -> pd.DataFrame:
    """Rows with an id, each once: of several with the same one the last counts."""
    known = rows[rows["id"].notna()]
    if dropped := len(rows) - len(known):
        noticed[f"{what} without an id, or without what every row needs"] += dropped
    single = known.drop_duplicates("id", keep="last")
    if dropped := len(known) - len(single):
        noticed[f"{what} that came twice"] += dropped
    return single.reset_index(drop=True)


def _matches(
    rows: pd.DataFrame, zone: ZoneInfo, noticed: Counter[str], known: Mapping[str, float]
) -> pd.DataFrame:
    day = _named(rows, "game_day")
    start, at = _named(rows, "game_start_time", "kickoff"), moments(day, ZoneInfo("UTC"))
    slot, week_start = texts(_named(rows, "time_slot", "slot")), _named(rows, "week_start")
    local = moments(start, ZoneInfo("UTC"))
    hours = _hours(local)
    spoken = start.astype("string").str.strip()
    parts = spoken.str.extract(r"\.(\d+)$")[0].fillna("0").str.strip("0") != ""
    clerical = is_clerical(local) | parts
    # What a match of the slot usually begins at, where a clerk has left midnight or the moment. A
    # night brings few matches, which say less of it than all that are known.
    own = hours.mask(clerical).groupby(slot).median().dropna().to_dict()
    usual: dict[Any, float] = {**own, **known}
    filled = slot.map(usual).fillna(hours.mask(clerical).median()).fillna(13.0)
    on = at.fillna(local).dt.floor("D")
    kickoff = local.mask(clerical, on + pd.to_timedelta(filled, unit="h"))
    noticed["matches whose time of beginning is that of their slot"] += int(clerical.sum())
    began = moments(week_start, ZoneInfo("UTC")).fillna(on)
    week = pd.to_numeric(_named(rows, "week_of_season"), errors="coerce").fillna(0)
    # A season is called after the year in which it begins, or nearly does.
    opening = began - pd.to_timedelta((week - 1) * 7, unit="D") + _NEARLY
    found = pd.DataFrame(
        {
            "id": ids(_named(rows, "event_id", "match_id")),
            "season": opening.dt.year.fillna(0).astype(int),
            "week": week.astype(int),
            "home": texts(_named(rows, "home_team")),
            "away": texts(_named(rows, "away_team")),
            "home_place": texts(_named(rows, "home_team_location")),
            "away_place": texts(_named(rows, "away_team_location")),
            "slot": slot,
            "kickoff": moments(kickoff, zone),
        }
    )
    found["id"] = found["id"].mask(found["kickoff"].isna())
    single = _once(found, "matches", noticed)
    # A match may have been entered again, under another id.
    same = ["home", "away", "kickoff"]
    doubled = single.duplicated(same, keep="first")
    noticed["matches that are there under another id"] += int(doubled.sum())
    return single


def _users(rows: pd.DataFrame, zone: ZoneInfo, noticed: Counter[str]) -> pd.DataFrame:
    found = pd.DataFrame(
        {
            "id": ids(_named(rows, "user_number", "user_id")),
            "place": texts(_named(rows, "location")),
            "registered": moments(_named(rows, "registration_timestamp"), zone),
        }
    )
    found["id"] = found["id"].mask(found["registered"].isna())
    noticed["users without a place"] += int((found["place"] == "").sum())
    return _once(found, "users", noticed)


def _bets(rows: pd.DataFrame, zone: ZoneInfo, noticed: Counter[str]) -> pd.DataFrame:
    amount = pd.to_numeric(_named(rows, "wager_amount"), errors="coerce")
    status = texts(_named(rows, "bet_status")).str.lower()
    found = pd.DataFrame(
        {
            "id": ids(_named(rows, "bet_id")),
            "match": ids(_named(rows, "event_id")),
            "user": ids(_named(rows, "user_number")),
            "placed": moments(_named(rows, "bet_placed_time"), zone),
            "amount": amount,
            "status": status,
            "counts": ~status.isin(NOT_COUNTED),
        }
    )
    usable = (amount > 0) & np.isfinite(amount) & found["placed"].notna() & found["match"].notna()
    found["id"] = found["id"].mask(~usable)
    return _once(found, "bets", noticed)
