"""A restore drill: what a service has answered is there again, on the other kind of database."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from support import warm
from support.databases import BACKENDS, empty_database
from support.services import Service, running
from support.users import user

from valuebox.store.ids import new_id

pytestmark = pytest.mark.slow("src/valuebox/store", "cli/valuebox_cli/admin")

PREDICT, OUTCOMES = "/v1/ltv/predict", "/v1/ltv/outcomes"
EVENTS = "/v1/events"


def run(home: Path | None, url: str, *arguments: object) -> str:
    """A command, with the model store of the tests or another one."""
    command = [str(Path(sys.executable).with_name("valuebox")), *map(str, arguments)]
    homes = {} if home is None else {"BENTOML_HOME": str(home)}
    environment = {**os.environ, **homes, "DATABASE_URL": url}
    done = warm.run(command, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def records(exported: str) -> list[dict[str, Any]]:
    """Rows of an export, but for what the service notes in them when it adds them up."""
    rows = [json.loads(line) for line in exported.splitlines()]
    return [{name: one for name, one in row.items() if name != "summed"} for row in rows]


def keep_writing(service: Service, ended: Event) -> int:
    """Predict user after user until told to stop; return how many were answered."""
    answered = 0
    with httpx.Client(base_url=service.url, timeout=60) as http:
        while not ended.is_set():
            assert http.post(PREDICT, json=[user(2_000_000 + answered)] * 3).is_success
            answered += 1
    return answered


def test_a_service_is_restored_on_the_other_database(
    request: pytest.FixtureRequest, service: Service, model_tag: str, tmp_path: Path
) -> None:
    (kind,) = {*BACKENDS} - {service.store.engine.dialect.name}
    users, key, customer = [user(1_900_001), user(1_900_002)], f"drill-{new_id()}", str(new_id())
    headers = {"Idempotency-Key": key}
    first = service.http.post(PREDICT, json=users, headers=headers)
    assert first.status_code == 200
    outcome = [{"user_id": 1_900_001, "target": 12.5}]
    assert service.http.post(OUTCOMES, json=outcome).is_success
    event = {"source": "drill", "id": customer, "customer": customer, "type": "bought"}
    event |= {"time": "2026-11-01T10:00:00Z", "amount": 9.5, "properties": {"ü": ["\t\\"]}}
    assert service.http.post(EVENTS, json=[event]).is_success
    known = {
        arguments: run(None, service.database_url, "users", "export", *arguments)
        for arguments in (("1900001", "1900002"), (customer, "--source", "drill"))
    }
    assert [len(one.splitlines()) for one in known.values()] == [5, 1]

    ended = Event()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(keep_writing, service, ended)
        said = run(None, service.database_url, "backup", tmp_path / "backup", "--json")
        ended.set()
        assert writing.result() > 0
    assert model_tag in json.loads(said)["models"]

    request.param = kind
    url, home = empty_database(request, tmp_path), tmp_path / "home"
    run(home, url, "restore", tmp_path / "backup")
    run(home, url, "db", "check")
    for arguments, rows in known.items():
        assert records(run(None, url, "users", "export", *arguments)) == records(rows)
    with running(url, tmp_path, {"VALUEBOX_MODEL": model_tag, "BENTOML_HOME": str(home)}) as again:
        answer = again.http.post(PREDICT, json=users, headers=headers)
        assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")
        assert answer.content == first.content
        # The same model says the same of them once more.
        assert [one["prediction"] for one in again.predict(users)] == [
            one["prediction"] for one in first.json()
        ]
