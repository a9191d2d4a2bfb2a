"""`valuebox backup` and `restore`: everything comes back, on either database, or nothing does."""

import gzip
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from support.backups import EmptyOf, url_of
from support.commands import valuebox
from support.databases import BACKENDS, open_store
from support.odd_rows import N_ROWS, put_odd_rows
from support.released import backed_up_then, stored_then
from support.users import add_predictions, estimates, received, user

from valuebox.compartments.ltv.tables import LtvFeatures
from valuebox.store import migrate
from valuebox.store.backup import manifest, taking
from valuebox.store.base import Base
from valuebox.store.engine import Store, make_engine
from valuebox.store.histories import OURS
from valuebox.store.ids import new_id


def all_rows(store: Store) -> dict[str, list[str]]:
    with store.reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all()))
            for table in Base.metadata.sorted_tables
        }


def predict_some(store: Store, numbers: range) -> None:
    with store.writing() as session:
        some = received([user(number) for number in numbers])
        add_predictions(session, new_id(), some, estimates(*[1.0] * len(numbers)), "ltv:a")


def restored_rows(folder: Path, url: str, *options: str) -> dict[str, list[str]]:
    valuebox("restore", folder, "--database-url", url, *options)
    with closing(open_store(url)) as store:
        return all_rows(store)


def test_every_row_of_every_table_comes_back_on_either_database(
    store: Store, empty_of: EmptyOf, tmp_path: Path
) -> None:
    put_odd_rows(store)
    before = all_rows(store)
    folder = tmp_path / "new" / "backup"
    said, _ = valuebox("backup", folder, "--json", "--database-url", url_of(store))
    told = json.loads(said)
    assert told["rows"] == {name: len(rows) for name, rows in before.items()}
    assert told["rows"]["events"] == N_ROWS
    assert told["database"] == store.engine.dialect.name
    for kind in BACKENDS:
        assert restored_rows(folder, empty_of(kind)) == before


def test_a_restored_database_goes_on_noting_what_changes(
    store: Store, empty_of: EmptyOf, tmp_path: Path
) -> None:
    valuebox("backup", tmp_path / "backup", "--database-url", url_of(store))
    url = empty_of(store.engine.dialect.name)
    assert restored_rows(tmp_path / "backup", url)["summed_months"] == []
    with closing(open_store(url)) as restored:
        put_odd_rows(restored)
        assert len(all_rows(restored)["ltv_cohorts"]) == N_ROWS
        with restored.writing() as session:
            session.execute(text("DELETE FROM summed_months"))
            session.execute(text("DELETE FROM ltv_cohorts"))
        assert len(all_rows(restored)["summed_months"]) == 1


