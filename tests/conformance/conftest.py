"""Every compartment with its case, a service that answers, and databases to try it on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from conformance.case import Case, case_of, cases
from sqlalchemy import delete, insert, select
from support import shop
from support.databases import (
    BACKENDS,
    copied_database,
    migrated_database,
    open_store,
)
from support.services import Kept, Service, running

from valuebox.compartments.contract import Compartment
from valuebox.compartments.register import compartments
from valuebox.settings import variable
from valuebox.store.base import Base
from valuebox.store.engine import Store

Put = Callable[[Store], None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with every compartment, or with those that its mark `having` names."""
    if "compartment" in metafunc.fixturenames:
        brought: Path | None = metafunc.config.getoption("--case")
        mark = metafunc.definition.get_closest_marker("having")
        parts = mark.args if mark else ()
        metafunc.parametrize(
            "compartment",
            [
                pytest.param(
                    one, id=one.name, marks=_missing(one, metafunc.function.__name__, brought)
                )
                for one in compartments()
                if all(getattr(one, part) for part in parts)
            ],
        )


def _missing(
    compartment: Compartment, test: str, brought: Path | None
) -> tuple[pytest.MarkDecorator, ...]:
    try:
        missing = case_of(compartment.name, brought).missing
    except LookupError:
        # Said by the fixture `case`.
        return ()
    return (missing[test],) if test in missing else ()


@pytest.fixture
def case(compartment: Compartment, request: pytest.FixtureRequest) -> Case:
    """The case of the compartment."""
    return case_of(compartment.name, request.config.getoption("--case"))


def _compartment_of(item: pytest.Item) -> str | None:
    """Name of the compartment that a test is run with, if any."""
    with_ = item.callspec.params.get("compartment") if hasattr(item, "callspec") else None
    return with_ and with_.name


@dataclass
class Prepared:
    """What is made once in a test process: databases that are copied, and models."""

    urls: dict[tuple[str, ...], str]
    tags: dict[str, str]


@pytest.fixture(scope="session")
def prepared() -> Prepared:
    """Nothing yet."""
    return Prepared({}, {})


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    store = open_store(url)
    yield store
    store.close()


def _copy_rows(source: Store, to: Store) -> None:
    """Put all that a database holds into another one, which has every table."""
    with source.reading() as session, to.writing() as target:
        for table in reversed(Base.metadata.sorted_tables):
            target.execute(delete(table))
        for table in Base.metadata.sorted_tables:
            rows = [row._asdict() for row in session.execute(select(table))]
            if rows:
                target.execute(insert(table), rows)


class Home:
    """A kind of database, and all that it takes to have a compartment work on it."""

    def __init__(
        self, request: pytest.FixtureRequest, prepared: Prepared, folders: pytest.TempPathFactory
    ) -> None:
        self._request, self._prepared, self._folders = request, prepared, folders
        self.kind: str = request.param
        # Of others no models need be made, which is what takes long.
        chosen = {_compartment_of(item) for item in request.session.items}
        brought = request.config.getoption("--case")
        self._cases = [case for case in cases(brought) if case.compartment in chosen]

    def facts(self) -> str:
        """URL of a database with the customers and events that models learn from."""
        learned = shop.simulate(0)
        return self._once("facts", None, lambda store: learned.store(store, 0, shop.LEARNED))

    def kept(self, has_drifted: bool = False) -> str:
        """URL of a database of one's own in which all cases have kept what they keep."""
        what = "drifted" if has_drifted else "calm"
        url = self._once(what, "facts", lambda store: self._keep(store, has_drifted))
        return self._copied(url)

    def _keep(self, store: Store, has_drifted: bool) -> None:
        for case in self._cases:
            case.keep(store, self.tags().get(case.compartment, ""), has_drifted)

    def tags(self) -> dict[str, str]:
        """The model of each compartment that takes one."""
        tags = self._prepared.tags
        for case in self._cases:
            if case.model is not None and case.compartment not in tags:
                with _opened(self.facts()) as store:
                    tags[case.compartment] = case.model(self._request, store)
        return tags

    def settings(self) -> dict[str, str]:
        """The environment in which a service answers by these models."""
        kinds = {one.name: one.model for one in compartments() if one.model}
        tags = self.tags()
        return {variable(kind.setting): tags.get(name, "-") for name, kind in kinds.items()}

    def running(self) -> AbstractContextManager[Service]:
        """A service on a database in which all cases have kept what they keep."""
        return running(self.kept(), self._folder(), self.settings())

    def _once(self, what: str, after: str | None, put: Put) -> str:
        """URL of a database that holds something, `after` what is there already.

        It is made once, on SQLite, and its rows are copied: most of it is no matter of a database.
        """
        urls = self._prepared.urls
        if (BACKENDS[0], what) not in urls:
            if after is not None:
                self.facts()
            before = urls[BACKENDS[0], after] if after else None
            url = self._copied(before) if before else self._empty(BACKENDS[0])
            with _opened(url) as store:
                put(store)
            urls[BACKENDS[0], what] = url
        if (self.kind, what) not in urls:
            urls[self.kind, what] = self._empty(self.kind)
            with _opened(urls[BACKENDS[0], what]) as made, _opened(urls[self.kind, what]) as store:
                _copy_rows(made, store)
        return urls[self.kind, what]

    def _empty(self, kind: str) -> str:
        return migrated_database(self._request, kind, self._folder())

    def _copied(self, url: str) -> str:
        return copied_database(self._request, url, self._folder())

    def _folder(self) -> Path:
        return self._folders.mktemp("conformance")


@pytest.fixture(scope="module", params=BACKENDS)
def home(
    request: pytest.FixtureRequest, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Home:
    """A home on each kind of database."""
    return Home(request, prepared, tmp_path_factory)


@pytest.fixture(scope="module")
def served(home: Home, kept: Kept) -> Service:
    """A service that every test on this kind of database asks."""
    return kept.service(f"conformance on {home.kind}", home.running)


@pytest.fixture
def database(home: Home, case: Case) -> str:
    """URL of a database of the test's own in which all cases have kept what they keep."""
    return home.kept()


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """That database."""
    opened = open_store(database)
    yield opened
    opened.close()
