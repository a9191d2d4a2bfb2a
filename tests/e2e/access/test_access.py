"""API keys, over HTTP and on both databases: who may do what, and how often."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from support.commands import only_line, valuebox
from support.databases import BACKENDS, migrated_database
from support.facts import customer, event
from support.services import Service, eventually, running
from support.users import user, users

from valuebox.serving.errors import STATUS_OF, ErrorAnswer

PREDICT, SEARCH, MODEL = "/v1/ltv/predict", "/v1/ltv/predictions/search", "/v1/ltv/model"
OUTCOMES = "/v1/ltv/outcomes"
OUTCOME = [{"user_id": 1, "target": 1.0}]
EVENTS, CUSTOMERS = "/v1/events", "/v1/customers"
GROWTH = "/v1/growth/report"


PREDICTS, READS = ("--scope", "predict"), ("--scope", "read")
# Made before the service starts: one that runs takes some seconds to take note of a new one.
MADE: dict[str, tuple[object, ...]] = {
    "predicts": PREDICTS,
    "reads": READS,
    "both": (*READS, *PREDICTS),
    "tells": ("--scope", "ingest"),
    "all": ("--scope", "admin"),
    "stays": READS,
    "goes": READS,
    "few requests": (*READS, "--requests-per-minute", 5),
    "few rows": (*PREDICTS, "--rows-per-minute", 30),
}


class Locked(NamedTuple):
    """A service that asks for keys, and the texts of its keys by name."""

    service: Service
    keys: dict[str, str]

    def ask(self, path: str, body: object, name: str, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.keys[name]}", **headers}
        return self.service.http.post(path, json=body, headers=sent)


@pytest.fixture(scope="module", params=BACKENDS)
def locked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, model_tag: str
) -> Iterator[Locked]:
    folder = tmp_path_factory.mktemp("locked")
    url = migrated_database(request, request.param, folder)
    keys = {
        name: only_line(valuebox("keys", "create", name, *given, "--database-url", url)[0])
        for name, given in MADE.items()
    }
    settings = {
        "VALUEBOX_MODEL": model_tag,
        "VALUEBOX_ACCESS": "keys",
        "VALUEBOX_CORS_ORIGINS": "https://app.example.com",
    }
    with running(url, folder, settings) as service:
        yield Locked(service, keys)


def code(answer: httpx.Response) -> str:
    error = ErrorAnswer.model_validate_json(answer.content).error
    assert answer.status_code == STATUS_OF[error.code]
    return error.code


def test_a_key_opens_what_its_scopes_say_and_no_more(locked: Locked) -> None:
    requests = {PREDICT: [user()], OUTCOMES: OUTCOME, SEARCH: {}, MODEL: {}}
    requests |= {EVENTS: [event()], CUSTOMERS: [customer()], GROWTH: {}}
    may = {
        "predicts": {PREDICT, OUTCOMES, MODEL},
        "reads": {SEARCH, MODEL, GROWTH},
        "both": {PREDICT, OUTCOMES, SEARCH, MODEL, GROWTH},
        "tells": {EVENTS, CUSTOMERS},
        "all": set(requests),
    }
    for name, allowed in may.items():
        for path, body in requests.items():
            answer = locked.ask(path, body, name)
            assert (answer.status_code == 200) == (path in allowed), (path, answer.text)
            if path not in allowed:
                assert code(answer) == "forbidden"
    metrics = {name: get_metrics(locked, f"Bearer {locked.keys[name]}").status_code for name in may}
    assert metrics == {"predicts": 403, "reads": 200, "both": 200, "tells": 403, "all": 200}


def get_metrics(locked: Locked, authorization: str | bytes) -> httpx.Response:
    return locked.service.http.get("/metrics", headers={"Authorization": authorization})


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer vbx_",
        "Bearer vbx__",
        "Bearer vbx_000000000000_secret",
        "Basic dXNlcjpwYXNz",
        "Bearer " + "x" * 5_000,
        "Bearer vbx_' OR 1=1 --_x",
        b"Bearer \xff\xfe",
    ],
)
@pytest.mark.sqlite_alone
def test_without_a_key_that_works_nothing_is_answered_or_stored(
    locked: Locked, authorization: str | bytes | None
) -> None:
    before = locked.service.count_rows()
    headers = {} if authorization is None else {"Authorization": authorization}
    for path, body in ((PREDICT, [user()]), (SEARCH, {})):
        refused = locked.service.http.post(path, json=body, headers=headers)
        assert code(refused) == "unauthenticated"
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert code(get_metrics(locked, authorization or "")) == "unauthenticated"
    assert locked.service.count_rows() == before


def test_a_key_with_another_secret_is_none(locked: Locked) -> None:
    right = locked.keys["all"]
    for wrong in (right[:-1], right + "A", right.rsplit("_", 1)[0] + "_", right.upper()):
        assert code(get_metrics(locked, f"Bearer {wrong}")) == "unauthenticated"
    assert get_metrics(locked, f"bearer  {right}").status_code == 200


def test_keys_that_are_revoked_or_new_are_noticed_without_a_restart_while_others_go_on(
    locked: Locked,
) -> None:
    assert locked.ask(MODEL, {}, "goes").status_code == 200
    at = ("--database-url", locked.service.database_url)
    new = only_line(valuebox("keys", "create", "new", "--scope", "read", *at)[0])
    output, _ = valuebox("keys", "revoke", "goes", *at)
    assert "revoked" in output
    eventually(lambda: locked.ask(MODEL, {}, "goes").status_code == 401, seconds=8)
    eventually(lambda: get_metrics(locked, f"Bearer {new}").status_code == 200, seconds=8)
    assert locked.ask(MODEL, {}, "stays").status_code == 200


@pytest.mark.sqlite_alone
def test_probes_and_documents_need_no_key(locked: Locked) -> None:
    for path in ("/livez", "/readyz", "/healthz", "/", "/api", "/docs.json"):
        assert locked.service.http.get(path).status_code == 200, path


def test_requests_beyond_the_limit_of_a_key_are_told_when_to_come_back(locked: Locked) -> None:
    answers = [locked.ask(MODEL, {}, "few requests") for _ in range(25)]
    refused = [answer for answer in answers if answer.status_code != 200]
    # The minute may turn once on the way.
    assert 15 <= len(refused) <= 20
    assert {code(answer) for answer in refused} == {"rate_limited"}
    assert all(1 <= int(answer.headers["Retry-After"]) <= 60 for answer in refused)
    assert locked.ask(MODEL, {}, "stays").status_code == 200


def test_rows_beyond_the_limit_of_a_key_are_not_stored(locked: Locked) -> None:
    before = locked.service.count_rows()["ltv_features"]
    answers = [locked.ask(PREDICT, users(10), "few rows") for _ in range(9)]
    stored = sum(answer.status_code == 200 for answer in answers)
    assert {code(answer) for answer in answers if answer.status_code != 200} == {"rate_limited"}
    assert 3 <= stored <= 6
    assert locked.service.count_rows()["ltv_features"] == before + 10 * stored
    never = locked.ask(PREDICT, users(31), "few rows")
    assert code(never) == "invalid_input"
    assert "30 rows" in never.json()["error"]["message"]


def test_callers_do_not_meet_in_their_idempotency_keys(locked: Locked) -> None:
    one, other = (
        [locked.ask(PREDICT, [user()], name, **{"Idempotency-Key": "1"}) for _ in range(2)]
        for name in ("predicts", "both")
    )
    assert {answer.status_code for answer in one + other} == {200}
    assert one[0].content == one[1].content != other[0].content == other[1].content


@pytest.mark.sqlite_alone
def test_the_log_names_the_key_and_never_shows_it(locked: Locked) -> None:
    secret = locked.keys["stays"]
    locked.ask(MODEL, {}, "stays")
    locked.ask(f"{MODEL}?api_key={secret}", {}, "stays")
    logged = locked.service.log()
    assert '"key": "stays"' in logged
    assert secret.split("_", 2)[2] not in logged


@pytest.mark.sqlite_alone
def test_web_pages_of_named_origins_may_call_and_others_not(locked: Locked) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization, content-type"
    allowed, other = (
        locked.service.http.options(PREDICT, headers={"Origin": origin, **asked})
        for origin in ("https://app.example.com", "https://evil.example.com")
    )
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.sqlite_alone
def test_by_default_no_web_page_may_call(service: Service) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    for answer in (
        service.http.options(PREDICT, headers=headers),
        service.http.post(MODEL, json={}, headers=headers),
    ):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.sqlite_alone
def test_the_command_line_sends_the_key_of_its_environment(
    locked: Locked, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, at = data_dir / "valid.csv", ["--url", locked.service.url]
    _, said = valuebox("evaluate", file, *at, exit_code=1)
    assert "401 unauthenticated" in only_line(said)
    assert "VALUEBOX_API_KEY" in said
    monkeypatch.setenv("VALUEBOX_API_KEY", locked.keys["predicts"])
    valuebox("evaluate", file, *at)
    _, said = valuebox("predictions", *at, exit_code=1)
    assert "403 forbidden" in only_line(said)
