"""Tables of what is stored are those of files that say the same, however they are read."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from support.commands import valuebox
from support.databases import BACKENDS
from support.dirty_logs import dirty_log, moments_in
from support.odd_declarations import declarations
from support.stored_logs import storable, stored_in_any_order

from valuebox.errors import ValueboxError
from valuebox.facts.features import streaming
from valuebox.facts.features.streaming import stored_batches, stored_count
from valuebox.facts.tables import Event
from valuebox.features.declared.declaration import Declaration
from valuebox.store.engine import Store
from valuebox_cli.features.building import Question, Told, write_at_once, write_spread

NOW = datetime(2025, 1, 1, tzinfo=UTC)
QUIET = Told(lambda count: None, lambda done, total: None)
COLUMNS = ("source", "id", "customer", "session", "type", "amount", "currency", "properties")


def stored(store: Store) -> list[dict[str, Any]]:
    """Everything that is stored, as a file of events has it."""
    with store.reading() as session:
        return [
            {name: getattr(one, name) for name in COLUMNS}
            | {"time": one.time.isoformat(), "received_at": one.received_at.isoformat()}
            for one in session.scalars(select(Event))
        ]


# In short, each kind of database is asked for every other table.
@pytest.mark.slow("cli/valuebox_cli/features")
@pytest.mark.parametrize(("seed", "every"), [(9, 2), (10, 1)])
def test_what_is_stored_is_read_batch_by_batch(
    seed: int, every: int, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = BACKENDS.index(store.engine.dialect.name) % every
    monkeypatch.setattr(streaming, "_AT_ONCE", 7)
    log = storable(dirty_log(seed))
    stored_in_any_order(store, log, seed)
    file = tmp_path / "stored.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in stored(store)))
    wanted, found = tmp_path / "wanted.jsonl", tmp_path / "found.jsonl"
    rows = 0
    for number, declaration in enumerate([*declarations().values()][first::every]):
        declared = Declaration.model_validate(declaration)
        at = (None, *moments_in(seed, log))[number % 4]
        question = Question(declared, at, NOW)
        try:
            told = write_at_once(question, question.of_files([file]), wanted)
        except ValueboxError:
            with pytest.raises(ValueboxError):
                write_at_once(question, stored_batches(store, declared, at), found)
            continue
        sizes = [one.num_rows for one in stored_batches(store, declared, at)]
        assert max(sizes, default=0) <= 7
        assert sum(sizes) == stored_count(store, declared, at) >= told.counts.events
        assert write_at_once(question, stored_batches(store, declared, at), found)
        assert found.read_bytes() == wanted.read_bytes()
        write_spread(question, stored_batches(store, declared, at), found, 3, QUIET)
        assert found.read_bytes() == wanted.read_bytes()
        rows += told.counts.anchors
    assert rows > 100


def test_buckets_of_what_is_stored(store: Store, database_url: str, tmp_path: Path) -> None:
    stored_in_any_order(store, storable(dirty_log(5)), 5)
    declaration = tmp_path / "t.toml"
    declaration.write_text(
        'name = "t"\n[anchor]\nwhen = "not missing(customer)"\n'
        "[field.n]\ncount = true\n[window.week]\ndays = -7\n"
    )
    tables = []
    for buckets in (1, 4):
        to, manifest = tmp_path / f"{buckets}.csv", tmp_path / f"{buckets}.json"
        command = ("features", "build", declaration, "--out", to, "--buckets", buckets)
        valuebox(*command, "--manifest", manifest, "--database-url", database_url)
        tables.append((to.read_text(), json.loads(manifest.read_text())["bins"]))
    assert tables[0] == tables[1]
    assert len(tables[0][0].splitlines()) > 20
    assert not list(tmp_path.glob(".*"))
