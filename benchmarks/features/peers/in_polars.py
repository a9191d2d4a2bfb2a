"""The table of examples/features/offers.toml, written by hand in Polars; see in_duckdb.py."""

import sys

import polars as pl

DAY = 86_400_000_000
NAMES = ["id", "customer", "session", "type", "time", "received_at", "won", "country"]
NAMES += ["signin_method", "offer_type", "offer_price", "txn_amount"]
START = pl.col("type") == "game_start"
WIN = (pl.col("type") == "game_end") & pl.col("won").is_in(["1", "true"])
WHO = "customer"


def events(log: str) -> pl.DataFrame:
    """Every event once, in the order of player and time."""
    raw = (
        pl.scan_parquet(log)
        .select(NAMES)
        .with_columns(
            pl.col("time").dt.epoch("us"),
            pl.col("received_at").dt.epoch("us").alias("received"),
            (pl.col("txn_amount").cast(pl.Float64) * 1e6).round().cast(pl.Int64).alias("spent"),
            START.alias("start"),
            WIN.fill_null(False).alias("win"),
            pl.col("signin_method").str.contains("facebook", literal=True).alias("facebook"),
        )
        .with_row_index("row")
        .drop("received_at", "won", "signin_method", "txn_amount")
        .collect()
    )
    twice = raw.filter(pl.col("id").is_duplicated()).sort("received", "row")
    lost = twice.filter(~pl.col("row").is_in(twice.unique("id", keep="first")["row"].implode()))
    return raw.join(lost.select("row"), on="row", how="anti").sort(WHO, "time")


def spent_before(anchors: pl.DataFrame, sums: pl.DataFrame, offset: int) -> pl.Series:
    """What each player had spent before a moment around the anchor."""
    asked = anchors.select(WHO, (pl.col("time") + offset - 1).alias("time"))
    return asked.join_asof(sums, on="time", by=WHO, check_sortedness=False)["total"].fill_null(0)


def known_late(waiting: pl.DataFrame, ev: pl.DataFrame) -> pl.DataFrame:
    """Features of anchors before which something was still on its way."""
    seen = (
        waiting.lazy()
        .select(pl.col("id").alias("anchor"), WHO, pl.col("session").alias("own"),
                pl.col("time").alias("at"), "known")
        .join(ev.lazy(), on=WHO)
        .filter((pl.col("time") < pl.col("at")) & (pl.col("received") <= pl.col("known")))
        .sort("time", maintain_order=True)
        .collect()
    )  # fmt: skip
    of = seen.group_by("anchor").agg(
        pl.col("country").drop_nulls().last(),
        pl.col("facebook").drop_nulls().last(),
        pl.col("session").filter(pl.col("session") != pl.col("own")).last().alias("last"),
        pl.col("spent").filter(pl.col("time") >= pl.col("at") - 7 * DAY).sum().alias("before"),
    )
    games = (
        seen.join(of.select("anchor", "last"), on="anchor")
        .filter(pl.col("session") == pl.col("last"))
        .group_by("anchor")
        .agg(pl.col("start").sum().alias("played"), pl.col("win").sum().alias("wins"))
    )
    found = of.drop("last").join(games, on="anchor", how="left")
    return (
        waiting.drop("country", "facebook")
        .join(found, left_on="id", right_on="anchor", how="left")
        .with_columns(pl.col("before").fill_null(0))
    )


def known_at_once(sure: pl.DataFrame, ev: pl.DataFrame, sums: pl.DataFrame) -> pl.DataFrame:
    """Features of all other anchors."""
    sessions = (
        ev.group_by(WHO, "session", maintain_order=True)
        .agg(pl.col("start").sum().alias("played"), pl.col("win").sum().alias("wins"))
        .with_columns(pl.col("played", "wins").shift(1).over(WHO))
        .drop(WHO)
    )
    launches = ev.filter(pl.col("type") == "launch").select(WHO, "time", "country", "facebook")
    found = (
        sure.drop("country", "facebook")
        .join(sessions, on="session", how="left", maintain_order="left")
        .with_columns((pl.col("time") - 1).alias("until"))
        .join_asof(launches, left_on="until", right_on="time", by=WHO, check_sortedness=False,
                   coalesce=False, suffix="_launch")
        .drop("until", "time_launch")
    )  # fmt: skip
    before = spent_before(sure, sums, 0) - spent_before(sure, sums, -7 * DAY)
    return found.with_columns(before.alias("before"))


def main(log: str, out: str) -> None:
    """Write the table of a log."""
    ev = events(log)
    ev = ev.with_columns(pl.col("received").cum_max().over(WHO).alias("reached"))
    imported = pl.col("received") - pl.col("time") > DAY
    known = pl.when(imported).then(1 << 62).otherwise(pl.min_horizontal("time", "received"))
    anchors = ev.filter(pl.col("type") == "offer_shown").with_columns(known.alias("known"))
    reached = ev.select(WHO, "time", pl.col("reached").alias("by"))
    asked = anchors.select(WHO, (pl.col("time") - 1).alias("time"))
    by = asked.join_asof(reached, on="time", by=WHO, check_sortedness=False)["by"].fill_null(0)
    waits = by > anchors["known"]
    sums = (
        ev.filter(pl.col("type") == "purchase")
        .select(WHO, "time", pl.col("spent").cum_sum().over(WHO).alias("total"))
    )  # fmt: skip
    after = spent_before(anchors, sums, 7 * DAY) - spent_before(anchors, sums, 0)
    anchors = anchors.with_columns(after.alias("after"))
    rows = [
        known_at_once(anchors.filter(~waits), ev, sums),
        known_late(anchors.filter(waits), ev),
    ]
    pl.concat(rows, how="diagonal").sort(WHO, "time", "id").select(
        pl.col("id").alias("anchor_id"), WHO, pl.from_epoch("time", "us"), "country",
        pl.col("facebook").alias("facebook_connected"), "offer_type",
        pl.col("offer_price").cast(pl.Float64), pl.col("played").alias("games_played"),
        pl.when(pl.col("played") > 0).then(pl.col("wins") / pl.col("played")).alias("win_ratio"),
        (pl.col("before") / 1e6).alias("prev_week"), (pl.col("after") / 1e6).alias("next_week"),
        pl.min_horizontal(pl.col("after") / 1e6, pl.lit(50.0)).alias("capped"),
    ).write_parquet(out)  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
