"""Databases that a backup is restored into."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.databases import empty_database
from valuebox.store.engine import Store
from valuebox.store.ids import new_id

EmptyOf = Callable[[str], str]


@pytest.fixture
def empty_of(request: pytest.FixtureRequest, tmp_path: Path) -> EmptyOf:
    """Makes the URL of a new, empty database of a kind."""

    def make(kind: str) -> str:
        folder = tmp_path / f"empty-{new_id()}"
        folder.mkdir()
        request.param = kind
        return empty_database(request, folder)

    return make


def url_of(store: Store) -> str:
    """URL of a database, as commands take it."""
    return store.engine.url.render_as_string(hide_password=False)
