"""What a browser is shown first, and the headers under which it is shown anything."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.browser import as_new
from support.looks import READABLE, doubled_landmarks, least_contrast, watch
from support.services import Service

from valuebox import __version__

PAGES = ("/", "/api", "/dashboard")
TEXTS = "h1, h2, th, td, p, dt, dd, a, code, label, summary, button"
# What Mozilla's HTTP Observatory asks of every answer, apart from HTTPS.
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def endpoints(service: Service) -> set[str]:
    paths = service.http.get("/docs.json").json()["paths"]
    found = {path for path in paths if path.startswith("/v1/")}
    assert "/v1/ltv/predict" in found
    return found


# Pages look alike whatever the service stores in.
ONCE = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def opened(browser: Browser, service: Service) -> Iterator[Page]:
    page = browser.new_page(base_url=service.url)
    yield page
    page.close()


@pytest.fixture
def page(opened: Page) -> Page:
    """A page that the tests have one after the other."""
    return as_new(opened)


@ONCE
@pytest.mark.parametrize("path", PAGES)
def test_pages_load_nothing_from_elsewhere_run_no_script_and_fit(
    service: Service, page: Page, path: str
) -> None:
    wrong = watch(page, f"{service.url}/")
    page.goto(f"{service.url}{path}")
    page.locator("summary").evaluate_all("(all) => all.forEach((one) => one.click())")
    assert page.locator("details:not([open])").count() == 0
    for width in (390, 1200, 2200):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert least_contrast(page, TEXTS) >= READABLE
    assert wrong == []
    assert doubled_landmarks(page) == []
    assert page.locator("script").count() == 0
    assert page.title().endswith(" · valuebox")


@ONCE
def test_the_start_page_leads_to_the_api_and_says_which_version_runs(
    service: Service, page: Page
) -> None:
    page.goto("/")
    expect(page.get_by_role("main")).to_contain_text(f"Version {__version__}")
    page.get_by_role("link", name="API", exact=True).click()
    for path in endpoints(service):
        expect(page.get_by_role("link", name=path, exact=True)).to_be_visible()


@pytest.mark.sqlite_alone
def test_the_examples_of_the_api_page_are_good_requests(service: Service, page: Page) -> None:
    page.goto("/api")
    examples = {
        card.get_attribute("id"): card.locator("pre").inner_text()
        for card in page.locator("section[id]").all()
        if card.locator("pre").count()
    }
    # What takes nothing has no example.
    models = {
        f"/v1/{name}/model" for name in ("growth/response", "handle", "ltv", "offers", "recommend")
    }
    nothing = models | {"/v1/models"}
    assert endpoints(service) - examples.keys() == nothing
    for path, example in examples.items():
        is_address = example.startswith(f"{path}?")
        answer = (
            service.http.get(example)
            if is_address
            else service.http.post(str(path), json=json.loads(example))
        )
        # Who or what an example names may not be there; nothing is wrong with what it says.
        assert answer.status_code in {200, 404, 409}, (path, example, answer.text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in (*PAGES, "/docs.json", "/readyz", "/livez", "/metrics")),
        ("GET", "/dashboard/segments.csv"),
        ("GET", "/nothing"),
        ("POST", "/v1/ltv/model"),
        ("POST", "/v1/ltv/predict"),
        ("PUT", "/"),
    ],
)
@pytest.mark.sqlite_alone
def test_every_answer_has_the_headers_that_browsers_are_to_obey(
    service: Service, method: str, path: str
) -> None:
    answer = service.http.request(method, path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.sqlite_alone
def test_what_bentoml_would_show_is_not_there(service: Service) -> None:
    for path in ("/static_content/swagger-ui.css", "/static_content/index.css", "/favicon.ico"):
        assert service.http.get(path).status_code == 404
    assert service.http.get("/docs.json").json()["info"]["version"] == __version__
    assert "googletagmanager" not in service.http.get("/").text


@pytest.mark.sqlite_alone
def test_only_reading_is_possible(service: Service) -> None:
    refused = service.http.post("/api")
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "GET, HEAD"
    assert service.http.head("/api").status_code == 200
