"""What the guard asks of the pages that stand beside the endpoints."""

from collections.abc import Callable
from typing import Protocol

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive
from starlette.types import Scope as Connection

ErrorPage = Callable[[bytes], Response]
"""Makes a page of the body of an error answer."""


class Site(Protocol):
    """Pages with addresses of their own, such as those of the dashboard."""

    @property
    def paths(self) -> frozenset[str]:
        """Every address of the site."""

    @property
    def open_paths(self) -> frozenset[str]:
        """Addresses that are answered to everybody, since they tell nothing of what is stored."""

    @property
    def sign_in_path(self) -> str | None:
        """The address where a caller hands in a key, and so needs none yet; None without it."""

    def key_id(self, headers: Headers) -> str | None:
        """Id of the API key that a browser's session stands for; None without a session."""

    def error_page(self, scope: Connection, headers: Headers) -> ErrorPage | None:
        """What makes a page of an error answer; None for a client that takes no pages."""

    async def answer(self, scope: Connection, receive: Receive) -> Response:
        """The response to a request that the guard lets through, at one of `paths`."""
