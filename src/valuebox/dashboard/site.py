"""Requests to the dashboard: which there are, and how they are answered."""

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final, Protocol

import anyio
import anyio.to_thread
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive
from starlette.types import Scope as Connection

from valuebox.access.callers import Access, Caller
from valuebox.access.exposure import is_foreign
from valuebox.access.keys import Scope
from valuebox.compartments.served_models import Models
from valuebox.dashboard import pages
from valuebox.dashboard.choices import Choice
from valuebox.dashboard.documents import packed
from valuebox.dashboard.forms import sent_form
from valuebox.dashboard.memory import Memory
from valuebox.dashboard.overview import cards
from valuebox.dashboard.own import Place, places, read_goal
from valuebox.dashboard.panels import PANELS, Panel
from valuebox.dashboard.persons import (
    EXPORT,
    FORGET,
    export_person,
    forget_person,
    read_person,
    refuse,
)
from valuebox.dashboard.sessions import PATH, Sessions
from valuebox.schemas.queries import BadQuery, read_query
from valuebox.serving.admission import admitted
from valuebox.serving.endpoint import database_away, overloaded, wrong_method
from valuebox.serving.errors import STATUS_OF, ErrorAnswer, error_response
from valuebox.serving.sites import ErrorPage
from valuebox.settings import Settings
from valuebox.store.deadline import within
from valuebox.store.engine import VIEWS, Store
from valuebox.store.replica import Reads

VIEW_SECONDS: Final = 8.0
"""A database that takes longer for a view is taken for away."""
_WAITING: Final = 8
SIGN_IN: Final = f"{PATH}/sign-in"
_SIGN_OUT: Final = f"{PATH}/sign-out"
_READING: Final = ("GET", "HEAD")
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    PATH: _READING,
    SIGN_IN: (*_READING, "POST"),
    _SIGN_OUT: ("POST",),
    EXPORT: ("POST",),
    FORGET: ("POST",),
    **{f"{PATH}/{name}.csv": _READING for name in PANELS},
}
SCOPES: Final = frozenset({Scope.READ})
# As seen from the pages below `PATH`, wherever a proxy shows them.
_ENTRANCE: Final = "sign-in"
# More than a key takes, and than it takes with a source and an id twice; little enough to hold.
_KEY_BYTES: Final = 2_000
_PERSON_BYTES: Final = 8_000
_FOREIGN: Final = "This was sent by a page of another site; nothing was done."


class Served(Protocol):
    """What the dashboard needs of the service that runs."""

    store: Store
    """Where people are exported from and forgotten, whatever pages are read from."""
    reads: Reads
    access: Access

    models: Models
    """The model of each compartment that takes one."""


