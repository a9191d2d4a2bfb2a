import csv
from io import StringIO
from pathlib import Path

import httpx
from support.commands import valuebox
from support.containers import Container, Stack
from support.services import ROOT, running
from support.users import user

from valuebox_cli.ltv.evaluate import EvaluationReport

VALID = ROOT / "data" / "valid.csv"
OWN = {"url", "run", "request_ids", "evaluated_at"}


def evaluate(url: str, report: Path) -> dict[str, object]:
    valuebox("evaluate", VALID, "--url", url, "--report", report)
    return EvaluationReport.model_validate_json(report.read_text()).model_dump(exclude=OWN)


def on_database(container: Container, statement: str, database: str = "valuebox") -> str:
    return container.python(
        "import psycopg2; "
        f"c = psycopg2.connect('postgresql://valuebox@postgres/{database}'); c.autocommit = True; "
        f"q = c.cursor(); q.execute('''{statement}'''); print(q.description and q.fetchall())"
    )


def test_it_evaluates_like_the_service_outside(
    stack: Stack, built_model: str, tmp_path: Path
) -> None:
    inside = evaluate(stack.url, tmp_path / "inside.json")
    with running(
        f"sqlite:///{tmp_path}/valuebox.db", tmp_path, {"VALUEBOX_MODEL": built_model}
    ) as service:
        outside = evaluate(service.url, tmp_path / "outside.json")
    assert inside == outside
    assert inside["models"] == [built_model]


def test_it_stops_cleanly_and_starts_with_what_was_stored(stack: Stack) -> None:
    told = httpx.post(f"{stack.url}/v1/ltv/predict", json=[user(77_000_001)], timeout=30).json()
    container = stack.container("valuebox")
    stack.compose("stop")
    state = container.state()["State"]
    assert (state["Running"], state["ExitCode"]) == (False, 0)
    assert container.errors() == []
    stack.compose("down")
    stack.up()
    printed, _ = valuebox("predictions", "--url", stack.url, "--user-id", 77_000_001)
    (stored,) = csv.DictReader(StringIO(printed))
    assert stored["prediction_id"] == told[0]["prediction_id"]
    assert float(stored["prediction"]) == told[0]["prediction"]


def test_two_replicas_that_start_together_migrate_once(stack: Stack, tmp_path: Path) -> None:
    service = stack.container("valuebox")
    assert service.state()["HostConfig"]["ReadonlyRootfs"]
    on_database(service, "CREATE DATABASE replicas")
    url = "postgresql+psycopg2://valuebox@postgres/replicas"
    with stack.replicas(2, tmp_path, DATABASE_URL=url) as both:
        for replica in both:
            replica.await_health()
        assert sum(one.log().count("database migrated from nothing to ") for one in both) == 1
        for number, replica in enumerate(both, start=1):
            assert replica.predict(user(number))["user_id"] == number
        revisions = on_database(service, "SELECT count(*) FROM alembic_version", "replicas")
        stored = on_database(service, "SELECT count(*) FROM ltv_predictions", "replicas")
        assert (revisions, stored) == ("[(1,)]", "[(2,)]")


def test_nobody_is_let_in_without_a_password(stack: Stack) -> None:
    code = (
        "import psycopg2\n"
        "try: psycopg2.connect('postgresql://valuebox:wrong@postgres/valuebox')\n"
        "except psycopg2.OperationalError as error: print('password' in str(error))"
    )
    assert stack.container("valuebox").python(code) == "True"
