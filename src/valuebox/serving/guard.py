"""What stands before every endpoint: request id, access, limits, deadline, log line."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from valuebox.access import exposure
from valuebox.access.callers import Access, Caller
from valuebox.access.keys import Scope
from valuebox.serving.admission import admitted
from valuebox.serving.bodies import Body
from valuebox.serving.endpoint import ROUTES, Route, crashed, overloaded, wrong_method
from valuebox.serving.errors import (
    IDEMPOTENCY_KEY_HEADER,
    NOT_FOUND,
    REPLAYED_HEADER,
    REQUEST_ID_HEADER,
    WARNINGS_HEADER,
    BodyRefused,
    error_response,
)
from valuebox.serving.exchange import Exchange, answering
from valuebox.serving.proxies import TrustedProxies
from valuebox.serving.refusing import refuse_headers
from valuebox.serving.request_log import RequestLog
from valuebox.serving.shaping import ErrorShaper
from valuebox.serving.sites import Site
from valuebox.serving.slots import Slots, Turns
from valuebox.serving.telemetry import exposition, traffic
from valuebox.settings import Settings

# Nothing is stored any more of a request that took longer …
STORE_WITHIN_SECONDS: Final = 45
# … which is answered after that, and before BentoML would do it in a shape of its own.
ANSWER_WITHIN_SECONDS: Final = 50

PROBES: Final = frozenset({"/livez", "/healthz", "/readyz"})
# Says nothing of what is stored, and whoever has no key yet may want to read it.
_OPEN: Final = PROBES | {"/docs.json", "/schema.json"}
_METRICS: Final = "/metrics"
_OTHER: Final = "other"
_READING_SCOPES: Final = frozenset({Scope.READ})
_ELSEWHERE: Final = (
    "This service is open to its own machine alone, under the names localhost and 127.0.0.1; "
    "VALUEBOX_ACCESS says who else may call, VALUEBOX_HOSTS under which names."
)

_CLIENT_GONE: Final = 499


def _no_sites(*_: object) -> Sequence[Site]:
    return ()


class Guard:
    """ASGI middleware around the whole service.

    Gives every request an id and a deadline, asks for an API key where one is needed, refuses
    what is too much at once, too large or not JSON before it is parsed, sees to it that every
    error has the one shape, and writes a line into the log.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Callable[[], Settings],
        running: Callable[[], Any],
        sites: Callable[[Settings, Callable[[], Any]], Sequence[Site]] = _no_sites,
    ):
        """Around `app`.

        Args:
            app: Whatever is answered by neither an endpoint of ours nor a site.
            settings: Reads the settings.
            running: The service, with its `access` and its `dispatch`.
            sites: Makes the pages that stand beside the endpoints of `running`.
        """
        found = settings()
        self._app = app
        self._running = running
        self._sites = {path: site for site in sites(found, running) for path in site.paths}
        self._open = _OPEN.union(*(site.open_paths for site in self._sites.values()))
        self._documents = self._open - PROBES
        self._max_body_bytes = int(found.max_body_mb * 1_000_000)
        self._slots = Slots(found.max_requests)
        self._turns = Turns()
        self._request_log = RequestLog(found.log_share)
        self._trusted = TrustedProxies(found.trusted_proxies)
        self._hosts = frozenset(found.hosts.lower().split())
        self._origins = found.cors_origins.split()
        self._answering: ASGIApp = self._answer
        if self._origins:
            self._answering = CORSMiddleware(
                self._answer,
                allow_origins=self._origins,
                allow_methods=["GET", "POST"],
                allow_headers=["Authorization", "Content-Type", IDEMPOTENCY_KEY_HEADER],
                expose_headers=[
                    REQUEST_ID_HEADER,
                    REPLAYED_HEADER,
                    WARNINGS_HEADER,
                    "Retry-After",
                ],
            )

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answering(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Connection, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        began = time.monotonic()
        exchange = Exchange(
            deadline=began + STORE_WITHIN_SECONDS,
            idempotency_key=headers.get(IDEMPOTENCY_KEY_HEADER),
        )
        if exchange.idempotency_key is not None:
            exchange.body.update(scope["path"].encode() + b"\0")
            if scope["method"] == "GET":
                exchange.body.update(scope["query_string"])
        site = self._sites.get(scope["path"])
        exchange.page = site.error_page(scope, headers) if site else None
        with answering(exchange):
            await self._answer_within(scope, receive, send, headers, exchange, began)

    async def _answer_within(
        self,
        scope: Connection,
        receive: Receive,
        send: Send,
        headers: Headers,
        exchange: Exchange,
        began: float,
    ) -> None:
        digest = exchange.body if exchange.idempotency_key is not None else None
        body = Body(receive, headers, self._max_body_bytes, digest)
        shaped = ErrorShaper(send, exchange)
        timeout = asyncio.timeout(ANSWER_WITHIN_SECONDS)
        try:
            async with timeout:
                await self._admit(scope, headers, body, shaped, exchange)
        except BodyRefused as refused:
            await refused.answer(scope, receive, shaped)
        except ClientDisconnect:
            # Nobody reads it: it is what the log and the metrics say of the request.
            await Response(status_code=_CLIENT_GONE)(scope, receive, send)
        except Exception as error:
            if shaped.status is not None:
                raise
            answer = _timed_out() if timeout.expired() else crashed(error)
            await answer(scope, receive, shaped)
        finally:
            client = self._trusted.client(scope, headers.get("x-forwarded-for"))
            seconds = time.monotonic() - began
            # The loop sends the answer first, for which somebody waits.
            asyncio.get_running_loop().call_soon(
                self._note, scope, client, exchange, shaped, body, seconds
            )

    async def _admit(
        self,
        scope: Connection,
        headers: Headers,
        body: Body,
        shaped: ErrorShaper,
        exchange: Exchange,
    ) -> None:
        path = scope["path"]
        refusal = self._refuse_path(path) or await self._refuse_caller(path, headers, exchange)
        route = ROUTES.get(path)
        key, address = exchange.caller_id or None, self._address(scope, headers)
        if refusal is None and route is not None:
            refusal = self._refuse(scope["method"], headers, route, (key, address))
        if refusal is None and route is not None:
            with self._slots.taken(key, address):
                query = scope["query_string"]
                answer = await self._running().dispatch.answer(path, body, query)
                await answer(scope, body, shaped)
            return
        async with self._turns.turn_of(address if path in self._documents else None):
            if refusal is not None:
                await refusal(scope, body, shaped)
            elif path == _METRICS:
                await (await self._metrics(scope["method"]))(scope, body, shaped)
            elif site := self._sites.get(path):
                await (await site.answer(scope, body))(scope, body, shaped)
            else:
                await self._app(scope, body, shaped)

    def _address(self, scope: Connection, headers: Headers) -> str | None:
        """Where a request comes from; None for a proxy that does not say for whom it asks."""
        client = self._trusted.client(scope, headers.get("x-forwarded-for"))
        return None if client in self._trusted else client

    async def _metrics(self, method: str) -> Response:
        if method not in {"GET", "HEAD"}:
            return wrong_method(("GET", "HEAD"))
        service = self._running()
        return await anyio.to_thread.run_sync(exposition, service.monitored, service.former_metrics)

    async def _refuse_caller(
        self, path: str, headers: Headers, exchange: Exchange
    ) -> Response | None:
        if path in self._open:
            return None
        access: Access = self._running().access
        is_bound = access.mode == "local" or self._hosts
        if is_bound and not exposure.is_named(headers.get("host", ""), self._hosts):
            return error_response("forbidden", _ELSEWHERE)
        site = self._sites.get(path)
        if access.mode != "keys" or (site and path == site.sign_in_path):
            return None
        authorization, signed_in = headers.get("authorization"), None
        if site and authorization is None:
            signed_in = site.key_id(headers)
        scopes = ROUTES[path].scopes if path in ROUTES else _READING_SCOPES
        checked = await admitted(
            access.resume(signed_in, scopes) if signed_in else access.check(authorization, scopes)
        )
        if not isinstance(checked, Caller):
            return checked
        exchange.caller = checked
        return None

    def _refuse(
        self, method: str, headers: Headers, route: Route, place: tuple[str | None, str | None]
    ) -> Response | None:
        if method == route.http and not self._slots.are_free(*place):
            # Said at once: one that waits in line until it is given up helps nobody.
            return overloaded()
        return refuse_headers(route, method, headers, self._max_body_bytes, self._origins)

    def _is_known(self, path: str) -> bool:
        return path in ROUTES or path in self._open or path == _METRICS or path in self._sites

    def _refuse_path(self, path: str) -> Response | None:
        # To the letter, since Starlette is not that strict: to its routes a path with a line break
        # at its end is the same one, and with a slash it sends the client on to a host of the
        # client's.
        if self._is_known(path):
            return None
        return error_response("not_found", NOT_FOUND)

    def _note(
        self,
        scope: Connection,
        client: str | None,
        exchange: Exchange,
        shaped: ErrorShaper,
        body: Body,
        seconds: float,
    ) -> None:
        """Count an answer, and write it into the log."""
        status = _CLIENT_GONE if body.broke_off and shaped.status != 200 else shaped.status
        # Never the query, nor a path that is none of ours: callers put anything in there, and
        # whoever sends paths at random must not fill the memory.
        path = scope["path"] if self._is_known(scope["path"]) else _OTHER
        status = status or _CLIENT_GONE
        # Whoever has gone has seen no error.
        code = None if status == _CLIENT_GONE else shaped.code
        traffic().answered(path, status, code, seconds, exchange)
        if path in PROBES and status == 200:
            return
        fields = {
            "method": scope["method"],
            "path": path,
            "status": status,
            "seconds": round(seconds, 4),
            "rows": exchange.rows,
            "replayed": exchange.replayed or None,
            "client": client,
            "key": exchange.caller.key.name if exchange.caller else None,
        }
        self._request_log.write(fields, code)


def _timed_out() -> Response:
    return error_response(
        "timed_out", f"This took longer than {ANSWER_WITHIN_SECONDS} s; nothing of it was stored."
    )
