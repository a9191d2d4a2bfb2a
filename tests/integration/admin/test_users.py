"""`valuebox users`, straight on both databases."""

import json
from pathlib import Path

import pytest
from support.commands import only_line, valuebox
from support.databases import PASSWORD, count_rows
from support.users import add_predictions, estimates, received, users

from valuebox.compartments.ltv import repository
from valuebox.store.engine import Store
from valuebox.store.ids import new_id


def url(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def filled(store: Store) -> Store:
    """Five users, number 3 twice, and the outcomes of all but number 5."""
    with store.writing() as session:
        for ids in ((1, 2, 3, 4, 5), (3,)):
            sent = [one for one in users(5, missing=0.3) if one["user_id"] in ids]
            values = estimates(*(float(one["user_id"]) for one in sent))
            add_predictions(session, new_id(), received(sent), values, "ltv:a")
        repository.put_outcomes(session, {1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0})
    return store


def exported(store: Store, *user_ids: int) -> list[dict[str, object]]:
    output, said = valuebox("users", "export", *user_ids, "--database-url", url(store))
    assert said == ""
    return [json.loads(line) for line in output.splitlines()]


def test_everything_of_a_user_is_exported_and_nothing_of_others(filled: Store) -> None:
    records = exported(filled, 3, 5, 3)
    assert [record["table"] for record in records] == [
        *["ltv_features"] * 3,
        *["ltv_predictions"] * 3,
        "ltv_outcomes",
    ]
    assert sorted(r["user_id"] for r in records if "user_id" in r) == [3, 3, 3, 5]
    assert sorted(r["prediction"] for r in records if "prediction" in r) == [3.0, 3.0, 5.0]
    assert {"stv", "join_date", "country_segment", "extra"} < records[0].keys()
    assert exported(filled, 99) == []


def test_a_forgotten_user_is_gone_and_others_stay(filled: Store) -> None:
    others = exported(filled, 1, 2, 4, 5)
    output, _ = valuebox("users", "forget", 3, 99, "--yes", "--database-url", url(filled))
    assert only_line(output) == "deleted: 2 features, 2 predictions, 1 outcomes"
    assert exported(filled, 3) == []
    assert exported(filled, 1, 2, 4, 5) == others
    assert count_rows(filled) == {"ltv_features": 4, "ltv_predictions": 4, "ltv_outcomes": 3}
    output, _ = valuebox("users", "forget", 3, "--yes", "--database-url", url(filled))
    assert only_line(output) == "deleted: 0 features, 0 predictions, 0 outcomes"


def test_nothing_is_deleted_unasked(filled: Store) -> None:
    before = count_rows(filled)
    valuebox("users", "forget", 3, "--database-url", url(filled), exit_code=1)
    assert count_rows(filled) == before


def test_many_users_are_forgotten_at_once(store: Store) -> None:
    sent = users(12_000)
    with store.writing() as session:
        values = estimates(*[0.0] * len(sent))
        add_predictions(session, new_id(), received(sent), values, "ltv:a")
    valuebox("users", "forget", *range(11_000), "--yes", "--database-url", url(store))
    assert count_rows(store)["ltv_features"] == count_rows(store)["ltv_predictions"] == 1_001


def test_a_database_without_tables_is_one_line(database_url: str) -> None:
    _, said = valuebox("users", "export", 1, "--database-url", database_url, exit_code=2)
    assert "valuebox db upgrade" in only_line(said)


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    away = f"postgresql://me:{PASSWORD}@127.0.0.1:1/db"
    _, said = valuebox("users", "forget", 1, "--yes", "--database-url", away, exit_code=2)
    assert "does not answer" in only_line(said)
    assert PASSWORD not in said
