"""The pages that need no key: they say what the service is, and nothing of what it has stored."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from jinja2 import Environment
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive
from starlette.types import Scope as Connection

from valuebox import __version__
from valuebox.front.reference import operations
from valuebox.pages.rendering import digest, environment, style
from valuebox.serving.endpoint import wrong_method
from valuebox.serving.sites import ErrorPage

_READING: Final = ("GET", "HEAD")
_CACHED: Final = "public, max-age=300"


def _start() -> HTMLResponse:
    return _page("start.html")


def _api() -> HTMLResponse:
    return _page("api.html")


_PAGES: Final[Mapping[str, Callable[[], HTMLResponse]]] = {"/": _start, "/api": _api}


class Front:
    """Answers everybody who asks for one of the pages."""

    paths = frozenset(_PAGES)
    open_paths = paths
    sign_in_path = None

    def key_id(self, headers: Headers) -> str | None:
        """None: nobody signs in on these pages."""
        return None

    def error_page(self, scope: Connection, headers: Headers) -> ErrorPage | None:
        """Errors stay JSON."""
        return None

    async def answer(self, scope: Connection, receive: Receive) -> Response:
        """The response to a request whose path is one of `paths`."""
        if scope["method"] not in _READING:
            return wrong_method(_READING)
        return _PAGES[scope["path"]]()


@cache
def _content(template: str) -> str:
    return (
        _templates()
        .get_template(template)
        .render(style=style(), version=__version__, operations=operations())
    )


def _page(template: str) -> HTMLResponse:
    policy = (
        f"default-src 'none'; style-src {digest(style())}; img-src data:; form-action 'none'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {"Cache-Control": _CACHED, "Content-Security-Policy": policy}
    return HTMLResponse(_content(template), headers=headers)


@cache
def _templates() -> Environment:
    return environment(__package__ or "")
