"""`valuebox monitor` on answers with declared features, beside the table of a model."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from support.commands import valuebox

from valuebox.compartments.features.tables import FeatureMonitorResult
from valuebox.facts.features.history import Looked
from valuebox.facts.features.keeping import kept
from valuebox.facts.features.stored import Asked
from valuebox.facts.features.tables import FeatureAnswer
from valuebox.features.declared.reading import declaration_of
from valuebox.predictions.monitoring.gauges import MonitorGauges
from valuebox.predictions.monitoring.keeping import latest
from valuebox.predictions.monitoring.results import MonitorResult
from valuebox.store.engine import Store
from valuebox.store.ids import ids_from, new_id
from valuebox.store.writing import write

AT = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = """
name = "shown"
[anchor]
type = "shown"
[attribute.country]
last = "country"
[field.games]
count = true
when = 'type == "game"'
[window.week]
days = -7
"""
DECLARED = declaration_of(TEXT, "shown")
Answers = Sequence[dict[str, Any]]


@pytest.fixture
def with_table(database_url: str, tmp_path: Path) -> Path:
    """The file of a declaration that was added with the manifest of its table."""
    declaration, events = tmp_path / "shown.toml", tmp_path / "events.jsonl"
    declaration.write_text(TEXT)
    lines = []
    for player, answer in enumerate(players(600, seed=1)):
        who = {"source": "game", "customer": f"p{player}", "time": AT.isoformat()}
        country = {} if answer["country"] is None else {"country": answer["country"]}
        lines += [
            {**who, "id": f"{player}-{place}", "type": "game", "properties": country}
            for place in range(answer["week.games"])
        ]
        later = {"time": (AT + timedelta(hours=1)).isoformat(), "properties": country}
        lines.append({**who, "id": f"{player}-shown", "type": "shown"} | later)
    events.write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    manifest = tmp_path / "manifest.json"
    out = ("--out", tmp_path / "rows.parquet", "--manifest", manifest)
    valuebox("features", "build", declaration, "--events", events, *out)
    to = ("--database-url", database_url)
    valuebox("features", "add", declaration, "--manifest", manifest, *to)
    return declaration


def players(count: int, seed: int, countries: Sequence[str] = ("DE", "FR")) -> Answers:
    """Features of players, of a tenth of whom the country is not known."""
    drawn = random.Random(seed)
    return [
        {
            "country": None if drawn.random() < 0.1 else drawn.choice(countries),
            "week.games": drawn.randrange(1, 10),
        }
        for _ in range(count)
    ]


def answered(store: Store, answers: Answers, customers: int | None = None) -> None:
    """Answers that were given just now, each about another customer, or a few times about each."""
    of = customers or len(answers)
    asked = [Asked("game", f"{place % of}", None, None) for place in range(len(answers))]
    ids = ids_from(new_id(), len(answers))
    looked = [Looked(1, None)] * len(answers)
    with store.writing() as session:
        write(session, [kept(DECLARED, asked, answers, looked, AT, ids)])


def monitored(database_url: str, exit_code: int = 0, *more: object) -> str:
    command = ("monitor", "--compartment", "features", "--database-url", database_url)
    return valuebox(*command, *more, exit_code=exit_code)[0]


def test_answers_like_the_table_are_calm(
    store: Store, database_url: str, with_table: Path, tmp_path: Path
) -> None:
    answered(store, players(900, seed=2))
    report = tmp_path / "found.json"
    output = monitored(database_url, 0, "--report", report)
    assert "nothing is beyond its threshold" in output
    assert "matured" not in output
    found = MonitorResult.model_validate_json(report.read_text())
    assert found.drift is not None
    assert (found.drift.model, found.drift.rows, found.drift.people) == ("shown:1", 900, 900)
    assert {one.feature for one in found.drift.features} == {"shown.country", "shown.week.games"}
    country = next(one for one in found.drift.features if one.feature == "shown.country")
    assert (country.missing, country.missing_expected) == pytest.approx((0.1, 0.1), abs=0.05)


def test_what_moved_is_found_stored_and_told_prometheus(
    store: Store, database_url: str, with_table: Path
) -> None:
    answered(store, players(900, seed=2, countries=("DE", "US", "JP")))
    output = monitored(database_url, 1)
    assert "beyond its threshold: PSI of shown.country" in output
    assert "beyond its threshold: unseen values of shown.country" in output
    assert "week.games 0." not in "".join(
        line for line in output.splitlines() if line.startswith("beyond")
    )
    with store.reading() as session:
        found = latest(session, FeatureMonitorResult)
        assert session.scalars(select(FeatureMonitorResult.crossed)).all() == [True]
    assert found is not None
    gauges = MonitorGauges()
    gauges.show({"features": found})
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in gauges.collect()
        for sample in family.samples
    }
    assert told["valuebox_drift_psi", "features", "shown.country"] > 0.25
    assert told["valuebox_monitor_crossed", "features", "psi"] == 1
    assert not any(name == "valuebox_label_lag_seconds" for name, *_ in told)


def test_features_that_went_missing_are_found(
    store: Store, database_url: str, with_table: Path
) -> None:
    gone = [{**one, "country": None} if place % 2 else one
            for place, one in enumerate(players(900, seed=2))]  # fmt: skip
    answered(store, gone)
    found = "beyond its threshold: values of shown.country missing beyond training"
    assert found in monitored(database_url, 1)


def test_few_customers_who_ask_often_leave_much_to_chance(
    store: Store, database_url: str, with_table: Path
) -> None:
    answered(store, players(12, seed=5) * 100, customers=12)
    assert "1,200 rows of 12 customers are too few" in monitored(database_url, 3)


def test_without_a_table_drift_is_unknown(store: Store, database_url: str, tmp_path: Path) -> None:
    assert "no features were answered yet" in monitored(database_url, 3)
    declaration = tmp_path / "shown.toml"
    declaration.write_text(TEXT)
    valuebox("features", "add", declaration, "--database-url", database_url)
    answered(store, players(300, seed=2))
    assert "nothing is known of the table" in monitored(database_url, 3)


@pytest.mark.sqlite_alone
def test_the_days_and_the_declaration_are_chosen(
    store: Store, database_url: str, with_table: Path
) -> None:
    answered(store, players(300, seed=2))
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
    refused = ("monitor", "--compartment", "features", "--database-url", database_url)
    _, error = valuebox(*refused, "--since", tomorrow, exit_code=2)
    assert f"no features were answered since {tomorrow}" in error
    _, error = valuebox(*refused, "--model", "others", exit_code=2)
    assert "no features of others were answered" in error
    assert "shown:1" in monitored(database_url, 0, "--model", "shown")
    assert "shown:1" in monitored(database_url, 0, "--model", "shown:1")
    # A declaration of that name that means something else has no table.
    with store.writing() as session:
        session.execute(update(FeatureAnswer).values(hash="0" * 16))
    assert "nothing is known of the table" in monitored(database_url, 3)
