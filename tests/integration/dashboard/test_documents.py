"""The documents as a site below the dashboard, where they were packed."""

import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from support.dashboards import HTML, site_on
from support.pages import Page
from support.services import ROOT

from valuebox.access import callers as access
from valuebox.access.keys import Scope
from valuebox.compartments.ltv.model import LtvModel
from valuebox.dashboard import documents, pages
from valuebox.pages.rendering import digest
from valuebox.store.engine import Store

pytestmark = pytest.mark.sqlite_alone

INLINE = "document.body.dataset.theme = 'auto'"
FILES = {
    "index.html": f"<script>{INLINE}</script><a href='why/first.html'>É</a>",
    "why/first.html": '<script src="../_static/search.js"></script>',
    "_static/search.js": "// searches",
    "../outside.html": "a name that leads elsewhere",
    ".buildinfo": "what made it",
}


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ZipFile(tmp_path / "documents.zip", "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    yield from at(tmp_path / "documents.zip", monkeypatch)


@pytest.fixture
def not_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from at(tmp_path / "documents.zip", monkeypatch)


def at(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(documents, "FILE", file)
    for one in (documents.packed, pages._templates):
        one.cache_clear()
    yield
    for one in (documents.packed, pages._templates):
        one.cache_clear()


@pytest.mark.usefixtures("packed")
def test_the_dashboard_leads_to_them(store: Store, model: LtvModel) -> None:
    with site_on(store, model) as site:
        links = {one.text: one.attributes["href"] for one in Page(site.at("").text).all("a")}
        assert links["Documents"] == "dashboard/docs/index.html"
        own = Page(site.at("/search?q=1").text).all("a")
        assert "../dashboard/docs/index.html" in [one.attributes["href"] for one in own]
        answer = site.at("/docs/index.html")
        assert (answer.status_code, answer.text) == (200, FILES["index.html"])
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert site.at("/docs/why/first.html").text == FILES["why/first.html"]
        script = site.at("/docs/_static/search.js")
        assert script.headers["Content-Type"].startswith("text/javascript")
        assert site.http.request("HEAD", "/dashboard/docs/index.html").status_code == 200
        assert site.http.post("/dashboard/docs/index.html").status_code == 405


@pytest.mark.usefixtures("packed")
def test_they_run_their_own_scripts_alone(store: Store, model: LtvModel) -> None:
    with site_on(store, model) as site:
        policy = site.at("/docs/index.html").headers["Content-Security-Policy"]
        assert f"script-src 'self' {digest(INLINE)};" in policy
        assert "default-src 'none'" in policy
        other = site.at("/docs/why/first.html").headers["Content-Security-Policy"]
        assert "script-src 'self';" in other


@pytest.mark.usefixtures("packed")
def test_whoever_has_no_key_is_asked_for_one(
    store: Store, model: LtvModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A key that was made a moment ago works at once.
    monkeypatch.setattr(access, "REFRESH_SECONDS", 0.0)
    with site_on(store, model, mode="keys") as site:
        for path in ("/docs/index.html", "/docs/why/first.html?highlight=key"):
            asked = site.at(path)
            assert asked.status_code == 401
            assert "Sign in" in Page(asked.text).texts("h1")
        site.sign_in(site.key("reads", Scope.READ))
        assert site.at("/docs/index.html").status_code == 200


@pytest.mark.usefixtures("packed")
@pytest.mark.parametrize(
    "path",
    [
        "docs",
        "docs/",
        "docs/missing.html",
        "docs/.buildinfo",
        "docs/index.html/",
        "docs/%2e%2e/%2e%2e/documents.py",
        "docs//etc/passwd",
        "docs/why/%2e%2e/index.html",
    ],
)
def test_nothing_else_is_handed_out(store: Store, model: LtvModel, path: str) -> None:
    with site_on(store, model) as site:
        answer = site.http.get(f"/dashboard/{path}", headers=HTML)
        assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.usefixtures("not_packed")
def test_without_them_nothing_leads_there(store: Store, model: LtvModel) -> None:
    with site_on(store, model) as site:
        assert "Documents" not in Page(site.at("").text).texts("a")
        assert site.at("/docs/index.html").status_code == 404


def test_they_go_into_the_bento_and_the_wheel() -> None:
    file = str(documents.FILE.relative_to(ROOT))
    included = yaml.safe_load((ROOT / "bentofile.yaml").read_text())["include"]
    assert any(fnmatch(file, one) for one in included)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert file in project["tool"]["hatch"]["build"]["targets"]["wheel"]["artifacts"]
    assert file in (ROOT / "Makefile").read_text()
