"""Cleaned rows of a warehouse on their way into the database."""

from datetime import datetime

import numpy as np
import pandas as pd

from valuebox.compartments.handle.loading import Load, Loaded, store_load
from valuebox.compartments.handle.tables import MAX_ID, MAX_NAME, HandleBet, HandleMatch, HandleUser
from valuebox.store.engine import Store
from valuebox.store.writing import Rows
from valuebox_cli.handle.cleaning import Clean


def store_clean(store: Store, load: Clean, at: datetime) -> Loaded:
    """Store the rows of a load, all of them or none.

    Args:
        store: Where to.
        load: The rows.
        at: When the load began.
    """
    with store.writing() as session:
        return store_load(session, as_load(load), at)


def as_load(load: Clean) -> Load:
    """The rows by column, as tables have them."""
    matches, users, bets = load.matches, load.users, load.bets
    names = ("home", "away", "home_place", "away_place", "slot")
    return Load(
        Rows(
            HandleMatch,
            len(matches),
            {
                **{"id": _cut(matches["id"], MAX_ID)},
                **{one: matches[one].to_numpy(dtype=np.float64) for one in ("season", "week")},
                **{one: _cut(matches[one], MAX_NAME) for one in names},
                "kickoff": _moments(matches["kickoff"]),
            },
        ),
        Rows(
            HandleUser,
            len(users),
            {
                "id": _cut(users["id"], MAX_ID),
                "place": _cut(users["place"], MAX_NAME),
                "registered_at": _moments(users["registered"]),
                "registered_hour": _hours(users["registered"]),
            },
        ),
        Rows(
            HandleBet,
            len(bets),
            {
                "id": _cut(bets["id"], MAX_ID),
                "match_id": _cut(bets["match"], MAX_ID),
                "user_id": _cut(bets["user"].fillna(""), MAX_ID),
                "placed_at": _moments(bets["placed"]),
                "placed_hour": _hours(bets["placed"]),
                "amount": bets["amount"].to_numpy(dtype=np.float64),
                "state": _cut(bets["status"], 30),
                "counts": bets["counts"].tolist(),
            },
        ),
        dict(load.noticed),
    )


def _cut(values: pd.Series, length: int) -> list[str]:
    # PostgreSQL has no text with NUL.
    return [str(one).replace("\0", "")[:length] for one in values.tolist()]


def _moments(values: pd.Series) -> np.ndarray:
    return values.to_numpy(dtype="datetime64[us]")


def _hours(values: pd.Series) -> np.ndarray:
    hours = values.to_numpy(dtype="datetime64[s]").astype("datetime64[h]")
    return hours.astype(np.int64).astype(np.float64)
