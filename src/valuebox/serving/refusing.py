"""Requests to endpoints that are refused by their headers alone, before anything is read."""

import re
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response

from valuebox.access.exposure import is_foreign
from valuebox.serving.bodies import refuse_body
from valuebox.serving.endpoint import Route, wrong_method
from valuebox.serving.errors import IDEMPOTENCY_KEY_HEADER, Problem, error_response
from valuebox.serving.replays import MAX_KEY

_KEY: Final = re.compile(rf"[!-~]{{1,{MAX_KEY}}}")
_FOREIGN: Final = "A page of another site asked for this; nothing was done."


def refuse_headers(
    route: Route, method: str, headers: Headers, max_bytes: int, origins: Sequence[str]
) -> Response | None:
    """The answer to a request that need not be read to be refused; None where it is worth reading.

    Args:
        route: The endpoint that is asked.
        method: Of the request.
        headers: Of the request.
        max_bytes: Of a body.
        origins: Other sites whose pages may ask.
    """
    if method != route.http:
        return wrong_method((route.http,))
    sent = headers.getlist(IDEMPOTENCY_KEY_HEADER) if route.stores else []
    if len(sent) > 1 or not all(_KEY.fullmatch(key) for key in sent):
        return _bad_key()
    if route.document is None:
        return refuse_body(headers, max_bytes)
    # Any page may have a browser ask for an address, without asking whether it may.
    is_welcome = "*" in origins or headers.get("origin") in origins
    return None if is_welcome or not is_foreign(headers) else _foreign()


def _foreign() -> Response:
    return error_response("forbidden", _FOREIGN)


def _bad_key() -> Response:
    message = f"Input should be sent once, as 1 to {MAX_KEY} visible ASCII characters"
    problem = Problem(field=IDEMPOTENCY_KEY_HEADER, message=message)
    return error_response(
        "invalid_input", "A header cannot be used; nothing of this request was stored.", [problem]
    )
