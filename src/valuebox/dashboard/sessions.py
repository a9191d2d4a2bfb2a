"""Who has signed in: the id of an API key in a signed cookie, never the key."""

import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from starlette.requests import cookie_parser
from starlette.responses import Response

COOKIE: Final = "valuebox_session"
SECONDS: Final = 12 * 3600
"""Seconds until a session ends, and its user has to sign in again."""
PATH: Final = "/dashboard"


class Sessions:
    """Makes cookies and believes those that it made.

    A cookie names a key and when it ends, signed by HMAC-SHA256. It is good for nothing but the
    dashboard, and for as long as the key works: whose key it is gets looked up each time.
    """

    def __init__(self, secret: str, clock: Callable[[], float] = time.time):
        """Sessions whose cookies are signed with a secret that all workers share."""
        self._secret = secret.encode()
        self._clock = clock

    def begin(self, answer: Response, key_id: str, is_secure: bool) -> None:
        """Have the browser that gets an answer sign in as the owner of a key."""
        said = f"{key_id}.{int(self._clock()) + SECONDS:x}"
        answer.set_cookie(
            COOKIE,
            f"{said}.{self._signature(said)}",
            max_age=SECONDS,
            # The folder that the browser asked in, whatever a proxy has put before it.
            path=None,
            secure=is_secure,
            httponly=True,
            samesite="lax",
        )

    @staticmethod
    def end(answer: Response) -> None:
        """Have the browser forget the session."""
        answer.set_cookie(COOKIE, max_age=0, expires=0, path=None, httponly=True, samesite="lax")

    def key_id(self, cookies: str) -> str | None:
        """Id of the API key that the header `Cookie` stands for; None without a running session."""
        said, _, signature = cookie_parser(cookies).get(COOKIE, "").rpartition(".")
        # Cookies may hold any bytes, of which only texts of ASCII can be compared.
        good = hmac.compare_digest(self._signature(said).encode(), signature.encode())
        if not good:
            return None
        key_id, _, until = said.partition(".")
        return key_id if int(until, 16) > self._clock() else None

    def _signature(self, said: str) -> str:
        return hmac.new(self._secret, b"dashboard " + said.encode(), sha256).hexdigest()
