"""The dashboard of a database, asked without a server, and users of simulated worlds to show."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import httpx
import pandas as pd

from support.pages import Page
from support.sums import fold, report, send
from valuebox.access.callers import Access, Mode
from valuebox.access.keys import Scope, create_key
from valuebox.compartments.contract import Artifact
from valuebox.compartments.ltv.model import LtvModel
from valuebox.dashboard.site import Dashboard
from valuebox.serving.guard import Guard
from valuebox.settings import Settings
from valuebox.store.engine import Store
from valuebox.store.replica import Reads

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Asking:
    """An HTTP client that keeps cookies, of an application in this process and loop."""

    def __init__(self, app: Any, loop: asyncio.Runner):
        transport = httpx.ASGITransport(app)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        self._loop = loop
        self.cookies = self._http.cookies

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request and wait for its answer."""
        return self._loop.run(self._http.request(method, url, **options))

    def together(self, *urls: str) -> list[httpx.Response]:
        """Send requests at once; their answers, the quickest first."""

        async def ask() -> list[httpx.Response]:
            sent = [asyncio.ensure_future(self._http.get(url)) for url in urls]
            return [await answer for answer in asyncio.as_completed(sent)]

        return self._loop.run(ask())

    def get(self, url: str, **options: Any) -> httpx.Response:
        """The same by its method."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        """The same by its method."""
        return self.request("POST", url, **options)


@dataclass(frozen=True)
class Site:
    """A dashboard, what it shows and who asks."""

    store: Store
    http: Asking

    def get(self, query: str = "", **options: Any) -> httpx.Response:
        """The page of a ledger, as a browser asks for it; by default of the first with rows."""
        return self.http.get(f"/dashboard?{query or 'compartment='}", headers=HTML, **options)

    def at(self, path: str, **options: Any) -> httpx.Response:
        """A page of the dashboard, as a browser asks for it; the front page has no path."""
        return self.http.get(f"/dashboard{path}", headers=HTML, **options)

    def page(self, query: str = "") -> Page:
        """That page, as a browser reads it."""
        answer = self.get(query)
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    def csv(self, name: str, query: str = "") -> list[list[str]]:
        """The cells of a table, its head first."""
        answer = self.http.get(f"/dashboard/{name}.csv?{query}")
        assert answer.status_code == 200, answer.text
        return [line.split(",") for line in answer.text.splitlines()]

    def key(self, name: str, *scopes: Scope) -> str:
        """The text of a new API key."""
        with self.store.writing() as session:
            return create_key(session, name, scopes)

    def sign_in(self, key: str, query: str = "", **headers: str) -> httpx.Response:
        """Send the form of the page that asks for a key."""
        return self.http.post(
            f"/dashboard/sign-in?{query}",
            data={"key": key},
            headers={**HTML, **headers},
        )


def leads_to(answer: httpx.Response) -> str:
    """The path and query that a browser goes to after an answer."""
    return urljoin(answer.request.url.path, answer.headers["location"])


@contextmanager
def site_on(
    store: Store,
    model: LtvModel,
    mode: Mode = "open",
    models: Mapping[str, Artifact] | None = None,
    **settings: Any,
) -> Iterator[Site]:
    """The guard and the dashboard in front of a database, with nothing behind them.

    Args:
        store: What is shown.
        model: Of lifetime values, which is served.
        mode: Who may look.
        models: Served beside it, by compartment.
        settings: Of the service.
    """

    async def nothing(scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError(f"{scope['path']} was passed on")

    access = Access(store, mode)
    served = {"ltv": model, **(models or {})}
    service = SimpleNamespace(store=store, reads=Reads(store), access=access, models=served)
    guard = Guard(
        nothing, lambda: Settings(**settings), lambda: service, lambda *of: [Dashboard.of(*of)]
    )
    with asyncio.Runner() as loop:
        yield Site(store, Asking(guard, loop))
    access.close()


def as_sent(users: pd.DataFrame) -> list[dict[str, Any]]:
    """Users of a file as requests hold them."""
    features = users.drop(columns="target", errors="ignore")
    features = features.assign(join_date=features["join_date"].astype(str)).astype(object)
    return features.where(features.notna(), None).to_dict("records")


def show(store: Store, model: LtvModel, users: pd.DataFrame) -> None:
    """Store users of a file, with their outcomes where it has them, and add them up."""
    send(store, as_sent(users), model)
    if "target" in users:
        report(store, dict(zip(users["user_id"].tolist(), users["target"].tolist(), strict=True)))
    fold(store)
