"""What a manifest says of a table's features, and that answers are compared with it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.commands import valuebox

from valuebox.facts.features.tables import FeatureDeclaration
from valuebox.features.bins import CategoryBins, NumberBins
from valuebox.features.declared.building import Manifest
from valuebox.features.declared.table_bins import TableBins, counts_of
from valuebox.store.engine import Store
from valuebox_cli.features import sampling

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = """
name = "shown"
[anchor]
type = "shown"
[attribute.country]
last = "country"
[attribute.level]
last = "level"
[attribute.never]
last = "never"
[field.games]
count = true
when = 'type == "game"'
[window.week]
days = -7
"""


def log(count: int) -> list[dict[str, Any]]:
    """Players who played 0 to 9 games; of each tenth the country is not known."""
    found = []
    for player in range(count):
        who = {"source": "game", "customer": f"p{player:05}"}
        properties = {"level": f"{player % 3}"}
        if player % 10:
            properties["country"] = "DE" if player % 2 else f"rare {player}"
        times = [BEGIN + timedelta(minutes=minute) for minute in range(player % 10 + 1)]
        types = ["game"] * (player % 10) + ["shown"]
        for place, (time, type_) in enumerate(zip(times, types, strict=True)):
            found.append(
                {**who, "id": f"{player}-{place}", "type": type_, "time": time.isoformat()}
                | ({"properties": properties} if place == 0 else {})
            )
    return found


def built(tmp_path: Path, count: int, *arguments: object) -> Manifest:
    declaration, events = tmp_path / "shown.toml", tmp_path / "events.jsonl"
    declaration.write_text(TEXT)
    events.write_text("".join(f"{json.dumps(one)}\n" for one in log(count)))
    to, manifest = tmp_path / "rows.parquet", tmp_path / "manifest.json"
    command = ("features", "build", declaration, "--events", events, "--out", to)
    valuebox(*command, "--manifest", manifest, *arguments)
    return Manifest.model_validate_json(manifest.read_bytes())


def test_every_row_of_a_small_table_is_counted(tmp_path: Path) -> None:
    bins = built(tmp_path, 400).bins
    assert bins is not None
    assert bins.rows == 400
    games = bins.features["week.games"]
    assert isinstance(games, NumberBins)
    assert games.users == [40] * 10 + [0]
    country = bins.features["country"]
    assert isinstance(country, CategoryBins)
    # Nobody is named who is alone with a value.
    assert country.values == ["DE"]
    assert country.users[country.unseen or 0] == 160
    level = bins.features["level"]
    # The anchor of whoever played nothing holds the properties itself: nothing was before.
    assert isinstance(level, CategoryBins)
    assert sorted(level.values) == ["0", "1", "2"]
    assert level.users[level.missing] == 40
    assert bins.features["never"].users[-1] == 400


def test_rows_of_a_large_table_are_counted_all_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "SAMPLED", 150)
    whole = built(tmp_path, 400).bins
    assert whole is not None
    # Each third.
    assert whole.rows == 134
    assert counts_of(whole.features["week.games"], [0, 9.0, None, "3"])[-1] == 1
    assert built(tmp_path, 400, "--buckets", "7").bins == whole


def test_values_of_another_kind_have_a_bin() -> None:
    numbers = NumberBins(edges=[2.5], names=["0 to 2", "3 to 9", "missing"], users=[1, 1, 1])
    assert counts_of(numbers, [1, 7.5, "8", "many", 10**400, None]) == [1, 2, 3]
    texts = CategoryBins(values=["1"], rarer=[], users=[1, 0, 0, 0])
    assert counts_of(texts, [1, 1.0, "1", True, "2", None]) == [3, 0, 2, 1]


def test_answers_are_compared_with_the_table_of_the_same_declaration(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    where = ("--database-url", database_url)
    made = built(tmp_path, 400)
    manifest, declaration = tmp_path / "manifest.json", tmp_path / "shown.toml"
    add = ("features", "add", declaration)
    valuebox(*add, *where)
    assert "is there already" in valuebox(*add, "--manifest", manifest, *where)[0]
    with store.reading() as session:
        row = session.get_one(FeatureDeclaration, ("shown", 1))
        assert TableBins.model_validate(row.bins) == made.bins
    # Added without, as by somebody who switches, what is known of the table stays.
    valuebox(*add, *where)
    with store.reading() as session:
        assert session.get_one(FeatureDeclaration, ("shown", 1)).bins is not None
    said = json.loads(manifest.read_text())
    for wrong, why in (
        (said | {"hash": "0" * 16}, "not of shown, version 1"),
        (said | {"bins": None}, "build the table again"),
        ({"events": 4}, "is no manifest"),
    ):
        manifest.write_text(json.dumps(wrong))
        assert why in valuebox(*add, "--manifest", manifest, *where, exit_code=2)[1]
    manifest.unlink()
    valuebox(*add, "--manifest", manifest, *where, exit_code=2)
