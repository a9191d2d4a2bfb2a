"""The table of examples/features/offers.toml, written by hand in pandas; see in_duckdb.py."""

import sys

import numpy as np
import pandas as pd

DAY = 86_400_000_000
NAMES = ["id", "customer", "session", "type", "time", "received_at", "won", "country"]
NAMES += ["signin_method", "offer_type", "offer_price", "txn_amount"]
WHO = "customer"


def events(log: str) -> pd.DataFrame:
    """Every event once, in the order of time, with players and sessions as numbers."""
    ev = pd.read_parquet(log, columns=NAMES)
    ev["time"] = ev["time"].astype("int64")
    ev["received"] = ev.pop("received_at").astype("int64")
    twice = ev[ev["id"].duplicated(keep=False)].sort_values("received", kind="stable")
    ev = ev.drop(twice.index[twice["id"].duplicated()])
    ev["spent"] = (ev.pop("txn_amount").astype(float) * 1e6).round().fillna(0)
    ev["start"] = ev["type"] == "game_start"
    ev["win"] = (ev["type"] == "game_end") & ev.pop("won").isin(["1", "true"])
    method = ev.pop("signin_method")
    ev["facebook"] = (
        method.str.contains("facebook", regex=False).astype(object).where(method.notna())
    )
    ev["who"] = pd.factorize(ev[WHO])[0]
    ev["session"] = pd.factorize(ev["session"])[0]
    return ev.sort_values("time", kind="stable")


def before(asked: pd.DataFrame, known: pd.DataFrame, offset: int = 0) -> pd.DataFrame:
    """What is known of each player before a moment around the anchor."""
    keys = pd.DataFrame({"who": asked["who"], "time": asked["time"] + offset})
    found = pd.merge_asof(keys, known, on="time", by="who", allow_exact_matches=False)
    return found.drop(columns=["who", "time"]).set_index(asked.index)


def known_late(waiting: pd.DataFrame, ev: pd.DataFrame) -> pd.DataFrame:
    """Features of anchors before which something was still on its way."""
    asked = waiting[["id", "who", "session", "time", "known"]]
    asked = asked.rename(columns={"id": "anchor", "session": "own", "time": "at"})
    theirs = ev[ev["who"].isin(asked["who"])]
    seen = asked.merge(theirs, on="who")
    seen = seen[(seen["time"] < seen["at"]) & (seen["received"] <= seen["known"])]
    seen = seen.sort_values("time", kind="stable")
    found = seen.groupby("anchor")[["country", "facebook"]].last()
    others = seen[seen["session"] != seen["own"]]
    last = others.groupby("anchor")["session"].last().rename("last")
    games = others.merge(last, on="anchor")
    games = games[games["session"] == games["last"]].groupby("anchor")[["start", "win"]].sum()
    week = seen[seen["time"] >= seen["at"] - 7 * DAY].groupby("anchor")["spent"].sum()
    found = found.join(games).join(week.rename("before"))
    rows = waiting.drop(columns=["country", "facebook", "start", "win", "spent"])
    rows = rows.merge(found, left_on="id", right_index=True, how="left")
    return rows.fillna({"before": 0})


def main(log: str, out: str) -> None:
    """Write the table of a log."""
    ev = events(log)
    ev["reached"] = ev.groupby("who")["received"].cummax()
    rows = ev[ev["type"] == "offer_shown"].copy()
    imported = rows["received"] - rows["time"] > DAY
    rows["known"] = rows[["time", "received"]].min(axis=1).mask(imported, 1 << 62)
    waits = before(rows, ev[["who", "time", "reached"]])["reached"].fillna(0) > rows["known"]
    sums = ev.loc[ev["type"] == "purchase", ["who", "time", "spent"]].copy()
    sums["spent"] = sums.groupby("who")["spent"].cumsum()
    until = before(rows, sums)["spent"].fillna(0)
    rows["after"] = before(rows, sums, 7 * DAY)["spent"].fillna(0) - until
    rows["before"] = until - before(rows, sums, -7 * DAY)["spent"].fillna(0)
    totals = ev.groupby("session", sort=False)[["start", "win"]].sum()
    totals["who"] = ev.groupby("session", sort=False)["who"].first()
    totals[["start", "win"]] = totals.groupby("who")[["start", "win"]].shift()
    launches = ev.loc[ev["type"] == "launch", ["who", "time", "country", "facebook"]]
    sure = rows[~waits].drop(columns=["country", "facebook", "start", "win"])
    sure = sure.join(before(sure, launches)).join(totals[["start", "win"]], on="session")
    late = known_late(rows[waits].drop(columns="before"), ev)
    whole = pd.concat([sure, late]).sort_values([WHO, "time", "id"])
    with np.errstate(invalid="ignore"):
        ratio = (whole["win"] / whole["start"]).where(whole["start"] > 0)
    pd.DataFrame(
        {
            "anchor_id": whole["id"],
            "customer": whole[WHO],
            "time": pd.to_datetime(whole["time"], unit="us", utc=True),
            "country": whole["country"],
            "facebook_connected": whole["facebook"],
            "offer_type": whole["offer_type"],
            "offer_price": whole["offer_price"].astype(float),
            "games_played": whole["start"],
            "win_ratio": ratio,
            "prev_week": whole["before"] / 1e6,
            "next_week": whole["after"] / 1e6,
            "capped": (whole["after"] / 1e6).clip(upper=50),
        }
    ).to_parquet(out, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
