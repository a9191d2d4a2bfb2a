"""The commands of docs/operate.md do what it says, or it says that they are not run."""

import os
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from support import warm
from support.databases import Postgres, count_rows
from support.dumps import libpq, with_programs
from support.sums import send
from support.users import users

from valuebox.compartments.ltv.model import LtvModel
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine

GUIDE = Path(__file__).parents[3] / "docs" / "operate.md"
NOT_RUN = "not run by the tests"


class Block(NamedTuple):
    """Commands of the guide, and the paragraph before them."""

    before: str
    commands: str


def blocks() -> list[Block]:
    parts = GUIDE.read_text().split("\n\n")
    return [
        Block(before, re.sub("^    ", "", part, flags=re.MULTILINE))
        for before, part in pairwise(parts)
        if part.startswith("    ")
    ]


def commands(first_word: str) -> str:
    """Of the one block that begins with these words and is said to be run."""
    (found,) = [one for one in blocks() if one.commands.startswith(first_word)]
    assert NOT_RUN not in found.before
    return found.commands


def run(script: str, folder: Path, **environment: str) -> str:
    ours = str(Path(sys.executable).parent)
    path = os.pathsep.join([ours, with_programs()["PATH"]])
    done = subprocess.run(
        ["sh", "-ec", script],
        cwd=folder,
        env={**os.environ, **environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_each(script: str, folder: Path, **environment: str) -> str:
    """The same of commands of ours alone, one on each line."""
    said = ""
    for one in script.splitlines():
        program, *arguments = shlex.split(one)
        assert program == "valuebox"
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        done = warm.run(command, cwd=folder, env={**os.environ, **environment}, timeout=120)
        assert done.returncode == 0, done.stderr
        said += done.stdout
    return said


def line(of: str, first_word: str) -> str:
    (found,) = [one for one in of.splitlines() if one.startswith(first_word)]
    return found


@pytest.fixture
def url(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/valuebox.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


def test_every_command_is_run_or_said_not_to_be() -> None:
    ours = (
        "valuebox db",
        "valuebox backup",
        "valuebox restore",
        "pg_dump",
        "pg_restore",
        "bentoml models",
        "valuebox users",
    )
    for block in blocks():
        is_run = block.commands.startswith(ours)
        assert is_run != (NOT_RUN in block.before), block.commands


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_is_taken_while_rows_are_stored_and_brought_back(
    kind: str, url: str, tmp_path: Path, model: LtvModel
) -> None:
    words = {"sqlite": ("python3", "rm"), "postgresql": ("pg_dump", "pg_restore")}[kind]
    environment = {"PG_URL": libpq(url)}
    store = Store(make_engine(url))
    migrate.upgrade(store.engine)
    send(store, users(50), model)
    with store.writing() as session:
        # A writer that has not committed yet neither waits for the backup nor holds it up.
        session.connection()
        run(line(commands("pg_dump"), words[0]), tmp_path, **environment)
    kept = count_rows(store)
    send(store, users(20, first_id=100), model)
    store.close()
    run(line(commands("pg_restore"), words[1]), tmp_path, **environment)
    store = Store(make_engine(url))
    assert count_rows(store) == kept
    assert migrate.is_current(store.engine)
    send(store, users(20, first_id=100), model)
    assert count_rows(store)["ltv_features"] == 70
    store.close()


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.slow("docs/operate.md", "cli/valuebox_cli/admin", "src/valuebox/store")
def test_a_backup_is_restored_into_another_database(
    kind: str, url: str, tmp_path: Path, model: LtvModel
) -> None:
    store = Store(make_engine(url))
    migrate.upgrade(store.engine)
    send(store, users(50), model)
    kept = count_rows(store)
    store.close()
    run_each(commands("valuebox backup"), tmp_path, DATABASE_URL=url)
    other = f"sqlite:///{tmp_path}/other.db"
    run_each(commands("valuebox restore"), tmp_path, DATABASE_URL=other)
    store = Store(make_engine(other))
    assert count_rows(store) == kept
    store.close()


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_service_is_prepared_and_people_are_forgotten(
    kind: str, url: str, tmp_path: Path, model: LtvModel
) -> None:
    said = run_each(commands("valuebox db upgrade"), tmp_path, DATABASE_URL=url)
    assert "nightly-scoring" in said
    said = run_each(commands("valuebox db partition"), tmp_path, DATABASE_URL=url)
    assert "ltv_features: has a partition for each month" in said
    store = Store(make_engine(url))
    send(store, users(3, first_id=4710), model)
    said = run_each(commands("valuebox users"), tmp_path, DATABASE_URL=url)
    assert "deleted: 1 features, 1 predictions, 0 outcomes" in said
    assert "deleted: 0 customers, 0 events" in said
    store.close()


def test_a_model_goes_from_one_store_into_another(tmp_path: Path, model_tag: str) -> None:
    other = tmp_path / "other"
    run(commands("bentoml models"), tmp_path, MODEL=model_tag, OTHER=str(other))
    assert (other / "models" / model_tag.replace(":", "/") / "model.yaml").exists()
