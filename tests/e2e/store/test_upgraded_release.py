"""A database and models that release 0.1.0 has left behind, upgraded and served by this version.

`tests/support/release_0_1_0` was written by that very release; its README says how.
"""

import json
import lzma
import os
import subprocess
import sys
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import text
from support import warm
from support.databases import BACKENDS, Postgres
from support.dumps import libpq, with_programs
from support.services import running
from support.sums import fold

from valuebox.store.engine import make_engine

pytestmark = pytest.mark.slow(
    "src/valuebox/store", "src/valuebox/compartments", "tests/support/release_0_1_0"
)

LEFT: Final = Path(__file__).parents[2] / "support" / "release_0_1_0"


def restored(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """The URL of a database as the release has left it, with requests that came a moment ago."""
    if kind == "sqlite":
        file = folder / "valuebox.db"
        file.write_bytes(lzma.decompress((LEFT / "sqlite.db.xz").read_bytes()))
        url = f"sqlite:///{file}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
        subprocess.run(
            ["psql", "-q", "-v", "ON_ERROR_STOP=1", libpq(url)],
            input=lzma.decompress((LEFT / "postgresql.sql.xz").read_bytes()),
            env=with_programs(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
    engine = make_engine(url)
    lately = datetime.now(UTC) - timedelta(hours=1)
    with engine.begin() as connection:
        # Keys are remembered for a day.
        connection.execute(
            text("UPDATE idempotent_requests SET claimed_at = :lately"),
            {"lately": lately.replace(tzinfo=None) if kind == "sqlite" else lately},
        )
    engine.dispose()
    return url


def run(home: Path, url: str, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
    """A command, with the model store of the release."""
    command = [str(Path(sys.executable).with_name("valuebox")), *arguments]
    environment = {**os.environ, "BENTOML_HOME": str(home), "DATABASE_URL": url}
    done = warm.run(command, env=environment, timeout=120)
    assert done.returncode in codes, done.stderr + done.stdout
    return done.stdout


def records(exported: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in exported.splitlines()]


def cohorts(http: httpx.Client) -> list[str]:
    return http.get("/dashboard/cohorts.csv").text.splitlines()


@pytest.mark.parametrize("kind", BACKENDS)
def test_what_release_0_1_0_stored_is_served(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    said = json.loads((LEFT / "said.json").read_text())
    then, home, url = said["of"][kind], tmp_path / "home", restored(request, kind, tmp_path)
    for name in ("ltv", "response"):
        with tarfile.open(LEFT / f"{name}.tar.xz") as models:
            models.extractall(home / "models", filter="data")
    settings = {
        "BENTOML_HOME": str(home),
        "VALUEBOX_ACCESS": "keys",
        "VALUEBOX_LEAST_USERS": "1",
    }
    with running(url, tmp_path, settings) as service:
        http = service.http
        # A key of then opens.
        assert http.post("/v1/ltv/model", json={}).status_code == 401
        http.headers["Authorization"] = f"Bearer {then['key']}"

        # The sums of then are those of now.
        now, before = cohorts(http), then["cohorts"].splitlines()
        assert [line.split(",")[:4] for line in now] == [line.split(",")[:4] for line in before]

        # Requests of then are answered as they were, and found.
        for path, key in (("/v1/ltv/predict", "night-1"), ("/v1/growth/response", "night-2")):
            asked = then[path.rsplit("/", 1)[1]]
            headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
            again = http.post(path, content=asked["body"], headers=headers)
            assert (again.status_code, again.headers["X-Request-Id"]) == (200, asked["id"])
            assert again.json() == json.loads(asked["answer"])
        answered = json.loads(then["predict"]["answer"])
        wanted = {"request_id": then["predict"]["id"]}
        page = http.post("/v1/ltv/predictions/search", json=wanted).json()
        found = {one["user_id"]: one["prediction"] for one in page["predictions"]}
        assert found == {one["user_id"]: one["prediction"] for one in answered}
        assert sum(one["target"] is not None for one in page["predictions"]) == 12
        page = http.post("/v1/growth/response/search", json=said["asked"]).json()
        assert {one["request_id"] for one in page["predictions"]} == {then["response"]["id"]}

        # Its models predict as they did.
        (model,) = {one["model"] for one in answered}
        once_more = service.predict(said["users"])
        assert {one["model"] for one in once_more} == {model}
        for one, other in zip(once_more, answered, strict=True):
            assert one["prediction"] == pytest.approx(other["prediction"], rel=1e-5)
        answer = http.post("/v1/growth/response", json=said["asked"]).json()
        assert answer["model"] == json.loads(then["response"]["answer"])["model"]

        # What is known of people is handed out, and monitoring goes on where it was.
        for (*whose, first), exported in zip(
            ((str(said["users"][0]["user_id"]),), ("--source", "shop", "c1")),
            then["exported"],
            strict=True,
        ):
            mine = records(run(home, url, "users", "export", *whose, first))
            for one in records(exported):
                assert any(one.items() <= other.items() for other in mine), one

        def monitored() -> int:
            with service.store.reading() as session:
                results = text("SELECT count(*) FROM ltv_monitor_results")
                return session.execute(results).scalar_one()

        assert monitored() == 1
        fold(service.store)
        assert cohorts(http) != now
        run(home, url, "monitor", "--compartment", "ltv", codes=(0, 1))
        assert monitored() == 2
        run(home, url, "db", "check")
