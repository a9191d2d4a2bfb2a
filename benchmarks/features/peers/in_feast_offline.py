"""Feast's join of ready-made values as of each offer, out of its default offline store.

    in_feast_offline.py prepare LOG FOLDER
    in_feast_offline.py join FOLDER OUT

Feast works no feature out: `prepare` writes what somebody has to have made before, the country of
each launch and the running sum of each purchase. The join goes by when things happened.
"""

import sys
from datetime import timedelta
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64, String

_COLUMNS = ["customer", "type", "time", "country", "txn_amount"]
_KNOWN = {"launches": ("country", String), "purchases": ("spent", Float64)}


def prepare(log: str, folder: Path) -> None:
    """Write ready-made values, and the moments that they are asked for."""
    ev = pd.read_parquet(log, columns=_COLUMNS).rename(columns={"time": "event_timestamp"})
    ev = ev.sort_values("event_timestamp", kind="stable")
    launches = ev.loc[ev["type"] == "launch", ["customer", "event_timestamp", "country"]]
    bought = ev[ev["type"] == "purchase"].copy()
    bought["spent"] = bought["txn_amount"].astype(float)
    bought["spent"] = bought.groupby("customer")["spent"].cumsum()
    launches.to_parquet(folder / "launches.parquet")
    bought[["customer", "event_timestamp", "spent"]].to_parquet(folder / "purchases.parquet")
    asked = ev.loc[ev["type"] == "offer_shown", ["customer", "event_timestamp"]]
    asked.to_parquet(folder / "asked.parquet")


def join(folder: Path, out: str) -> None:
    """Write the values as of each moment."""
    config = RepoConfig(
        project="valuebox",
        provider="local",
        registry=str(folder / "registry.db"),
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    customer = Entity(name="customer", join_keys=["customer"], value_type=ValueType.STRING)
    views = [
        FeatureView(
            name=name,
            entities=[customer],
            ttl=timedelta(days=90),
            schema=[Field(name=column, dtype=kind)],
            source=FileSource(
                name=name, path=str(folder / f"{name}.parquet"), timestamp_field="event_timestamp"
            ),
        )
        for name, (column, kind) in _KNOWN.items()
    ]
    store.apply([customer, *views])
    asked = pd.read_parquet(folder / "asked.parquet")
    found = store.get_historical_features(
        asked, [f"{name}:{column}" for name, (column, _) in _KNOWN.items()]
    ).to_df()
    found.to_parquet(out, index=False)


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2], Path(sys.argv[3]))
    else:
        join(Path(sys.argv[2]), sys.argv[3])
