"""A database that is down, breaks or freezes: what is answered meanwhile, and what is stored."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
from support.databases import PASSWORD, Postgres, count_rows, through
from support.proxy import FaultProxy, cutting
from support.services import Service, eventually, running
from support.users import user, users

from valuebox.serving.errors import Error, ErrorAnswer
from valuebox.store.engine import Store, make_engine

ROWS, CLIENTS = 20, 4
REQUESTS = [
    ("/v1/ltv/predict", [user(1, target=1.0)]),
    ("/v1/ltv/predictions/search", {}),
    ("/v1/ltv/outcomes", [{"user_id": 1, "target": 1.0}]),
]


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A server that nobody else needs, so that it can be stopped."""
    server = Postgres()
    yield server
    server.thaw()
    server.remove()


@pytest.fixture(scope="module")
def proxy(own_postgres: Postgres) -> Iterator[FaultProxy]:
    with cutting(own_postgres.socket) as started:
        yield started


@pytest.fixture(scope="module")
def database(own_postgres: Postgres) -> str:
    return own_postgres.new_database()


@pytest.fixture(scope="module")
def served(
    proxy: FaultProxy, database: str, tmp_path_factory: pytest.TempPathFactory, model_tag: str
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("faults")
    with running(through(database, proxy.port), folder, {"VALUEBOX_MODEL": model_tag}) as service:
        yield service


@pytest.fixture
def stored(served: Service, database: str) -> Iterator[Store]:
    """What is really there, whatever the proxy does."""
    store = Store(make_engine(database))
    yield store
    store.close()


@pytest.fixture
def during_outage(own_postgres: Postgres, served: Service) -> Iterator[Service]:
    """The service while its database is down; afterwards it is up again."""
    served.predict(users(20))
    own_postgres.stop()
    yield served
    own_postgres.start()


def send(service: Service, key: str, body: list[dict]) -> httpx.Response:
    return service.http.post("/v1/ltv/predict", json=body, headers={"Idempotency-Key": key})


def rows(store: Store) -> tuple[int, int]:
    found = count_rows(store)
    return found["ltv_features"], found["ltv_predictions"]


@pytest.mark.parametrize(
    ("order", "delivered"),
    [
        (b"INSERT INTO ltv_features", False),
        (b"INSERT INTO ltv_predictions", True),
        (b"COMMIT", False),
        (b"COMMIT", True),
    ],
    ids=["before features", "after predictions", "before commit", "after commit"],
)
def test_a_connection_that_breaks_leaves_all_or_nothing(
    served: Service, stored: Store, proxy: FaultProxy, order: bytes, delivered: bool
) -> None:
    before, cut = rows(stored)[0], proxy.cut
    key, body = uuid4().hex, users(ROWS)
    proxy.cut_at(order, delivered, after=b"INSERT INTO ltv_")
    broken = send(served, key, body)
    assert proxy.cut == cut + 1
    assert (broken.status_code, broken.json()["error"]["code"]) == (503, "database_unavailable")
    kept = ROWS if order == b"COMMIT" and delivered else 0
    eventually(lambda: rows(stored) == (before + kept, before + kept))
    first, second = send(served, key, body), send(served, key, body)
    assert first.status_code == 200, first.text
    assert first.content == second.content
    assert rows(stored) == (before + ROWS, before + ROWS)


@pytest.mark.parametrize("how", ["stopped", "frozen", "swallowed"])
def test_the_service_is_back_as_soon_as_its_database_is(
    served: Service, own_postgres: Postgres, stored: Store, proxy: FaultProxy, how: str
) -> None:
    ways: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "stopped": (own_postgres.stop, own_postgres.start),
        "frozen": (own_postgres.freeze, own_postgres.thaw),
        "swallowed": (proxy.stall, proxy.resume),
    }
    fail, mend = ways[how]
    before = rows(stored)[0]
    enough = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(insist, served, enough, number) for number in range(CLIENTS)]
        time.sleep(0.5)
        fail()
        try:
            asked = time.monotonic()
            eventually(lambda: served.http.get("/readyz").status_code == 503, seconds=5)
            denied = time.monotonic() - asked
            time.sleep(1.0)
        finally:
            mend()
            enough.set()
        mended = time.monotonic()
        eventually(lambda: send(served, uuid4().hex, users(ROWS)).status_code == 200, seconds=5)
        back = time.monotonic() - mended
        answered = sum(client.result() for client in clients)
    assert denied < 3.5
    assert back < 5
    expected = before + ROWS * (answered + 1)
    assert rows(stored) == (expected, expected)


def insist(service: Service, enough: threading.Event, number: int) -> int:
    """Send requests with keys, each until it is answered; how many there were."""
    answered = 0
    while not enough.is_set():
        key, body = uuid4().hex, users(ROWS, first_id=1000 * number + 1, seed=answered)
        while (answer := send(service, key, body)).status_code != 200:
            assert (answer.status_code, answer.json()["error"]["code"]) == (
                503,
                "database_unavailable",
            )
            time.sleep(0.05)
        assert [one["user_id"] for one in answer.json()] == [one["user_id"] for one in body]
        answered += 1
    return answered


def error_of(service: Service, path: str, body: object) -> tuple[int, Error]:
    answer = service.http.post(path, json=body)
    return answer.status_code, ErrorAnswer.model_validate_json(answer.content).error


@pytest.mark.parametrize(("path", "body"), REQUESTS)
def test_a_database_that_is_down_answers_503(
    during_outage: Service, path: str, body: object
) -> None:
    # Twice: once through a connection that was lost, once through a new one.
    for _ in range(2):
        status, error = error_of(during_outage, path, body)
        assert (status, error.code) == (503, "database_unavailable")


def test_only_readiness_depends_on_the_database(during_outage: Service) -> None:
    answer = during_outage.http.get("/readyz")
    assert answer.status_code == 503
    assert ErrorAnswer.model_validate_json(answer.content).error.code == "not_ready"
    for path in ("/livez", "/metrics"):
        assert during_outage.http.get(path, timeout=2).status_code == 200
    assert during_outage.http.post("/v1/ltv/model", json={}).status_code == 200


def test_bad_input_is_still_the_clients_matter(during_outage: Service) -> None:
    status, error = error_of(during_outage, "/v1/ltv/predict", [user(STV=-1.0)])
    assert (status, error.code) == (400, "invalid_input")


def test_the_service_recovers_by_itself_and_has_stored_nothing(
    own_postgres: Postgres, served: Service
) -> None:
    served.predict(users(20))
    before = served.count_rows()
    own_postgres.stop()
    for path, body in REQUESTS:
        assert error_of(served, path, body)[0] == 503
    own_postgres.start()
    eventually(lambda: served.http.get("/readyz").status_code == 200)
    assert served.count_rows() == before
    served.predict(users(20))
    assert served.count_rows()["ltv_predictions"] == before["ltv_predictions"] + 20


def test_connections_lost_between_two_requests_are_not_noticed(
    own_postgres: Postgres, served: Service
) -> None:
    served.predict([user()])
    own_postgres.stop()
    own_postgres.start()
    assert len(served.predict([user()])) == 1


def test_the_log_tells_of_the_outage_without_its_secrets(during_outage: Service) -> None:
    error_of(during_outage, "/v1/ltv/predict", [user(country_segment="hunter2-land")])
    logged = during_outage.log()
    assert "database unavailable" in logged
    assert PASSWORD not in logged
    assert "hunter2-land" not in logged
