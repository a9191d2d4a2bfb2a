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

from valuebox.compartments.handle.settling import OPEN
from valuebox_cli.handle.columns import Columns, Written, hours, of_clock

NAMES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "events": (
        *(("event_id", "match_id"), ("home_team",), ("away_team",)),
        *(("game_start_time", "kickoff"), ("game_day",), ("week_start",), ("week_of_season",)),
        *(("time_slot", "slot"), ("home_team_location",), ("away_team_location",)),
    ),
    "users": (("user_number", "user_id"), ("registration_timestamp",), ("location",)),
    "wagers": (
        *(("bet_id",), ("event_id", "match_id"), ("user_number", "user_id")),
        *(("wager_amount",), ("bet_placed_time",), ("bet_status",)),
    ),
}
"""The columns of each table that are looked at, each by its spellings."""
NOT_COUNTED: Final = ("void", "voided", "cancelled", "canceled")
"""States of bets that do not count as handle."""
_SETTLED: Final = (
    *("settled", "graded", "resulted", "closed", "cashed out", "won", "win", "lost", "loss"),
    *("push", ""),
)
_CLERICAL: Final = 6
"""Hours of the morning before which no match begins."""
_SOME: Final = 3
"""Matches of a slot from which on they tell that they begin at such an hour all the same."""
_FAR: Final = 1e6
_MANY: Final = 20
"""By how much an amount may be above that in the middle of so many bets."""
_NEARLY: Final = pd.Timedelta(days=60)
_MOST_WEEKS: Final = 60


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
    at: datetime | None = None,
    written: Mapping[str, Written] | None = None,
) -> Clean:
    """Make sense of the rows of a load.

    Args:
        events: Matches.
        users: Users.
        wagers: Bets.
        zone: Time zone of moments that come without one.
        usual: When matches of each slot begin, as far as former loads tell; see `usual_hours`.
        at: When the load began: nobody has bet later. None where that is not known.
        written: How values are written, by table, where columns do not show it.

    Raises:
        ValueboxError: naming the column that is not there, or cannot be read.
    """
    noticed: Counter[str] = Counter()
    matches, people, bets = (
        Columns(rows, table, zone, (written or {}).get(table))
        for table, rows in zip(NAMES, (events, users, wagers), strict=True)
    )
    return Clean(
        _matches(matches, noticed, usual or {}),
        _users(people, noticed),
        _bets(bets, noticed, at),
        Counter({what: count for what, count in noticed.items() if count}),
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
    hour = local.dt.hour + local.dt.minute / 60 + local.dt.second / 3600
    middle = hour.groupby(pd.Series(list(slots), dtype=object)).median()
    return {str(slot): float(one) for slot, one in middle.items()}


def is_clerical(local: pd.Series) -> pd.Series:
    """Whether moments of a clock are none at which a match begins: a clerk has entered them."""
    return local.isna() | (hours(local) < _CLERICAL)


def _once(
    rows: pd.DataFrame, what: str, noticed: Counter[str], lacking: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """Rows with all that they need, each id once: of several the last counts."""
    is_left_out = pd.Series(False, index=rows.index)
    for why, is_so in {"without an id": rows["id"].isna(), **lacking}.items():
        noticed[f"{what} {why}"] += int((is_so & ~is_left_out).sum())
        is_left_out |= is_so
    known = rows[~is_left_out]
    single = known.drop_duplicates("id", keep="last")
    noticed[f"{what} that came twice"] += len(known) - len(single)
    return single.reset_index(drop=True)


def _matches(rows: Columns, noticed: Counter[str], known: Mapping[str, float]) -> pd.DataFrame:
    identity, *teams, (start, other) = NAMES["events"][:4]
    for need in (identity, *teams, (start, other, "game_day")):
        rows.need(*need)
    slot = rows.texts("time_slot", "slot")
    local, day = rows.shown(start, other), rows.shown("game_day")
    clerical = _is_entered_by_clerk(rows.values(start, other), local, slot, known)
    # What a match of the slot usually begins at, where a clerk has left midnight or the moment. A
    # night brings few matches, which say less of it than all that are known.
    usable = hours(local).mask(clerical)
    usual: dict[Any, float] = {**usable.groupby(slot).median().dropna().to_dict(), **known}
    filled = slot.map(usual).astype(float).fillna(usable.median()).fillna(13.0)
    on = day.fillna(local).dt.floor("D")
    guessed = of_clock(on + pd.to_timedelta(filled, unit="h"), rows.zone)
    noticed["matches whose time of beginning is that of their slot"] += int(clerical.sum())
    began = rows.shown("week_start").fillna(on)
    week = pd.to_numeric(rows.values("week_of_season"), errors="coerce")
    week = week.where(week.between(1, _MOST_WEEKS))
    noticed["matches without a week of the season"] += int(week.isna().sum())
    week = week.fillna(0)
    # A season is called after the year in which it begins, or nearly does.
    opening = began - pd.to_timedelta((week - 1) * 7, unit="D") + _NEARLY
    found = pd.DataFrame(
        {
            "id": rows.ids(*identity),
            "season": opening.dt.year.fillna(0).astype(int),
            "week": week.astype(int),
            "home": rows.texts("home_team"),
            "away": rows.texts("away_team"),
            "home_place": rows.texts("home_team_location"),
            "away_place": rows.texts("away_team_location"),
            "slot": slot,
            "kickoff": rows.moments(start, other).mask(clerical, guessed),
        }
    )
    single = _once(found, "matches", noticed, {"without a day": found["kickoff"].isna()})
    # A match may have been entered again, under another id.
    same = ["home", "away", "kickoff"]
    doubled = single.duplicated(same, keep="first")
    noticed["matches that are there under another id"] += int(doubled.sum())
    return single


def _is_entered_by_clerk(
    came: pd.Series, local: pd.Series, slot: pd.Series, known: Mapping[str, float]
) -> pd.Series:
    """Whether matches begin at another time than is told: at midnight, or when somebody typed."""
    spoken, hour = came.astype("string").str.strip(), hours(local)
    has_parts = spoken.str.extract(r":\d\d[.](\d+)")[0].fillna("0").str.strip("0") != ""
    is_day = spoken.str.contains("[-/]") & ~spoken.str.contains(":")
    # On a clock such as that of UTC, all matches of a slot may begin in the small hours.
    told = hour.mask(hour == 0).groupby(slot)
    middle: dict[Any, float] = {**told.median()[told.count() >= _SOME].to_dict(), **known}
    is_nightly = slot.map(middle).astype(float) < _CLERICAL
    no_time = (hour == 0) | is_day.fillna(False).astype(bool) | has_parts.astype(bool)
    return no_time | (is_clerical(local) & ~(is_nightly & local.notna()))


def _users(rows: Columns, noticed: Counter[str]) -> pd.DataFrame:
    identity, (registered,), (place,) = NAMES["users"]
    rows.need(*identity)
    rows.need(registered)
    found = pd.DataFrame(
        {
            "id": rows.ids(*identity),
            "place": rows.texts(place),
            "registered": rows.moments(registered),
        }
    )
    noticed["users without a place"] += int((found["place"] == "").sum())
    lacking = {"without a moment of registration": found["registered"].isna()}
    return _once(found, "users", noticed, lacking)


def _bets(rows: Columns, noticed: Counter[str], at: datetime | None) -> pd.DataFrame:
    identity, match, user, (amount,), (placed,), (state,) = NAMES["wagers"]
    for need in NAMES["wagers"]:
        rows.need(*need)
    status = rows.texts(state).str.lower()
    found = pd.DataFrame(
        {
            "id": rows.ids(*identity),
            "match": rows.ids(*match),
            "user": rows.ids(*user),
            "placed": rows.moments(placed),
            "amount": rows.amounts(amount),
            "status": status,
            "counts": ~status.isin(NOT_COUNTED),
        }
    )
    if at is not None:
        # A bet from a clock that runs ahead would let all matches look as if they were over.
        began = pd.Timestamp(at).tz_convert("UTC").tz_localize(None).floor("s")
        is_late = found["placed"] >= began
        # The hour that begins with the load is none that it knows of.
        found["placed"] = found["placed"].mask(is_late, began - pd.Timedelta(seconds=1))
        noticed["bets placed after the load began, taken as placed by then"] += int(is_late.sum())
    odd = status[~status.isin([*NOT_COUNTED, *OPEN, *_SETTLED])]
    for one, count in odd.value_counts().head(5).items():
        noticed[f"bets that count as handle, whose state is not known: {str(one)[:30]!r}"] += count
    # A mistyped amount would be worth more than all that was ever bet.
    most = found["amount"].median() * _FAR if len(found) >= _MANY else np.inf
    lacking = {
        "whose amount is a million times the usual": found["amount"] > most,
        "without a match": found["match"].isna(),
        "without a moment": found["placed"].isna(),
        "without an amount above 0": ~(found["amount"] > 0),
    }
    return _once(found, "bets", noticed, lacking)