class Dashboard:
    """Answers what is asked at `paths`, for whoever the guard has let in."""

    open_paths: frozenset[str] = frozenset()
    sign_in_path = SIGN_IN

    @classmethod
    def of(cls, settings: Settings, running: Callable[[], Served]) -> "Dashboard":
        """The dashboard of a running service; without a secret, sessions end with the worker."""
        secret = settings.session_secret.get_secret_value() or secrets.token_hex()
        return cls(running, Sessions(secret), settings.least_users)

    def __init__(self, running: Callable[[], Served], sessions: Sessions, least_users: int):
        self._running = running
        self._sessions = sessions
        self._threads = anyio.CapacityLimiter(VIEWS)
        self._views = 0
        self._least_users = least_users
        self._memory = Memory(least_users)
        self._documents = packed()
        read = (*places(), *self._documents.paths)
        self._methods = {**_METHODS, **dict.fromkeys(read, _READING)}
        self.paths = frozenset(self._methods)

    async def answer(self, scope: Connection, receive: Receive) -> Response:
        """The response to a request whose path is one of `paths`."""
        path, method, query = scope["path"], scope["method"], scope["query_string"]
        headers = Headers(scope=scope)
        if method not in self._methods[path]:
            return wrong_method(self._methods[path])
        if method == "POST" and is_foreign(headers):
            return error_response("forbidden", _FOREIGN)
        if path in self._documents.paths:
            return await self._documents.answer(path)
        if path == _SIGN_OUT:
            leaving = _to(_ENTRANCE)
            self._sessions.end(leaving)
            return leaving
        is_signed_in = self.key_id(headers) is not None
        try:
            if path == SIGN_IN:
                return await self._sign_in(scope, headers, receive)
            if path in (EXPORT, FORGET):
                return await self._person(path, headers, receive, is_signed_in)
            if place := places().get(path):
                asked = read_query(place.page.asks, query)
                return await self._aside(partial(self._own, place, asked, is_signed_in))
            choice = read_query(Choice, query)
        except BadQuery as bad:
            count = len(bad.problems)
            message = "The address asks for something that there cannot be."
            return error_response("invalid_input", message, bad.problems, count)
        if path == PATH:
            # The front page has nothing to pick: whatever is picked is a view of a ledger.
            looks = partial(self._view, choice) if query else self._overview
            return await self._aside(partial(looks, is_signed_in))
        panel = PANELS[path.removeprefix(f"{PATH}/").removesuffix(".csv")]
        return await self._aside(partial(self._csv, choice, panel))

    def key_id(self, headers: Headers) -> str | None:
        """Id of the API key that a browser's session stands for; None without a session."""
        cookies = headers.get("cookie")
        return self._sessions.key_id(cookies) if cookies else None

    def error_page(self, scope: Connection, headers: Headers) -> ErrorPage | None:
        """What makes a page of an error answer, where a browser has asked for one."""
        path = scope["path"]
        if path not in self.paths or "text/html" not in headers.get("accept", ""):
            return None
        return partial(self._error_page, path, scope["method"], scope["query_string"])

    def _error_page(self, path: str, method: str, query: bytes, body: bytes) -> HTMLResponse:
        error = ErrorAnswer.model_validate_json(body).error
        status = STATUS_OF[error.code].value
        is_refused = method == "POST" and path == SIGN_IN and error.code == "forbidden"
        if not is_refused and error.code != "unauthenticated":
            return pages.error(error, _root(path), status)
        message = error.message if is_refused else "That key does not work."
        try:
            after = read_goal(path, query).carried()
        except BadQuery:
            after = ""
        return pages.sign_in(after, _root(path), message if method == "POST" else None, status)

    async def _aside(self, work: Callable[[], Response]) -> Response:
        """Do blocking work beside the event loop, by few threads, so that it takes no one's."""
        if self._views >= VIEWS + _WAITING:
            return overloaded()
        self._views += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        except (DBAPIError, PoolTimeoutError) as error:
            return database_away(error)
        finally:
            self._views -= 1

    def _overview(self, is_signed_in: bool) -> Response:
        service, now = self._running(), datetime.now(UTC)
        source = service.reads.choose()
        with within(VIEW_SECONDS), source.store.reading() as session:
            found = cards(session, service, self._least_users, now)
        return pages.overview(found, now, pages.Viewer(None, is_signed_in, source))

    def _view(self, choice: Choice, is_signed_in: bool) -> Response:
        service = self._running()
        source = service.reads.choose()
        with within(VIEW_SECONDS), source.store.reading() as session:
            view = self._memory.view(session, choice)
            found = view.all_rows(source.store, session)
        served = service.models.get(view.over.ledger.name)
        viewer = pages.Viewer(served.tag if served else None, is_signed_in, source)
        return pages.view(view.over, found, viewer)

    def _own(self, place: Place, asked: BaseModel, is_signed_in: bool) -> Response:
        service = self._running()
        served, reads = service.models.get(place.name), service.reads
        source = reads.newest() if place.page.is_of_now else reads.choose()
        with within(VIEW_SECONDS), source.store.reading() as session:
            look = place.page.look(session, asked, service, self._least_users)
        if place.table is not None:
            return pages.attached(place.table, look.rows[place.table.name])
        viewer = pages.Viewer(served.tag if served else None, is_signed_in, source)
        return pages.own(place.name, place.page, asked, look, viewer)

    def _csv(self, choice: Choice, panel: Panel) -> Response:
        source = self._running().reads.choose()
        with within(VIEW_SECONDS), source.store.reading() as session:
            view = self._memory.view(session, choice)
            ledger = view.over.ledger
            if not panel.shows(ledger):
                return error_response("not_found", f"There is no {panel.name} of {ledger.name}.")
            found = view.rows(session, panel)
        return pages.attached(panel.table(ledger), panel.listed(found))

    async def _person(
        self, path: str, headers: Headers, receive: Receive, is_signed_in: bool
    ) -> Response:
        form = await sent_form(headers, receive, _PERSON_BYTES)
        if isinstance(form, Response):
            return form
        person = read_person(form, path)
        if isinstance(person, Response):
            return person
        service = self._running()
        if refusal := await refuse(service.access, person.key):
            return refusal
        if path == EXPORT:
            return await self._aside(partial(export_person, service.store, person))
        viewer = pages.Viewer(None, is_signed_in, service.reads.newest())
        return await self._aside(partial(forget_person, service.store, person, viewer))

    async def _sign_in(self, scope: Connection, headers: Headers, receive: Receive) -> Response:
        access = self._running().access
        goal = read_goal(SIGN_IN, scope["query_string"])
        if access.mode != "keys":
            return _to(goal.address())
        if scope["method"] != "POST":
            return pages.sign_in(goal.carried(), _root(scope["path"]))
        form = await sent_form(headers, receive, _KEY_BYTES)
        if isinstance(form, Response):
            return form
        caller = await admitted(access.check(f"Bearer {form.get('key', '')}", SCOPES))
        if not isinstance(caller, Caller):
            return caller
        entering = _to(goal.address())
        self._sessions.begin(entering, caller.key.id, _is_secure(scope, headers))
        return entering


def _root(path: str) -> str:
    """The way from a page to the folder of the first page."""
    return "../" * (path.count("/") - 1)


def _to(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303, pages.PRIVATE)


def _is_secure(scope: Connection, headers: Headers) -> bool:
    # Of several proxies the first one spoke with the browser.
    forwarded = headers.get("x-forwarded-proto", "").split(",")[0].strip()
    return "https" in (scope["scheme"], forwarded)
