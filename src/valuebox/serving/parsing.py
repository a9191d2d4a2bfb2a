"""Requests into models: bodies beside the event loop where they are large, and queries."""

from typing import Final

import anyio
import anyio.to_thread
from pydantic import ValidationError
from starlette.responses import JSONResponse

from valuebox.schemas.problems import details_of, problem_of
from valuebox.schemas.queries import BadQuery, read_query
from valuebox.schemas.requests import RequestModel
from valuebox.serving.errors import (
    MAX_PROBLEMS,
    BodyRefused,
    error_response,
    invalid_input,
)
from valuebox.serving.exchange import current

# While the loop is busy nothing else is answered, no probe and no deadline.
SMALL_BYTES: Final = 20_000
"""Bytes of a body up to which changing threads would take longer than parsing."""
_AT_ONCE: Final = 2
"""Threads that parse: more would only take the processor from each other."""

_limiter: anyio.CapacityLimiter | None = None


async def parse(model: type[RequestModel], body: bytes) -> RequestModel:
    """What a request's body holds, see `RequestModel.read`; an empty one is an empty object.

    Raises:
        BodyRefused: when it cannot be used.
    """
    body = body or b"{}"
    with current().timing("parse"):
        if len(body) <= SMALL_BYTES:
            return _read(model, body)
        return await anyio.to_thread.run_sync(_read, model, body, limiter=_aside())


def parse_query(model: type[RequestModel], query: bytes) -> RequestModel:
    """What the query of an address holds, see `queries.read_query`.

    Raises:
        BodyRefused: when it cannot be used.
    """
    try:
        return read_query(model, query)
    except BadQuery as bad:
        raise BodyRefused(invalid_input(bad.problems, len(bad.problems))) from None


def _read(model: type[RequestModel], body: bytes) -> RequestModel:
    try:
        return model.read(body)
    except ValidationError as error:
        raise BodyRefused(_refusal(error)) from None


def _aside() -> anyio.CapacityLimiter:
    # Belongs to the loop that it is first used in, of which a worker has one.
    global _limiter
    _limiter = _limiter or anyio.CapacityLimiter(_AT_ONCE)
    return _limiter


def _refusal(error: ValidationError) -> JSONResponse:
    found = details_of(error)
    if any(one["type"] == "json_invalid" for one in found):
        return error_response("malformed_json", f"{found[0]['msg']}.")
    return invalid_input([problem_of(one) for one in found[:MAX_PROBLEMS]], len(found))
