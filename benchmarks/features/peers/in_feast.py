"""Feast's read of ready-made values: three of a customer, out of its online store.

Its offline store is not asked: values go straight into the online store.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64, String

NAMES = ("country", "games_played", "purchases_amount")


def main(folder: Path) -> None:
    """Fill the store, say so, and read whomever a line names."""
    customers = json.loads((folder / "customers.json").read_text())
    config = RepoConfig(
        project="valuebox",
        provider="local",
        registry=str(folder / "registry.db"),
        online_store=json.loads((folder / "online.json").read_text()),
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    values = pd.DataFrame(
        {
            "customer": customers,
            "country": "DE",
            "games_played": 3.0,
            "purchases_amount": 9.99,
            "event_timestamp": datetime.now(UTC),
        }
    )
    file = folder / "values.parquet"
    values.to_parquet(file)
    customer = Entity(name="customer", join_keys=["customer"], value_type=ValueType.STRING)
    kinds = (String, Float64, Float64)
    view = FeatureView(
        name="player",
        entities=[customer],
        ttl=timedelta(days=365),
        schema=[Field(name=one, dtype=kind) for one, kind in zip(NAMES, kinds, strict=True)],
        source=FileSource(path=str(file), timestamp_field="event_timestamp"),
    )
    store.apply([customer, view])
    store.write_to_online_store("player", values)
    asked = [f"player:{name}" for name in NAMES]
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        found = store.get_online_features(features=asked, entity_rows=[{"customer": line.strip()}])
        answer = found.to_dict()
        took = time.perf_counter() - began
        if answer["country"] != ["DE"]:
            raise AssertionError(answer)
        print(1e3 * took, flush=True)


main(Path(sys.argv[1]))
