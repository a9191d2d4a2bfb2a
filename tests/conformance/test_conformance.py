"""What every compartment does, whichever it is, on both kinds of database."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from conformance.case import Case, ask, paths_of
from conformance.conftest import Home
from sqlalchemy import func, inspect, select
from support.commands import valuebox
from support.dashboards import HTML
from support.pages import Page
from support.services import Service, eventually

from valuebox.compartments.contract import Compartment
from valuebox.compartments.register import compartments
from valuebox.dashboard.panels import shown
from valuebox.dashboard.search import search
from valuebox.predictions.monitoring.results import MonitorResult
from valuebox.serving.endpoint import ROUTES
from valuebox.serving.errors import (
    IDEMPOTENCY_KEY_HEADER,
    REPLAYED_HEADER,
    STATUS_OF,
    ErrorAnswer,
)
from valuebox.store.base import Base
from valuebox.store.engine import Store, make_engine


def rows(store: Store, compartment: Compartment) -> dict[str, int]:
    """How many rows each table of the compartment holds."""
    with store.reading() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in compartment.tables
        }


def sent(store: Store, compartment: Compartment, case: Case) -> dict[str, int]:
    """The same of tables that requests write to; a service may judge predictions meanwhile."""
    ledger, judged = compartment.ledger, {*case.judged}
    if ledger is not None and ledger.outcomes.settle is not None:
        judged.add(ledger.outcomes.table.__tablename__)
    found = rows(store, compartment)
    return {table: count for table, count in found.items() if table not in judged}


def test_each_endpoint_answers_as_documented(
    served: Service, compartment: Compartment, case: Case
) -> None:
    assert sorted(case.asks) == sorted(paths_of(compartment)), "`asks` has a body for each endpoint"
    documented = served.http.get("/docs.json").json()["paths"]
    guide = case.guide.read_text()
    for path, body in case.asks.items():
        answer, route = ask(served, path, body), ROUTES[path]
        assert answer.status_code == 200, answer.text
        assert documented[path][route.http.lower()]["description"]
        assert f"{route.http} {path}`" in guide
        if route.document is None:
            route.answers.model_validate_json(answer.content, extra="forbid")
        else:
            assert answer.headers["Content-Type"].startswith(route.document)
            assert served.http.post(path, json=body).headers["Allow"] == "GET"


def test_a_mistake_is_refused_by_row_and_field(
    served: Service, compartment: Compartment, case: Case
) -> None:
    before, wrong = sent(served.store, compartment, case), case.refused
    answer = served.http.post(wrong.path, json=wrong.body)
    error = ErrorAnswer.model_validate_json(answer.content, extra="forbid").error
    assert (error.code, answer.status_code) == (wrong.code, STATUS_OF[wrong.code])
    assert (error.problems[0].row, error.problems[0].field) == (wrong.row, wrong.field)
    assert error.request_id == answer.headers["X-Request-Id"]
    assert sent(served.store, compartment, case) == before


def test_a_request_with_a_key_is_stored_once_and_answered_alike(
    served: Service, compartment: Compartment, case: Case
) -> None:
    for path in paths_of(compartment, stores=True):
        key = {IDEMPOTENCY_KEY_HEADER: uuid4().hex}
        first = ask(served, path, case.asks[path], key)
        assert first.status_code == 200, first.text
        stored = sent(served.store, compartment, case)
        again = ask(served, path, case.asks[path], key)
        assert again.content == first.content
        assert (REPLAYED_HEADER in first.headers, again.headers[REPLAYED_HEADER]) == (False, "true")
        assert sent(served.store, compartment, case) == stored
        other = ask(served, path, {"none": "such"}, key)
        assert other.status_code == STATUS_OF["invalid_input"]


def test_metrics_tell_of_it(served: Service, compartment: Compartment, case: Case) -> None:
    for path, body in case.asks.items():
        assert ask(served, path, body).status_code == 200
    told = served.http.get("/metrics").text.splitlines()
    about = [line for line in told if f'compartment="{compartment.name}"' in line]
    names = {line.partition("{")[0] for line in about}
    assert all(any(f'path="{path}"' in line for line in told) for path in case.asks)
    assert ("valuebox_model_info" in names) == (compartment.model is not None)
    assert ("valuebox_predictions_total" in names) == (compartment.ledger is not None)


def test_migrations_make_every_table(home: Home) -> None:
    engine = make_engine(home.facts())
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                # Of packages, which are not in the metadata.
                "include_name": lambda name, *_: not f"{name}".startswith("alembic_version_"),
            },
        )
        assert compare_metadata(context, Base.metadata) == []
    listed = {table.__tablename__ for one in compartments() for table in one.tables}
    assert listed <= set(inspect(engine).get_table_names())
    engine.dispose()


@pytest.mark.having("personal")
def test_what_is_stored_of_somebody_is_handed_out_and_deleted(
    store: Store, database: str, compartment: Compartment, case: Case
) -> None:
    mine = {table.__tablename__ for table in compartment.tables}
    whose = (*case.person, "--database-url", database)

    def exported() -> list[str]:
        output, _ = valuebox("users", "export", *whose)
        found = [json.loads(line)["table"] for line in output.splitlines()]
        return [table for table in found if table in mine]

    def searched() -> int:
        source = case.person[-1] if len(case.person) > 1 else None
        with store.reading() as session:
            found = search(session, case.person[0], source, [])
            parts = [part for one in found for part in one.parts]
            tables = [
                table for part in parts if part.compartment is compartment for table in part.tables
            ]
            return sum(table.count for table in tables if table.name in mine)

    theirs, before = len(exported()), sum(rows(store, compartment).values())
    assert 0 < theirs < before
    assert searched() == theirs
    valuebox("users", "forget", *whose, "--yes")
    assert exported() == []
    assert searched() == 0
    assert sum(rows(store, compartment).values()) == before - theirs


@pytest.mark.having("expiry")
def test_what_is_old_expires(
    store: Store, database: str, compartment: Compartment, case: Case
) -> None:
    assert any(rows(store, compartment).values())
    said, _ = valuebox("db", "prune", "--days", "0.0000001", "--database-url", database)
    left = {name for name, count in rows(store, compartment).items() if count}
    assert left == set(case.settings)
    assert all(name in said for one in compartment.expiry for name in one.names.values())


@pytest.mark.having("model")
def test_its_model_is_listed_and_shown(
    home: Home, compartment: Compartment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in home.settings().items():
        monkeypatch.setenv(name, value)
    tag = home.tags()[compartment.name]
    output, _ = valuebox("models", "list")
    (line,) = (line for line in output.splitlines() if tag in line)
    assert line.rstrip().endswith("at start")
    for arguments in ((tag,), ()):
        assert tag in valuebox("models", "show", *arguments)[0]


@pytest.mark.sqlite_alone
@pytest.mark.having("model")
def test_its_models_are_compared(home: Home, compartment: Compartment, database: str) -> None:
    tag = home.tags()[compartment.name]
    output, _ = valuebox("models", "compare", tag, tag, "--database-url", database)
    assert output.count(tag) >= 2


@pytest.mark.having("ledger")
def test_drift_is_told(home: Home, compartment: Compartment, tmp_path: Path) -> None:
    _monitor(home, compartment, tmp_path / "monitored.json", has_drifted=True)


@pytest.mark.having("ledger")
def test_a_calm_world_is_left_in_peace(
    home: Home, compartment: Compartment, tmp_path: Path
) -> None:
    _monitor(home, compartment, tmp_path / "monitored.json", has_drifted=False)


def _monitor(home: Home, compartment: Compartment, report: Path, has_drifted: bool) -> None:
    options = ("--report", report, "--database-url", home.kept(has_drifted))
    valuebox("monitor", "--compartment", compartment.name, *options, exit_code=int(has_drifted))
    found = MonitorResult.model_validate_json(report.read_text())
    assert found.compartment == compartment.name
    assert bool(found.crossed) == has_drifted
    assert found.unknown == []


def test_the_front_page_has_its_card(served: Service, compartment: Compartment) -> None:
    page = served.http.get("/dashboard", headers=HTML)
    assert page.status_code == 200, page.text
    assert compartment.question in Page(page.text).texts("p")


@pytest.mark.having("ledger")
def test_the_dashboard_shows_it(served: Service, compartment: Compartment) -> None:
    chosen = {"compartment": compartment.name}

    def csv(name: str) -> list[str]:
        answer = served.http.get(f"/dashboard/{name}.csv", params=chosen)
        assert answer.status_code == 200, answer.text
        return answer.text.splitlines()

    # The service adds up by itself, some seconds after it has started.
    eventually(lambda: len(csv("cohorts")) > 1)
    assert all(csv(name) for name in shown(compartment.ledger))
    page = served.http.get("/dashboard", params=chosen, headers=HTML)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
