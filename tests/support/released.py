"""What an earlier version has left behind: a database at its revision, and models as it saved."""

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import bentoml
from alembic import command
from sqlalchemy import Engine, MetaData, Table, Uuid, insert

from valuebox.compartments.ltv.model import LtvModel
from valuebox.models import registry
from valuebox.statistics.paid import Paid
from valuebox.store.backup import manifest, taking
from valuebox.store.backup.manifest import Manifest
from valuebox.store.histories import OURS

_FIRST_LAYOUT: Final = Path(__file__).with_name("first_layout.json")


def stored_then(
    engine: Engine, revision: str, rows: Mapping[str, Iterable[Mapping[str, Any]]]
) -> None:
    """Migrate an empty database as far as that revision, and store rows in the tables of then.

    Args:
        engine: Of the database.
        revision: The newest one that the version of then knew.
        rows: Rows by the name of their table, in the order in which they can be stored.
    """
    with engine.begin() as connection:
        command.upgrade(OURS.config(connection), revision)
        tables = MetaData()
        tables.reflect(connection)
        for name, values in rows.items():
            connection.execute(insert(_typed(tables.tables[name])), [dict(row) for row in values])


def backed_up_then(engine: Engine, revision: str, folder: Path) -> None:
    """Back a database up as the version of then would have, had it been able to.

    Args:
        engine: Of the database, as `stored_then` has left it.
        revision: The newest one that the version of then knew.
        folder: An empty one.
    """
    with engine.connect() as connection:
        tables = MetaData()
        tables.reflect(connection)
        written = [
            taking._take(connection, _typed(table), folder)
            for table in tables.sorted_tables
            if table.name != OURS.version_table
        ]
    made = Manifest(
        valuebox="0.1.0",
        made_at=datetime.now(UTC),
        database="sqlite" if engine.dialect.name == "sqlite" else "postgresql",
        revisions={"": revision},
        tables=tuple(written),
        models=(),
    )
    manifest.write(folder, made)


def _typed(table: Table) -> Table:
    """Reflected, but with ids as this code writes them: SQLite knows no such type."""
    for column in table.columns:
        if column.name in {"request_id", "features_id"} or (
            column.name == "id" and table.name.startswith(("ltv", "response"))
        ):
            column.type = Uuid()
    return table


def saved_then(model: LtvModel, format_: int) -> LtvModel:
    """The model, saved in an older format; it is returned as it predicted then.

    Args:
        model: A model of today.
        format_: 3, without the range of what was paid, or 2, without bins of features either.
    """
    old = replace(model, paid=Paid())
    tag = old.save("old", {}, {})
    folder = Path(bentoml.models.get(tag).path)
    manifest = json.loads((folder / registry.MANIFEST).read_text())
    for file in ("paid.json", "reference.json")[: 4 - format_]:
        (folder / file).unlink()
        del manifest["digests"][file]
    (folder / registry.MANIFEST).write_text(json.dumps(manifest | {"format": format_}))
    return replace(old, tag=tag)


def first_response_model(name: str) -> tuple[str, list[list[float]]]:
    """Tag of a response model as a version of November 2026 has saved it, and what that said.

    It learned from `world(1)` of its tests, and was asked for 40 customers of `world(2)`.
    """
    frozen = json.loads(_FIRST_LAYOUT.read_text())
    files = {
        file: text.encode() if file.endswith(".json") else b64decode(text)
        for file, text in frozen["files"].items()
    }
    tag = registry.save(name, "response", 3, files, {}, frozen["metadata"])
    return tag, frozen["said"]
