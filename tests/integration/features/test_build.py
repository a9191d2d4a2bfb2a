"""`valuebox features build`: tables of files and of what is stored, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import inspect
from support.commands import valuebox
from support.services import ROOT

from valuebox.compartments.offers.promoting import promote
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import put_events
from valuebox.facts.schemas import Event
from valuebox.store.engine import Store

EXAMPLE = ROOT / "examples" / "features"
DECLARATION, EVENTS = EXAMPLE / "offers.toml", EXAMPLE / "events.jsonl"


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def built(tmp_path: Path, *arguments: object) -> list[dict[str, Any]]:
    to = tmp_path / "rows.jsonl"
    valuebox("features", "build", DECLARATION, "--out", to, *arguments)
    return rows_of(to)


def test_the_table_of_the_guide(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "features.md").read_text()
    columns = ["country", "facebook_connected", "last_session.games_played"]
    columns += ["last_session.win_ratio", "prev_week.purchases_amount"]
    columns += ["next_week.purchases_amount"]
    for row in built(tmp_path, "--events", EVENTS):
        cells = [row["time"][:19].replace("T", " "), *(_cell(row[one]) for one in columns)]
        assert "|" + "|".join(f" {one} " if one else " " for one in cells) + "|" in guide


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else value


def test_files_of_every_kind_give_the_same_table(tmp_path: Path) -> None:
    wanted = built(tmp_path, "--events", EVENTS)
    events = [json.loads(line) for line in EVENTS.read_text().splitlines()]
    flat = pd.DataFrame([{**one, **one["properties"]} for one in events])
    flat = flat.drop(columns="properties")
    array, csv, parquet = (tmp_path / f"events.{kind}" for kind in ("json", "csv", "parquet"))
    array.write_text(json.dumps(events))
    flat.to_csv(csv, index=False)
    flat.assign(time=pd.to_datetime(flat["time"])).to_parquet(parquet)
    for file in (array, csv, parquet):
        assert built(tmp_path, "--events", file) == wanted, file.name


def test_tables_are_written_in_every_kind(tmp_path: Path) -> None:
    for kind in ("csv", "parquet"):
        to = tmp_path / f"rows.{kind}"
        valuebox("features", "build", DECLARATION, "--events", EVENTS, "--out", to)
        table = pd.read_csv(to) if kind == "csv" else pd.read_parquet(to)
        assert table["next_week.purchases_amount"].tolist() == [9.99, 9.99, 0]
        assert table["facebook_connected"].tolist() == [True] * 3


def test_what_is_stored_gives_the_same_table(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    events = [Event.model_validate_json(line) for line in EVENTS.read_text().splitlines()]
    with store.writing() as session:
        put_events(session, ArrivingEvents.of(events))
    assert built(tmp_path, "--database-url", database_url) == built(tmp_path, "--events", EVENTS)


def test_a_moment_leaves_out_what_comes_later(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    rows = built(
        tmp_path, "--events", EVENTS, "--at", "2017-08-15T12:00:00", "--manifest", manifest
    )
    assert [row["next_week.purchases_amount"] for row in rows] == [None, None]
    said = json.loads(manifest.read_text())
    assert (said["anchors"], said["events"]) == (2, 9)
    assert said["missing"]["next_week.purchases_amount"] == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"source": "game", "id": "e", "type": "x"}', "time: is no moment in ISO 8601: row 13"),
        ('{"source": "game", "time": "2017-08-14"}', "type: is missing, or no text: row 13"),
        ("[1]", "line 13 is no JSON object"),
        ('{"source": "game", "type": "x", "time": "2017-08-14", "amount": NaN}', "line 13 is no"),
        (
            '{"source": "g", "type": "x", "time": "2017-08-14", "amount": "much"}',
            "amount: is no number: row 13",
        ),
    ],
)
def test_rows_that_cannot_be_used_are_named(tmp_path: Path, line: str, said: str) -> None:
    file, to = tmp_path / "events.jsonl", tmp_path / "rows.jsonl"
    file.write_text(f"{EVENTS.read_text()}{line}\n")
    command = ("features", "build", DECLARATION, "--events", file, "--out", to)
    assert said in valuebox(*command, exit_code=2)[1]
    assert not to.exists()


def test_events_that_are_sent_twice_count_once(tmp_path: Path) -> None:
    wanted = built(tmp_path, "--events", EVENTS)
    without = tmp_path / "without.jsonl"
    lines = EVENTS.read_text().splitlines()
    events = [
        {name: value for name, value in json.loads(one).items() if name != "id"} for one in lines
    ]
    without.write_text("".join(f"{json.dumps(one)}\n" for one in events))
    assert built(tmp_path, "--events", EVENTS, "--events", EVENTS) == wanted
    made = [{**row, "anchor_id": None} for row in built(tmp_path, "--events", without)]
    assert made == [{**row, "anchor_id": None} for row in wanted]


def test_declarations_are_added_switched_and_removed(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    where = ("--database-url", database_url)
    second = tmp_path / "second.toml"
    second.write_text(DECLARATION.read_text().replace("version = 1", "version = 2"))
    changed = tmp_path / "changed.toml"
    changed.write_text(DECLARATION.read_text().replace("days = -7", "days = -8"))
    assert not finds_newest(store)
    assert "added" in valuebox("features", "add", DECLARATION, *where)[0]
    assert finds_newest(store)
    assert "there already" in valuebox("features", "add", DECLARATION, *where)[0]
    assert "version of its own" in valuebox("features", "add", changed, *where, exit_code=2)[1]
    valuebox("features", "add", second, "--beside", *where)
    assert [line.endswith("yes") for line in listed(where)] == [True, False]
    valuebox("features", "switch", "offers", 2, *where)
    assert [line.endswith("yes") for line in listed(where)] == [False, True]
    still = valuebox("features", "remove", "offers", 2, *where, exit_code=2)[1]
    assert "version 2 of offers answers" in still
    assert finds_newest(store)
    valuebox("features", "remove", "offers", *where)
    assert listed(where) == []
    assert not finds_newest(store)
    assert "no declaration" in valuebox("features", "remove", "offers", *where, exit_code=2)[1]


def test_the_index_stays_while_a_compartment_reads_the_newest_events(
    store: Store, database_url: str
) -> None:
    where = ("--database-url", database_url)
    with store.writing() as session:
        promote(session, "offers:tried", "it was the first one")
    for _ in range(2):
        valuebox("features", "add", DECLARATION, *where)
        valuebox("features", "remove", "offers", *where)
        assert finds_newest(store)


def finds_newest(store: Store) -> bool:
    """Whether the index of the events of a customer, of which there is one, has their time."""
    found = [one["column_names"] for one in inspect(store.engine).get_indexes("events")]
    (columns,) = (one for one in found if one[:2] == ["customer", "source"])
    return columns[2:3] == ["time"]


def listed(where: tuple[str, ...]) -> list[str]:
    lines = valuebox("features", "list", *where)[0].splitlines()
    return [line.rstrip() for line in lines if line.startswith("offers")]


def test_events_are_not_written_over(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(EVENTS.read_bytes())
    said = valuebox(
        "features", "build", DECLARATION, "--events", events, "--out", events, exit_code=2
    )[1]
    assert "is the input" in said
    assert events.read_bytes() == EVENTS.read_bytes()


def test_nothing_that_is_read_or_written_is_written_over(tmp_path: Path) -> None:
    events, to = tmp_path / "events.jsonl", tmp_path / "rows.jsonl"
    events.write_text(EVENTS.read_text())
    command = ("features", "build", DECLARATION, "--events", events)
    valuebox(*command, "--out", events, exit_code=2)
    valuebox(*command, "--out", to, "--manifest", events, exit_code=2)
    valuebox(*command, "--out", to, "--manifest", to, exit_code=2)
    assert events.read_text() == EVENTS.read_text()
