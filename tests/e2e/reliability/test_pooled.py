"""Two services behind one PgBouncer in transaction mode: everything works as without it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from support.commands import valuebox
from support.databases import Postgres, count_rows, open_store, through
from support.poolers import WAYS, pooler
from support.released import stored_then
from support.services import eventually, running
from support.users import user, users

from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.histories import OURS

pytestmark = pytest.mark.slow("src/valuebox/compartments/ltv", "src/valuebox/facts")

PREDICT = "/v1/ltv/predict"
WORKSHOP = Path(__file__).parents[3] / "data"


@pytest.fixture(params=WAYS)
def pooled(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[tuple[str, Store]]:
    """The URL of a database of an earlier version behind the pooler, and a way past that."""
    url = postgres.new_database()
    engine = make_engine(url)
    stored_then(engine, "0009", {})
    engine.dispose()
    store = open_store(url)
    # It has three sessions for all: whoever kept one would starve the others.
    with pooler(postgres, request.param) as port:
        yield through(url, port), store
    store.close()


def upgrade(url: str) -> str:
    engine = make_engine(url)
    try:
        return migrate.upgrade(engine)
    finally:
        engine.dispose()


def test_two_services_migrate_answer_once_and_learn(
    pooled: tuple[str, Store], model_tag: str, tmp_path: Path
) -> None:
    url, store = pooled
    settings = {"VALUEBOX_MODEL": model_tag, "VALUEBOX_LEAST_USERS": "1"}
    with ExitStack() as stack, ThreadPoolExecutor(16) as pool:
        # Whoever comes first migrates.
        others = [pool.submit(upgrade, url) for _ in range(2)]
        services = [stack.enter_context(running(url, tmp_path, settings)) for _ in range(2)]
        assert [one.result() for one in others] == [OURS.head] * 2
        assert migrate.is_current(store.engine)

        def ask(number: int) -> httpx.Response:
            sent, key = ([user(1)], "one") if number % 2 else (users(150, first_id=2), "many")
            http = services[number // 2 % 2].http
            return http.post(PREDICT, json=sent, headers={"Idempotency-Key": key})

        answers = [*pool.map(ask, range(32))]
        assert {one.status_code for one in answers} == {200}
        for same in (answers[::2], answers[1::2]):
            assert len({one.content for one in same}) == 1
            assert sum("Idempotent-Replayed" not in one.headers for one in same) == 1
        outcomes = [{"user_id": number, "target": 2.0} for number in range(1, 152)]
        told = [one.http.post("/v1/ltv/outcomes", json=outcomes).json() for one in services]
        assert [one["added"] for one in told] == [151, 0]
        assert {*count_rows(store).values()} == {151}

        # One of them adds up, and what it has is on the pages of both.
        def added() -> int:
            with store.reading() as session:
                return session.execute(text("SELECT sum(users) FROM ltv_cohorts")).scalar() or 0

        eventually(lambda: added() == 151, seconds=120)
        tables = [one.http.get("/dashboard/cohorts.csv").text for one in services]
        assert tables[0] == tables[1]
        assert len(tables[0].splitlines()) > 1

        # Commands beside them: staged rows, an index beside writers, learning, a backup.
        at = ("--database-url", url)
        mapping = WORKSHOP / "workshop.toml"
        valuebox("import", WORKSHOP / "workshop-1.db", "--mapping", mapping, *at)
        said, _ = valuebox("growth", "train", "--model", "pooled", *at)
        assert "learned from 800 customers" in said
        assert "every row has its row" in valuebox("db", "check", *at)[0]
        said, _ = valuebox("backup", tmp_path / "backup", "--json", *at)
        assert json.loads(said)["rows"]["ltv_predictions"] == 151
        report = services[1].http.post("/v1/growth/report", json={}).json()
        assert report["types"]
