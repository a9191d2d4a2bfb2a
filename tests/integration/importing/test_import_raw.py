"""Raw events of files and of requests, in both databases: equal rows with equal ids."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from support.commands import valuebox
from support.facts import stored_events
from support.imports import imported
from support.raw import GAME, OFFER, raw_event

from valuebox.facts import repository
from valuebox.facts.raw.asking import RawReaders
from valuebox.facts.raw.listing import raw_mappings
from valuebox.facts.raw.schemas import RawEvents
from valuebox.facts.schemas import EventsStored
from valuebox.store.engine import Store

BY_NAME = Path("game")
EVENTS = [*GAME, *(raw_event(sku=f"sku-{n}", level=n) for n in range(200)), raw_event(sku=["a"])]


def sent(store: Store, events: list[dict[str, Any]]) -> EventsStored:
    """Store events as the endpoint does."""
    upload = RawEvents.read(json.dumps({"mapping": "game", "events": events}).encode())
    columns = RawReaders(raw_mappings("")).events(upload.columns)  # type: ignore[attr-defined]
    with store.writing() as session:
        return repository.put_events(session, columns)


def lines(path: Path, *rows: object) -> Path:
    text = "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in rows)
    path.write_text(text)
    return path


def array(path: Path, *rows: object) -> Path:
    path.write_text("\ufeff\n" + json.dumps(rows, indent=1))
    return path


def packed(path: Path, *rows: object) -> Path:
    path.write_bytes(gzip.compress(lines(path, *rows).read_bytes()))
    return path


@pytest.mark.parametrize(
    ("name", "write"),
    [("events.jsonl", lines), ("events.json", array), ("events.ndjson.gz", packed)],
)
def test_a_file_and_a_request_store_equal_rows(
    store: Store, tmp_path: Path, name: str, write: Any
) -> None:
    said, _ = imported(store, write(tmp_path / name, *EVENTS), BY_NAME)
    count = len(EVENTS)
    assert said.startswith(f"events of game: {count} read, {count} added, 0 unchanged")
    told = sent(store, EVENTS)
    assert (told.unchanged, told.differing, told.doubled) == (count, 0, 0)
    stored = stored_events(store)
    assert len(stored) == count
    twins = [one for one in stored.values() if one.properties == {
        "level": "7", "won": "1", "sku": "coins"
    }]  # fmt: skip
    assert [(one.type, one.amount, one.customer) for one in twins] == [
        ("purchase", 9.99, "F493"),
        ("purchase", 9.99, "F493"),
    ]


def test_sent_again_or_imported_after_it_nothing_is_new(store: Store, tmp_path: Path) -> None:
    assert sent(store, EVENTS).added == len(EVENTS)
    before = {one.id: one.received_at for one in stored_events(store).values()}
    assert sent(store, list(reversed(EVENTS))).unchanged == len(EVENTS)
    said, _ = imported(store, lines(tmp_path / "events.jsonl", *EVENTS), BY_NAME)
    assert f"0 added, {len(EVENTS)} unchanged" in said
    assert {one.id: one.received_at for one in stored_events(store).values()} == before


def test_rows_that_cannot_be_stored_are_named_and_the_others_stored(
    store: Store, tmp_path: Path
) -> None:
    file = lines(
        tmp_path / "events.jsonl",
        *GAME,
        raw_event(item_price="much"),
        '{"event_id": "cut o',
        raw_event(event_time=..., item_price=[]),
        OFFER | {"level": "8"},
    )
    rejected = tmp_path / "rejected.csv"
    said, error = imported(store, file, BY_NAME, "--rejected", rejected, exit_code=2)
    count = len(GAME)
    assert f"{count + 4} read, {count + 1} added, 0 unchanged, 0 doubled" in said
    assert "3 rejected" in said
    assert "not all that was read is stored" in error
    with rejected.open() as written:
        assert [row[1:] for row in csv.reader(written)][1:] == [
            [str(count + 1), "item_price: Input should be an amount such as 9.99, up to 10¹² "
             "either way"],
            [str(count + 2), "Input should be an object of JSON"],
            [str(count + 3), "event_time: Field required"],
        ]  # fmt: skip
    assert len(stored_events(store)) == count + 1


def test_files_of_a_folder_are_uploads_of_their_own(store: Store, tmp_path: Path) -> None:
    lines(tmp_path / "2017-08-14.jsonl", *GAME)
    array(tmp_path / "2017-08-15.json", *GAME, raw_event(level="8"))
    (tmp_path / "notes.txt").write_text("not events")
    said, _ = imported(store, tmp_path, BY_NAME, "--source", "other")
    assert "6 read, 6 added" in said
    assert "7 read, 1 added, 6 unchanged" in said
    assert {one.source for one in stored_events(store).values()} == {"other"}


def test_an_own_mapping_is_a_file(store: Store, tmp_path: Path) -> None:
    mapping = tmp_path / "shop.toml"
    mapping.write_text('[raw]\nid = "n"\ncustomer = "who"\ntype = "did"\ntime = "at"\n')
    row = {"n": 1, "who": 7, "did": "seen", "at": "2017-08-14"}
    other = {**row, "did": "bought"}
    said, _ = imported(store, lines(tmp_path / "a.jsonl", row, row, other), mapping, exit_code=2)
    assert "3 read, 1 added, 0 unchanged, 1 doubled, 1 differing" in said
    stored = stored_events(store)["1"]
    assert (stored.source, stored.customer, stored.type) == ("shop", "7", "seen")


def test_sources_and_mappings_that_do_not_fit_are_one_line(store: Store, tmp_path: Path) -> None:
    table = tmp_path / "table.toml"
    table.write_text('[events]\nid = "i"\ncustomer = "c"\ntype = "t"\ntime = "at"\n')
    good = lines(tmp_path / "good.jsonl", *GAME)
    cut = tmp_path / "cut.json"
    cut.write_text(json.dumps(GAME)[:-5])
    spread = tmp_path / "spread.json"
    spread.write_text(json.dumps(GAME[0], indent=1))
    (tmp_path / "empty").mkdir()
    for source, mapping, said in (
        (good, Path("gmae"), "no such mapping for raw events: game"),
        (good, table, "has no [raw]"),
        (table, BY_NAME, "files that end in .json"),
        (tmp_path / "absent.jsonl", BY_NAME, "there is no such file"),
        (tmp_path / "empty", BY_NAME, "files that end in .json"),
        (cut, BY_NAME, "begins as an array of JSON, and is none"),
        (spread, BY_NAME, "neither an array of JSON nor an object of it in each line"),
    ):
        _, error = imported(store, source, mapping, exit_code=2)
        assert said in error
        assert "Traceback" not in error
    assert stored_events(store) == {}


def test_mappings_are_listed() -> None:
    listed, _ = valuebox("import", "--mappings")
    assert listed.split() == ["game", "shop-visits"]
