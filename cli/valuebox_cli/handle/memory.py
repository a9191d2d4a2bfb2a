"""Loads of a warehouse in memory, for replays of a history without a database."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from valuebox.compartments.handle.book import NEVER, Bets, Book, Matches, Moments, Users, keys
from valuebox_cli.handle.cleaning import Clean, usual_hours

_CHANGING = {
    "matches": ("season", "week", "home", "away", "home_place", "away_place", "slot", "kickoff"),
    "users": ("place", "registered"),
    "bets": ("match", "placed", "amount", "counts"),
}


class Loads:
    """All rows that were ever loaded, each with when it was loaded and replaced."""

    def __init__(self) -> None:
        self._rows: dict[str, pd.DataFrame] = {}

    def add(self, load: Clean, at: np.datetime64) -> None:
        """Add the rows of a load: what is new, and what has changed."""
        for name, columns in _CHANGING.items():
            rows: pd.DataFrame = getattr(load, name)
            new = rows[["id", *columns]].assign(loaded_at=at, replaced_at=NEVER)
            there = self._rows.get(name)
            self._rows[name] = new if there is None else _upserted(there, new, columns, at)

    def usual(self, zone: ZoneInfo) -> dict[str, float]:
        """When matches of each slot begin, as far as is known; see `usual_hours`."""
        if "matches" not in self._rows:
            return {}
        rows = self._rows["matches"]
        rows = rows[rows["replaced_at"] == NEVER]
        return usual_hours(rows["slot"].tolist(), rows["kickoff"], zone)

    def book(self) -> Book:
        """All of it, by column."""
        matches, users, bets = (self._rows[name] for name in _CHANGING)
        return Book(_matches(matches), _users(users), _bets(bets))


def _upserted(
    there: pd.DataFrame, new: pd.DataFrame, columns: tuple[str, ...], at: np.datetime64
) -> pd.DataFrame:
    current = there["replaced_at"] == NEVER
    known = there[current].reset_index(names="row").merge(new, on="id", suffixes=("", "_new"))
    differs = np.zeros(len(known), dtype=bool)
    for name in columns:
        differs |= (known[name] != known[f"{name}_new"]).to_numpy()
    there = there.copy()
    there.loc[known["row"][differs].to_numpy(), "replaced_at"] = at
    unchanged = set(known["id"][~differs])
    added = new[~new["id"].isin(unchanged)]
    return pd.concat([there, added], ignore_index=True)


def _times(rows: pd.DataFrame) -> tuple[Moments, Moments]:
    loaded_at, replaced_at = (
        rows[one].to_numpy(dtype="datetime64[s]") for one in ("loaded_at", "replaced_at")
    )
    return loaded_at, replaced_at


def _matches(rows: pd.DataFrame) -> Matches:
    loaded_at, replaced_at = _times(rows)
    names = ("id", "home", "away", "home_place", "away_place", "slot")
    return Matches(
        loaded_at=loaded_at,
        replaced_at=replaced_at,
        season=rows["season"].to_numpy(dtype=np.int64),
        week=rows["week"].to_numpy(dtype=np.int64),
        kickoff=rows["kickoff"].to_numpy(dtype="datetime64[s]"),
        **{one: rows[one].to_numpy(dtype=object) for one in names},
    )


def _users(rows: pd.DataFrame) -> Users:
    hour = rows["registered"].dt.floor("h")
    by = ["loaded_at", "replaced_at", "place", "registered"]
    counted = rows.assign(registered=hour).groupby(by, sort=True).size().reset_index(name="n")
    return Users(
        *_times(counted),
        keys(counted["place"]),
        counted["registered"].to_numpy(dtype="datetime64[s]"),
        counted["n"].to_numpy(dtype=np.float64),
    )


def _bets(rows: pd.DataFrame) -> Bets:
    counts = rows["counts"].to_numpy(dtype=bool)
    amount = rows["amount"].to_numpy(dtype=np.float64)
    own = np.where(counts, amount, 0.0)
    by = ["loaded_at", "replaced_at", "match", "placed"]
    found = (
        pd.DataFrame(
            {
                **{one: rows[one] for one in by},
                "placed": rows["placed"].dt.floor("h"),
                "amount": own,
                "gross": amount,
                "count": counts.astype(float),
                "squares": own**2,
            }
        )
        .groupby(by, sort=True)
        .sum()
        .reset_index()
    )
    return Bets(
        *_times(found),
        keys(found["match"]),
        found["placed"].to_numpy(dtype="datetime64[s]"),
        *(found[one].to_numpy(dtype=np.float64) for one in ("amount", "gross", "count", "squares")),
    )
