"""Tables of packages: migrated with ours, left alone without the package, and taken away."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from valuebox.errors import ValueboxError
from valuebox.store import migrate
from valuebox.store.base import Base
from valuebox.store.engine import Store
from valuebox.store.histories import History

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {before!r}
{promise}

def upgrade():
    op.create_table("extra_{revision}", sa.Column("id", sa.Integer(), nullable=False))

def downgrade():
    op.drop_table("extra_{revision}")
"""


def extra(folder: Path, revisions: int, promise: str = "") -> History:
    """The history of a package, which makes a table with every revision."""
    versions = folder / f"{revisions}{promise[-5:-1]}"
    versions.mkdir()
    for number in range(1, revisions + 1):
        revision, before = f"{number:04}", f"{number - 1:04}" if number > 1 else None
        written = MIGRATION.format(
            revision=revision, before=before, promise=promise if number > 1 else ""
        )
        (versions / f"{revision}_extra.py").write_text(written)
    return History("extra", versions)


def tables(store: Store) -> set[str]:
    return set(inspect(store.engine).get_table_names())


def is_of_valuebox(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or not (name or "").endswith(("_extra", "_0001"))


def promises(store: Store) -> set[tuple[str, str]]:
    with store.engine.connect() as connection:
        found = connection.execute(text("SELECT revision, works_from FROM schema_promise"))
        return {(revision, oldest) for revision, oldest in found}


def test_tables_of_a_package_come_after_ours_and_do_not_concern_whoever_lacks_it(
    store: Store, tmp_path: Path
) -> None:
    import valuebox.service  # noqa: F401  (declares every table)

    ours = tables(store)
    head = migrate.upgrade(store.engine)
    package = extra(tmp_path, 1)
    assert not migrate.is_current(store.engine, [package])
    assert migrate.upgrade(store.engine, others=[package]) == head
    assert tables(store) == ours | {"extra_0001", "alembic_version_extra"}
    assert migrate.is_current(store.engine, [package])
    # A replica without the package goes on, starts again, and takes nothing away.
    assert migrate.is_current(store.engine)
    assert migrate.upgrade(store.engine) == head
    assert migrate.is_current(store.engine, [package])
    assert ("extra:0001", "0001") in promises(store)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_of_valuebox})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(("promise", "goes_on"), [("works_from = '0001'", True), ("", False)])
def test_an_older_version_of_a_package_goes_on_where_the_newer_one_says_so(
    store: Store, tmp_path: Path, promise: str, goes_on: bool
) -> None:
    older, newer = extra(tmp_path, 1), extra(tmp_path, 2, promise)
    migrate.upgrade(store.engine, others=[older])
    migrate.upgrade(store.engine, others=[newer])
    assert migrate.is_current(store.engine, [newer])
    assert migrate.is_current(store.engine, [older]) == goes_on
    if goes_on:
        migrate.upgrade(store.engine, others=[older])
        assert "extra_0002" in tables(store)
    else:
        with pytest.raises(migrate.SchemaUnknown, match="'0002', which this version of extra"):
            migrate.upgrade(store.engine, others=[older])


def test_a_package_is_taken_away_with_its_tables_and_may_come_back(
    store: Store, tmp_path: Path
) -> None:
    package = extra(tmp_path, 2)
    before = tables(store), promises(store)
    migrate.remove(store.engine, package)
    migrate.upgrade(store.engine, others=[package])
    migrate.remove(store.engine, package)
    assert (tables(store), promises(store)) == before
    assert not migrate.is_current(store.engine, [package])
    migrate.upgrade(store.engine, others=[package])
    assert migrate.is_current(store.engine, [package])


def test_what_fails_in_a_package_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    good, bad = extra(tmp_path, 1), tmp_path / "bad"
    bad.mkdir()
    written = MIGRATION.format(revision="0001", before=None, promise="")
    (bad / "0001_bad.py").write_text(written.replace("op.create_table", "op.nonsense"))
    before = tables(store)
    with pytest.raises(AttributeError):
        migrate.upgrade(store.engine, others=[good, History("bad", bad)])
    assert tables(store) == before


def test_a_package_that_is_not_there_is_named() -> None:
    assert History.of_package("churn", "valuebox.store.migrations.versions").folder.is_dir()
    with pytest.raises(ValueboxError, match=r"'churn' should be in valuebox\.errors: no"):
        History.of_package("churn", "valuebox.errors")


@pytest.mark.parametrize("package", ["no_such_package.migrations", "json.decoder", "json"])
def test_a_package_without_migrations_is_said_to_have_none(package: str) -> None:
    with pytest.raises(ValueboxError, match=f"the migrations of 'churn' should be in {package}"):
        History.of_package("churn", package)
