from collections.abc import Iterator

import pytest
from support.databases import PASSWORD, Postgres
from support.services import Service, eventually, running
from support.users import user, users

from valuebox.serving.errors import Error, ErrorAnswer

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
    server.remove()


@pytest.fixture(scope="module")
def served(
    own_postgres: Postgres, tmp_path_factory: pytest.TempPathFactory, model_tag: str
) -> Iterator[Service]:
    settings = {"VALUEBOX_MODEL": model_tag}
    folder = tmp_path_factory.mktemp("outage")
    with running(own_postgres.new_database(), folder, settings) as service:
        yield service


@pytest.fixture
def during_outage(own_postgres: Postgres, served: Service) -> Iterator[Service]:
    """The service while its database is down; afterwards it is up again."""
    served.predict(users(20))
    own_postgres.stop()
    yield served
    own_postgres.start()


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
