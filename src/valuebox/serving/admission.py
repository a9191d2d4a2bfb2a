"""Callers who may call, and the answers to those who may not: 401, 403, 429 and 503."""

from collections.abc import Awaitable

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from valuebox.access.callers import Caller, Forbidden, Unauthenticated
from valuebox.access.limits import CountersBusy, RateLimited
from valuebox.serving.endpoint import database_away, overloaded, rate_limited
from valuebox.serving.errors import error_response


async def admitted(checked: Awaitable[Caller]) -> Caller | Response:
    """Whoever was found to ask, or the answer to somebody who may not."""
    try:
        return await checked
    except Unauthenticated:
        return error_response(
            "unauthenticated", "Send an API key that works, as `Authorization: Bearer KEY`."
        )
    except Forbidden as error:
        return error_response("forbidden", f"This API key lacks the scope {error}.")
    except RateLimited as error:
        return rate_limited(error)
    except CountersBusy:
        return overloaded()
    except SQLAlchemyError as error:
        return database_away(error)
