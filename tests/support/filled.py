"""Databases that hold rows when a test begins: filled once in a test process, and copied."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.databases import copied_database, migrated_database, open_store
from valuebox.store.engine import Store


@dataclass(frozen=True)
class Rows:
    """What a database holds.

    Args:
        name: Of its own, in a test process.
        put: Function that stores it in a database with every table.
    """

    name: str
    put: Callable[[Store], object]


class Filled:
    """Databases of both kinds, by what they hold; nobody may change these."""

    def __init__(self, request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> None:
        self._request, self._folders = request, folders
        self._urls: dict[tuple[str, str], str] = {}

    def url(self, kind: str, rows: Rows) -> str:
        """URL of the database of a kind that holds these rows."""
        if (kind, rows.name) not in self._urls:
            url = migrated_database(self._request, kind, self._folders.mktemp("filled"))
            store = open_store(url)
            rows.put(store)
            store.close()
            self._urls[kind, rows.name] = url
        return self._urls[kind, rows.name]

    def copied(self, kind: str, rows: Rows | None, folder: Path) -> str:
        """URL of a copy of it, of a test's own; of one with every table and no rows for None."""
        if rows is None:
            return migrated_database(self._request, kind, folder)
        return copied_database(self._request, self.url(kind, rows), folder)


@pytest.fixture(scope="session")
def filled_databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Filled:
    """The databases of this test process."""
    return Filled(request, tmp_path_factory)


@pytest.fixture
def rows_of_store() -> Rows | None:
    """What `store` holds before a test: nothing, but where a module says what."""
    return None
