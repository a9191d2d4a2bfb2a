"""Who sees the dashboard where keys are asked for."""

import logging
from collections.abc import Iterator
from http.cookies import SimpleCookie

import httpx
import pytest
from starlette.responses import Response
from support.dashboards import HTML, Site, leads_to, site_on
from support.pages import Page

from valuebox.access import callers as access
from valuebox.access.keys import Scope, revoke_key
from valuebox.compartments.ltv.model import LtvModel
from valuebox.dashboard.sessions import COOKIE, SECONDS, Sessions
from valuebox.store.engine import Store


@pytest.fixture
def site(postgres_store: Store, model: LtvModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    # Keys that were made a moment ago work at once.
    monkeypatch.setattr(access, "REFRESH_SECONDS", 0.0)
    with site_on(postgres_store, model, mode="keys") as found:
        yield found


@pytest.fixture
def key(site: Site) -> str:
    return site.key("looks", Scope.READ)


def cookie_of(answer: httpx.Response) -> SimpleCookie:
    return SimpleCookie(answer.headers["set-cookie"])


def is_asked_to_sign_in(answer: httpx.Response) -> bool:
    asked = "Sign in" in Page(answer.text).texts("h1")
    assert asked == (answer.status_code in {401, 403})
    return asked


def test_a_key_becomes_a_session(site: Site, key: str) -> None:
    assert is_asked_to_sign_in(site.get())
    entered = site.sign_in(key)
    assert (entered.status_code, leads_to(entered)) == (303, "/dashboard")
    cookie = cookie_of(entered)[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "")
    assert cookie["max-age"] == str(SECONDS)
    assert cookie["secure"] == ""
    page = site.get()
    assert page.status_code == 200
    assert "Sign out" in Page(page.text).texts("button")
    assert site.http.get("/dashboard/cohorts.csv").status_code == 200
    left = site.http.post("/dashboard/sign-out")
    assert (left.status_code, leads_to(left)) == (303, "/dashboard/sign-in")
    assert is_asked_to_sign_in(site.get())


def test_behind_tls_the_cookie_stays_there(site: Site, key: str) -> None:
    entered = site.sign_in(key, **{"X-Forwarded-Proto": "https"})
    assert cookie_of(entered)[COOKIE]["secure"] is True


def test_the_key_is_written_down_nowhere(
    site: Site, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = key.split("_", 2)[2]
    answers = [site.sign_in(key), site.get(), site.sign_in(key + "x"), site.sign_in("&<script>")]
    for answer in answers:
        assert secret not in answer.text + str(answer.headers)
    assert secret not in caplog.text
    assert secret not in str([vars(record) for record in caplog.records])


@pytest.mark.parametrize("scope", [Scope.PREDICT, None])
def test_a_key_that_does_not_read_opens_nothing(site: Site, scope: Scope | None) -> None:
    key = site.key("other", scope) if scope else "vbx_0123456789ab_wrong"
    answer = site.sign_in(key)
    assert is_asked_to_sign_in(answer)
    (alert,) = (one for one in Page(answer.text).all("p") if one.attributes.get("role") == "alert")
    assert alert.text == (
        "This API key lacks the scope read." if scope else "That key does not work."
    )
    assert "set-cookie" not in answer.headers
    assert is_asked_to_sign_in(site.get())


def test_what_was_asked_for_comes_after_signing_in(site: Site, key: str) -> None:
    asked = site.get("segment=a%26b&from=2019-07-01")
    (form,) = Page(asked.text).all("form")
    assert form.attributes["action"] == "dashboard/sign-in?segment=a%26b&from=2019-07-01"
    entered = site.sign_in(key, "segment=a%26b&from=2019-07-01")
    assert leads_to(entered) == "/dashboard?segment=a%26b&from=2019-07-01"


@pytest.mark.parametrize("query", ["next=https://example.com", "/../..//example.com", "segment"])
def test_nobody_is_sent_to_another_site(site: Site, key: str, query: str) -> None:
    answer = site.sign_in(key, query)
    assert "location" not in answer.headers or leads_to(answer) == "/dashboard"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://example.com"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1"},
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:81"},
    ],
)
def test_a_page_of_another_site_cannot_sign_anybody_in(
    site: Site, key: str, headers: dict[str, str]
) -> None:
    answer = site.sign_in(key, **headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert site.sign_in(key, Origin="http://127.0.0.1").status_code == 303
    assert site.http.post("/dashboard/sign-out", headers=headers).status_code == 403
    assert site.get().status_code == 200


def test_a_session_is_good_for_the_dashboard_alone(site: Site, key: str) -> None:
    site.sign_in(key)
    cookies = f"{COOKIE}={site.http.cookies[COOKIE]}"
    answer = site.http.get("/metrics", headers={"Cookie": cookies})
    assert answer.json()["error"]["code"] == "unauthenticated"


def test_a_session_ends_with_its_key(site: Site, key: str) -> None:
    site.sign_in(key)
    assert site.get().status_code == 200
    with site.store.writing() as session:
        revoke_key(session, "looks")
    assert is_asked_to_sign_in(site.get())


def test_a_session_counts_against_the_limit_of_its_key(site: Site, key: str) -> None:
    site.sign_in(key)
    with site.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE api_keys SET requests_per_minute = 2")
    statuses = [site.get().status_code for _ in range(6)]
    # A minute may end in between.
    assert 429 in statuses
    assert statuses[0] == 200


def test_a_session_cannot_be_made_up(site: Site, key: str) -> None:
    site.sign_in(key)
    said, _, signature = site.http.cookies[COOKIE].rpartition(".")
    key_id, until = said.split(".")
    later = f"{key_id}.{int(until, 16) + 1:x}"
    for made_up in (
        f"{later}.{signature}",
        f"{said}.{signature[:-1]}",
        said,
        "",
        "...",
        f"{said}.\xe9",
        f"{key_id}.{until}.{'0' * 64}",
    ):
        cookie = f"{COOKIE}={made_up}".encode("latin-1")
        site.http.cookies.clear()
        answer = site.http.get("/dashboard", headers=[*HTML.items(), ("Cookie", cookie)])
        assert is_asked_to_sign_in(answer), made_up


def test_a_session_ends_by_itself_and_with_its_secret() -> None:
    now = 1_000.0
    sessions = Sessions("secret", clock=lambda: now)
    entered = Response()
    sessions.begin(entered, "0123456789ab", is_secure=False)
    cookies = entered.headers["set-cookie"].partition(";")[0]
    assert sessions.key_id(cookies) == "0123456789ab"
    assert Sessions("another", clock=lambda: now).key_id(cookies) is None
    now += SECONDS - 1
    assert sessions.key_id(cookies) == "0123456789ab"
    now += 1
    assert sessions.key_id(cookies) is None


def test_a_program_sends_its_key_as_everywhere(site: Site, key: str) -> None:
    header = {"Authorization": f"Bearer {key}"}
    assert site.http.get("/dashboard/cohorts.csv", headers=header).status_code == 200
    refused = site.http.get("/dashboard/cohorts.csv")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthenticated")
    assert refused.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b'{"key": "x"}', "application/json", 415),
        (b"key=x", "text/plain", 415),
        (b"key=" + b"x" * 3_000, "application/x-www-form-urlencoded", 413),
        (b"", "application/x-www-form-urlencoded", 401),
        (b"&".join([b"key=x"] * 400), "application/x-www-form-urlencoded", 413),
        (b"key=%ff%00&key=y&other=1", "application/x-www-form-urlencoded", 401),
    ],
)
def test_odd_forms_are_refused(site: Site, content: bytes, media_type: str, status: int) -> None:
    headers = {"Content-Type": media_type}
    answer = site.http.post("/dashboard/sign-in", content=content, headers=headers)
    assert answer.status_code == status
    headers["Content-Encoding"] = "gzip"
    answer = site.http.post("/dashboard/sign-in", content=content, headers=headers)
    assert answer.status_code == 415
