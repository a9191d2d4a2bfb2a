"""Models in backups: all that can be read, and a restore brings back what is not whole."""

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import bentoml
import pytest
from sqlalchemy import text
from support.backups import EmptyOf, url_of
from support.commands import valuebox
from support.users import add_predictions, estimates, received, user

from valuebox.models import registry
from valuebox.store.engine import Store, make_engine
from valuebox.store.ids import new_id

pytestmark = pytest.mark.sqlite_alone


@pytest.fixture
def small_tag() -> Iterator[str]:
    """Exact tag of a model of a name of its own, which may be damaged or deleted."""
    name = f"small-{new_id()}"
    yield registry.save(name, "small", 1, {"a.json": b"{}", "b.json": b"[]"}, {}, {})
    rmtree(Path(os.environ["BENTOML_HOME"], "models", name), ignore_errors=True)


def test_a_restore_that_is_refused_adds_no_model(
    store: Store, empty_of: EmptyOf, tmp_path: Path, small_tag: str
) -> None:
    with store.writing() as session:
        add_predictions(session, new_id(), received([user(1)]), estimates(1.0), "ltv:a")
    valuebox("backup", tmp_path / "backup", "--database-url", url_of(store))
    bentoml.models.delete(small_tag)
    valuebox("restore", tmp_path / "backup", "--database-url", url_of(store), exit_code=2)
    foreign = empty_of("sqlite")
    with make_engine(foreign).begin() as connection:
        connection.execute(text("CREATE TABLE somebody (id INTEGER)"))
    valuebox("restore", tmp_path / "backup", "--database-url", foreign, exit_code=2)
    with pytest.raises(registry.ArtifactMissing):
        registry.find(small_tag)
    valuebox("restore", tmp_path / "backup", "--database-url", empty_of("sqlite"))
    assert registry.is_whole(small_tag)


@pytest.mark.parametrize("folder", ["backups/today", "a #1 % é?.b"])
def test_a_folder_is_named_from_where_somebody_is(
    store: Store,
    empty_of: EmptyOf,
    tmp_path: Path,
    small_tag: str,
    folder: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    valuebox("backup", folder, "--database-url", url_of(store))
    bentoml.models.delete(small_tag)
    valuebox("restore", folder, "--database-url", empty_of("sqlite"))
    assert registry.is_whole(small_tag)


@pytest.mark.parametrize("lost", ["model.yaml", "a.json", "manifest.json"])
def test_a_model_whose_maker_was_killed_is_left_out_of_backups_and_brought_back(
    store: Store, empty_of: EmptyOf, tmp_path: Path, small_tag: str, lost: str
) -> None:
    valuebox("backup", tmp_path / "whole", "--database-url", url_of(store))
    folder = Path(bentoml.models.get(small_tag).path)
    (folder / lost).unlink()
    assert not registry.is_whole(small_tag)
    listed, _ = valuebox("models", "list")
    assert (small_tag in " ".join(listed.split())) == (lost != "model.yaml")
    valuebox("backup", tmp_path / "without", "--database-url", url_of(store))
    valuebox("restore", tmp_path / "whole", "--database-url", empty_of("sqlite"))
    assert registry.is_whole(small_tag)
