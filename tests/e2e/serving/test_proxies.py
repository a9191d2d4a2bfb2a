"""The service behind proxies: below a path of theirs, and while its version is changed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect
from support import rolling
from support.commands import only_line, valuebox
from support.databases import Postgres, migrated_sqlite
from support.reverse_proxies import Kind, proxy
from support.services import ROOT, Service, running

from valuebox.store.engine import Store, make_engine

PREFIX = "/models/ltv"


@pytest.fixture(scope="module")
def locked(
    tmp_path_factory: pytest.TempPathFactory, model_tag: str
) -> Iterator[tuple[Service, str]]:
    """A service that asks for keys and trusts proxies of this machine, and a key that reads."""
    folder = tmp_path_factory.mktemp("proxied")
    url = migrated_sqlite(folder)
    key = only_line(valuebox("keys", "create", "k", "--scope", "read", "--database-url", url)[0])
    settings = {
        "VALUEBOX_MODEL": model_tag,
        "VALUEBOX_ACCESS": "keys",
        "VALUEBOX_TRUSTED_PROXIES": "127.0.0.0/8",
        # The latter is how nginx calls it by itself: after its group of servers.
        "VALUEBOX_HOSTS": "values.example.com valuebox",
    }
    with running(url, folder, settings) as service:
        yield service, key


def test_below_a_path_of_a_proxy_somebody_signs_in_and_leaves(
    locked: tuple[Service, str], browser: Browser
) -> None:
    service, key = locked
    port = httpx.URL(service.url).port
    assert port is not None
    with proxy("nginx", [port], PREFIX) as url:
        context = browser.new_context()
        page = context.new_page()
        # An older browser, which does not say where a form comes from but by its origin.
        page.set_extra_http_headers({"X-Forwarded-Host": httpx.URL(url).netloc.decode()})
        page.goto(f"{url}/")
        page.get_by_role("link", name="Dashboard").first.click()
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        assert page.url == f"{url}/dashboard"
        (cookie,) = context.cookies()
        assert cookie["path"] == f"{PREFIX}/dashboard"
        page.get_by_role("link", name="API", exact=True).click()
        assert page.url == f"{url}/api"
        page.goto(f"{url}/dashboard")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("API key")).to_be_visible()
        assert page.url == f"{url}/dashboard/sign-in"
        assert context.cookies() == []
        context.close()


def test_the_log_names_the_client_of_a_trusted_proxy_and_no_invented_one(
    locked: tuple[Service, str],
) -> None:
    service, _ = locked
    port = httpx.URL(service.url).port
    assert port is not None
    with proxy("haproxy", [port]) as url:
        httpx.get(f"{url}/docs.json", headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
    lines = [json.loads(line) for line in service.log().splitlines() if line.startswith("{")]
    asked = [line for line in lines if line.get("path") == "/docs.json"]
    # HAProxy has added the address that it saw, which is trusted itself.
    assert asked[-1]["client"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("host", "status"),
    [("values.example.com", 401), ("VALUES.example.com:443", 401), ("localhost", 401),
     ("evil.example", 403), ("values.example.com.evil.example", 403)],
)  # fmt: skip
def test_only_names_that_were_told_lead_to_it(
    locked: tuple[Service, str], host: str, status: int
) -> None:
    service, _ = locked
    answer = service.http.post("/v1/ltv/model", json={}, headers={"Host": host})
    assert answer.status_code == status
    assert service.http.get("/readyz", headers={"Host": host}).status_code == 200


@dataclass(frozen=True)
class Replica:
    """A service that runs, of the version in some folder."""

    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """As an operator does; it has to end well."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0


@contextmanager
def replica(folder: Path, url: str, model: str, port: int) -> Iterator[Replica]:
    """A service of the version in a folder, stopped at the end if it still runs."""
    environment = {
        **os.environ,
        **rolling.SETTINGS,
        "DATABASE_URL": url,
        "VALUEBOX_MODEL": model,
        "PYTHONPATH": str(folder / "src"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "bentoml", "serve", ".", "--host", "127.0.0.1", "--port", str(port)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Replica(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def newer_version(folder: Path) -> Path:
    """This version with one migration more, with which this version goes on."""
    for name in ("src", "bentofile.yaml", "pyproject.toml", "README.md"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    rolling.write_newer_migration(folder / rolling.MIGRATIONS)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["haproxy", "nginx"])
def test_a_rolling_upgrade_and_its_rollback_refuse_nobody(
    postgres: Postgres, tmp_path: Path, model_tag: str, kind: Kind
) -> None:
    url = postgres.new_database()
    newer = newer_version(tmp_path)
    store = Store(make_engine(url))
    rolling.upgrade_and_go_back(
        kind,
        store,
        this=lambda port: replica(ROOT, url, model_tag, port),
        newer=lambda port: replica(newer, url, model_tag, port),
    )
    store.close()
