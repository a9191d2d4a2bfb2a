"""PostgreSQL as others run it: poolers, schemas, encodings and roles of their own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import make_url, text
from support.commands import valuebox
from support.databases import Postgres, through
from support.poolers import WAYS, pooler
from support.users import estimates, received, users

from valuebox.compartments.ltv import repository
from valuebox.facts.features import indexing
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.histories import OURS
from valuebox.store.ids import ids_from, new_id
from valuebox.store.suitability import UnsuitableDatabase
from valuebox.store.urls import BadDatabaseUrl


def with_options(url: str, options: str) -> str:
    changed = make_url(url).update_query_dict({"options": options})
    return changed.render_as_string(hide_password=False)


def schemas(store: Store) -> set[str]:
    query = "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'ltv%'"
    with store.reading() as session:
        return set(session.scalars(text(query)))


def setting(store: Store, name: str) -> str:
    with store.writing() as session:
        return str(session.scalar(text(f"SHOW {name}")))


@pytest.fixture
def tenant_url(postgres: Postgres) -> str:
    url = postgres.new_database()
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "the tenant"'))
    engine.dispose()
    return url


@pytest.mark.parametrize("where", ["url", "environment"])
def test_a_search_path_is_obeyed_beside_our_own_limits(
    tenant_url: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = r'-c search_path="the\ tenant" --work_mem=5MB'
    if where == "environment":
        monkeypatch.setenv("PGOPTIONS", options)
    store = Store(make_engine(with_options(tenant_url, options) if where == "url" else tenant_url))
    migrate.upgrade(store.engine)
    assert schemas(store) == {"the tenant"}
    assert setting(store, "work_mem") == "5MB"
    assert setting(store, "statement_timeout") == "20s"
    store.close()


def test_options_cannot_lift_our_limits(postgres: Postgres) -> None:
    store = Store(make_engine(with_options(postgres.new_database(), "-c statement_timeout=0")))
    assert setting(store, "statement_timeout") == "20s"
    store.close()


@pytest.mark.parametrize("options", ["-csearch_path", "-B 5", r"-c a\ b=1", "-c =1"])
def test_options_that_are_none_are_refused_and_not_shown(options: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="options") as refused:
        make_engine(with_options("postgresql://me@127.0.0.1/db", options))
    assert options not in str(refused.value)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_an_encoding_that_cannot_hold_every_text_is_refused(
    postgres: Postgres, encoding: str
) -> None:
    name = f"test_{uuid4().hex}"
    postgres.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    engine = make_engine(postgres.url(name))
    with pytest.raises(UnsuitableDatabase, match=encoding):
        migrate.upgrade(engine)
    engine.dispose()


def test_a_role_without_temporary_tables_is_refused(postgres: Postgres) -> None:
    url = make_url(postgres.new_database())
    role = f"role_{uuid4().hex}"
    postgres.execute(
        f"CREATE ROLE {role} LOGIN",
        f"REVOKE TEMPORARY ON DATABASE {url.database} FROM PUBLIC",
        f"ALTER DATABASE {url.database} OWNER TO postgres",
    )
    engine = make_engine(url.set(username=role).render_as_string(hide_password=False))
    with pytest.raises(UnsuitableDatabase, match=f"GRANT TEMPORARY ON DATABASE … TO {role}"):
        migrate.upgrade(engine)
    engine.dispose()


def test_a_search_path_that_leads_nowhere_is_refused(postgres: Postgres) -> None:
    engine = make_engine(with_options(postgres.new_database(), "-csearch_path=nowhere"))
    with pytest.raises(UnsuitableDatabase, match="search path"):
        migrate.upgrade(engine)
    engine.dispose()


@pytest.fixture(params=WAYS)
def pooled(request: pytest.FixtureRequest, postgres: Postgres, tenant_url: str) -> Iterator[str]:
    """The URL of a database behind a PgBouncer, which refuses startup options or ignores them."""
    with pooler(postgres, request.param) as port:
        yield through(tenant_url, port)


def test_behind_a_pooler_the_tables_of_a_schema_are_migrated(tenant_url: str, pooled: str) -> None:
    stored = Store(make_engine(with_options(tenant_url, r'-csearch_path="the\ tenant"')))
    with stored.engine.begin() as connection:
        command.upgrade(OURS.config(connection), "0011")
    stored.close()
    store = Store(make_engine(with_options(pooled, r'-csearch_path="the\ tenant"')))
    migrate.upgrade(store.engine)
    assert migrate.is_current(store.engine)
    assert schemas(store) == {"the tenant"}
    store.close()


def test_behind_a_pooler_every_transaction_has_its_limits_and_its_schema(pooled: str) -> None:
    store = Store(make_engine(with_options(pooled, r'-csearch_path="the\ tenant"')))
    migrate.upgrade(store.engine)
    assert schemas(store) == {"the tenant"}
    sent = users(150)
    for some in (sent[:1], sent):
        # Few rows go in one statement, many by COPY.
        told = estimates(*[1.0] * len(some))
        ids = ids_from(new_id(), len(some))
        store.insert(repository.new_predictions(ids, new_id(), received(some), told, "ltv:a"))
    with store.writing() as session:
        repository.put_outcomes(session, {one["user_id"]: 2.0 for one in sent})
        assert session.scalar(text("SELECT count(*) FROM ltv_predictions")) == 151
    for name, value in (("statement_timeout", "20s"), ("lock_timeout", "5s")):
        assert setting(store, name) == value
    with store.engine.connect() as connection:
        # Nothing of it is left to whoever has the session next.
        connection.exec_driver_sql("COMMIT")
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
    store.close()


def test_behind_a_pooler_the_index_of_newest_events_is_made_in_its_schema(pooled: str) -> None:
    store = Store(make_engine(with_options(pooled, r'-csearch_path="the\ tenant"')))
    migrate.upgrade(store.engine)
    for change, (there, gone) in (
        (indexing.index_newest, (indexing.NEWEST, "ix_events_customer_source")),
        (indexing.drop_newest, ("ix_events_customer_source", indexing.NEWEST)),
    ):
        change(store.engine)
        with store.reading() as session:
            query = text("SELECT indexname FROM pg_indexes WHERE schemaname = 'the tenant'")
            made = set(session.scalars(query))
        assert there in made
        assert gone not in made
    store.close()


@pytest.mark.slow("cli/valuebox_cli/admin", "src/valuebox/store")
def test_behind_a_pooler_a_backup_is_taken_and_restored(pooled: str, tmp_path: Path) -> None:
    within = with_options(pooled, r'-csearch_path="the\ tenant"')
    store = Store(make_engine(within))
    migrate.upgrade(store.engine)
    told = estimates(*[1.0] * 3)
    ids = ids_from(new_id(), 3)
    store.insert(repository.new_predictions(ids, new_id(), received(users(3)), told, "ltv:a"))
    valuebox("backup", tmp_path / "backup", "--database-url", within)
    valuebox("restore", tmp_path / "backup", "--database-url", within, "--replace")
    assert schemas(store) == {"the tenant"}
    with store.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM ltv_predictions")) == 3
    store.close()
