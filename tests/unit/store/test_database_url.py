from pathlib import Path

import pytest

from valuebox.store.engine import make_engine
from valuebox.store.migrate import DatabaseAway, upgrade
from valuebox.store.urls import BadDatabaseUrl, parse_url


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_postgresql_means_psycopg2(scheme: str) -> None:
    assert parse_url(f"{scheme}://me@host/name").drivername == "postgresql+psycopg2"


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "",
        "mysql://me:hunter2@host/name",
        "postgresql+asyncpg://me:hunter2@host/name",
        "postgresql://me@host:hunter2/name",
        "postgresql://me:a@hunter2@127.0.0.1/name",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://hunter2/valuebox.db",
    ],
)
def test_urls_that_cannot_be_used_are_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="DATABASE_URL") as caught:
        make_engine(url)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database, but long enough to be taken for one" * 10)
    with pytest.raises(DatabaseAway, match="not a database"):
        upgrade(make_engine(f"sqlite:///{path}"), wait_seconds=30)


def test_a_wrong_option_is_said_at_once() -> None:
    with pytest.raises(DatabaseAway, match="bogus"):
        upgrade(make_engine("postgresql://me:hunter2@127.0.0.1:1/name?bogus=1"), wait_seconds=30)


def test_a_closed_port_is_said_in_one_line() -> None:
    with pytest.raises(DatabaseAway, match="Connection refused") as caught:
        upgrade(make_engine("postgresql://me:hunter2@127.0.0.1:1/name"))
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