def test_a_backup_is_of_one_moment_while_others_write(
    store: Store, empty_of: EmptyOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict_some(store, range(3))
    take = taking._take

    def take_and_write(connection: Connection, *arguments: Any) -> Any:
        # Between any two tables somebody stores what belongs into both.
        written = take(connection, *arguments)
        predict_some(store, range(100, 102))
        return written

    monkeypatch.setattr(taking, "_take", take_and_write)
    valuebox("backup", tmp_path / "backup", "--database-url", url_of(store))
    rows = restored_rows(tmp_path / "backup", empty_of(store.engine.dialect.name))
    assert len(rows["ltv_features"]) == len(rows["ltv_predictions"]) == 3


def test_what_is_cut_off_leaves_nothing_that_looks_like_a_backup(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise KeyboardInterrupt

    (tmp_path / "to").mkdir()
    with monkeypatch.context() as broken:
        broken.setattr(manifest, "write", fail)
        arguments = ("backup", tmp_path / "to" / "backup", "--database-url", url_of(store))
        valuebox(*arguments, exit_code=130)
    assert [*(tmp_path / "to").iterdir()] == []
    valuebox(*arguments)
    assert (tmp_path / "to" / "backup").stat().st_mode & 0o077 == 0
    _, said = valuebox(*arguments, exit_code=2)
    assert "is there already" in said


def test_a_restore_asks_for_an_empty_database(
    store: Store, empty_of: EmptyOf, tmp_path: Path
) -> None:
    predict_some(store, range(3))
    valuebox("backup", tmp_path / "backup", "--database-url", url_of(store))
    predict_some(store, range(10, 12))
    before = all_rows(store)
    _, said = valuebox("restore", tmp_path / "backup", "--database-url", url_of(store), exit_code=2)
    assert "not empty (ltv_features has rows, for one)" in said
    assert all_rows(store) == before
    rows = restored_rows(tmp_path / "backup", url_of(store), "--replace")
    assert len(rows["ltv_features"]) == 3
    # One that was migrated already, and stores nothing yet, is as good as an empty one.
    url = empty_of(store.engine.dialect.name)
    valuebox("db", "upgrade", "--database-url", url)
    assert restored_rows(tmp_path / "backup", url) == rows


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("damage", ["changed", "cut", "missing", "manifest"])
def test_a_damaged_file_is_named_and_nothing_is_restored(
    store: Store, empty_of: EmptyOf, tmp_path: Path, damage: str
) -> None:
    predict_some(store, range(3))
    folder = tmp_path / "backup"
    valuebox("backup", folder, "--database-url", url_of(store))
    file = folder / ("manifest.json" if damage == "manifest" else "ltv_features.rows.gz")
    content = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(content[:-7])
        case "missing":
            file.unlink()
        case "changed":
            file.write_bytes(gzip.compress(gzip.decompress(content).replace(b"2019", b"2018")))
        case _:
            file.write_bytes(content.replace(b'"rows": 3', b'"rows": 4'))
    url = empty_of("sqlite")
    _, said = valuebox("restore", folder, "--database-url", url, exit_code=2)
    assert file.name in said
    assert not Path(url.removeprefix("sqlite:///")).exists()


@pytest.mark.sqlite_alone
def test_a_folder_without_a_manifest_and_newer_backups_are_refused(
    store: Store, empty_of: EmptyOf, tmp_path: Path
) -> None:
    url = empty_of("sqlite")
    (tmp_path / "other").mkdir()
    _, said = valuebox("restore", tmp_path / "other", "--database-url", url, exit_code=2)
    assert "no whole backup" in said
    folder = tmp_path / "backup"
    valuebox("backup", folder, "--database-url", url_of(store))
    made = manifest.read(folder)
    newer = {"": "9999"}, {**made.revisions, "weather": "0001"}
    for revisions, words in zip(newer, ("at revision 9999", "weather"), strict=True):
        manifest.write(folder, made.model_copy(update={"revisions": revisions}))
        _, said = valuebox("restore", folder, "--database-url", url, exit_code=2)
        assert words in said
    content = json.loads((folder / manifest.MANIFEST).read_text())
    (folder / manifest.MANIFEST).write_text(json.dumps({**content, "format": 2}))
    _, said = valuebox("restore", folder, "--database-url", url, exit_code=2)
    assert "a format that this version does not know" in said


def test_tables_that_are_not_those_of_this_version_are_not_backed_up(
    database_url: str, tmp_path: Path
) -> None:
    engine = make_engine(database_url)
    stored_then(engine, "0011", {})
    _, said = valuebox("backup", tmp_path / "to", "--database-url", database_url, exit_code=2)
    assert "valuebox db upgrade" in said
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version_weather (version_num VARCHAR(32))"))
    engine.dispose()
    _, said = valuebox("backup", tmp_path / "to", "--database-url", database_url, exit_code=2)
    assert "tables of weather" in said
    assert not (tmp_path / "to").exists()


def test_the_backup_of_an_earlier_version_is_restored_and_migrated(
    database_url: str, empty_of: EmptyOf, tmp_path: Path
) -> None:
    engine = make_engine(database_url)
    row = {"id": new_id(), "request_id": new_id(), "received_at": datetime.now(UTC), "user_id": 7}
    stored_then(engine, "0009", {"ltv_features": [{**row, "join_date": datetime(2019, 8, 1)}]})
    (tmp_path / "backup").mkdir()
    backed_up_then(engine, "0009", tmp_path / "backup")
    engine.dispose()
    for kind in BACKENDS:
        url = empty_of(kind)
        said, _ = valuebox("restore", tmp_path / "backup", "--json", "--database-url", url)
        assert json.loads(said)["revision"] == OURS.head
        with closing(open_store(url)) as store:
            assert migrate.is_current(store.engine)
            with store.reading() as session:
                (found,) = session.scalars(select(LtvFeatures))
                assert (found.id, found.received_at) == (row["id"], row["received_at"])


def test_a_database_without_tables_is_no_empty_backup(empty_of: EmptyOf, tmp_path: Path) -> None:
    for kind in BACKENDS:
        url = empty_of(kind)
        # On SQLite a connection makes the file.
        with closing(open_store(url)) as store:
            store.engine.connect().close()
        _, said = valuebox("backup", tmp_path / "to", "--database-url", url, exit_code=2)
        assert "has no tables" in said
        assert "DATABASE_URL names another one" in said
        assert "db upgrade" not in said


def test_a_database_that_does_not_answer_ends_it_with_one_line(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    _, said = valuebox("backup", tmp_path / "to", "--database-url", url, exit_code=1)
    assert "the database failed" in said
