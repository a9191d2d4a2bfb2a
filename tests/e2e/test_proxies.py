"""The service behind proxies: below a path of theirs, and while its version is changed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import text
from support.commands import only_line, valuebox
from support.databases import Postgres
from support.reverse_proxies import Kind, proxy
from support.services import ROOT, Service, eventually, running
from support.users import user

from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox_cli.server import free_port

PREFIX = "/models/ltv"


@pytest.fixture(scope="module")
def locked(
    tmp_path_factory: pytest.TempPathFactory, model_tag: str
) -> Iterator[tuple[Service, str]]:
    """A service that asks for keys and trusts proxies of this machine, and a key that reads."""
    folder = tmp_path_factory.mktemp("proxied")
    url = f"sqlite:///{folder}/valuebox.db"
    valuebox("db", "upgrade", "--database-url", url)
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
        expect(page.get_by_role("heading", level=1)).to_have_text("Lifetime value")
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


@contextmanager
def replica(folder: Path, url: str, model: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A service of the version in a folder, stopped at the end if it still runs."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "VALUEBOX_MODEL": model,
        # Longer than a proxy takes to notice.
        "VALUEBOX_DRAIN_SECONDS": "3",
        "VALUEBOX_HOSTS": "valuebox",
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
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success
    except httpx.HTTPError:
        return False


class Load:
    """Callers who never ask twice, and what they were answered."""

    def __init__(self, url: str, callers: int = 4):
        self.answers: Counter[int | str] = Counter()
        self._url = url
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]

    def __enter__(self) -> "Load":
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Ask no more, and wait for what was asked."""
        self._stopping.set()
        for one in self._threads:
            one.join()

    def _call(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as http:
            while not self._stopping.wait(0.02):
                headers = {"Idempotency-Key": uuid4().hex}
                try:
                    answer = http.post("/v1/ltv/predict", json=[user(1)], headers=headers)
                    self.answers[answer.status_code] += 1
                except httpx.HTTPError as error:
                    self.answers[type(error).__name__] += 1


def newer_version(folder: Path) -> Path:
    """This version with one migration more, with which this version goes on."""
    for name in ("src", "bentofile.yaml", "pyproject.toml", "README.md"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    engine = make_engine(f"sqlite:///{folder}/head.db")
    head = migrate.upgrade(engine)
    engine.dispose()
    versions = folder / "src" / "valuebox" / "store" / "migrations" / "versions"
    (versions / "0999_more.py").write_text(
        f'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "0999"\n'
        f'down_revision = "{head}"\nworks_from = "{head}"\n\n\n'
        "def upgrade():\n"
        '    op.add_column("ltv_features", sa.Column("more", sa.Integer()))\n'
    )
    return folder


@pytest.mark.parametrize("kind", ["haproxy", "nginx"])
def test_a_rolling_upgrade_and_its_rollback_refuse_nobody(
    postgres: Postgres, tmp_path: Path, model_tag: str, kind: Kind
) -> None:
    url = postgres.new_database()
    newer = newer_version(tmp_path)
    ports = [free_port() for _ in range(3)]

    def revision() -> str:
        with store.reading() as session:
            return str(session.scalar(text("SELECT version_num FROM alembic_version")))

    store = Store(make_engine(url))
    with replica(ROOT, url, model_tag, ports[0]) as first:
        eventually(lambda: is_ready(ports[0]), 90)
        with (
            proxy(kind, ports) as address,
            replica(newer, url, model_tag, ports[1]) as second,
            Load(address) as load,
        ):
            eventually(lambda: is_ready(ports[1]), 90)
            assert revision() == "0999"
            assert is_ready(ports[0])
            stop(first)
            # Back to the version before, which starts on the newer schema.
            with replica(ROOT, url, model_tag, ports[2]):
                eventually(lambda: is_ready(ports[2]), 90)
                stop(second)
                before = load.answers.total()
                eventually(lambda: load.answers.total() > before + 20)
                load.end()
    assert set(load.answers) == {200}
    store.close()


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
