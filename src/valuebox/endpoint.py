"""How endpoints answer: what they return, or a failure in the one error shape."""

import functools
import logging
from collections.abc import Callable
from typing import Any, ParamSpec

import bentoml
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.responses import JSONResponse, Response

from valuebox.errors import STATUS_OF, Error, ErrorAnswer, ErrorCode, Problem
from valuebox.exchange import current
from valuebox.store.engine import TooLate
from valuebox.store.idempotency import AnswerGone, KeyReused

P = ParamSpec("P")

MAX_PROBLEMS = 20

_KEY_REUSED = (
    "This `Idempotency-Key` came before, with another body or at another address; nothing of "
    "this request was stored."
)
_TOO_LATE = "The database took too long; nothing of this request was stored, try again."
_ANSWER_GONE = "This request was stored, but rows of its answer have been deleted since."

_log = logging.getLogger("valuebox")


def error_response(
    code: ErrorCode, message: str, problems: list[Problem] | None = None, count: int | None = None
) -> JSONResponse:
    """An answer in the one error shape, with the status that belongs to `code`."""
    problems = problems or []
    error = Error(
        code=code,
        message=message,
        problems=problems[:MAX_PROBLEMS],
        problem_count=len(problems) if count is None else count,
        request_id=str(current().request_id),
    )
    headers = {"Retry-After": "1"} if STATUS_OF[code] == 503 else None
    content = ErrorAnswer(error=error).model_dump(exclude_none=True)
    return JSONResponse(content, status_code=STATUS_OF[code], headers=headers)


def endpoint(route: str) -> Callable[[Callable[P, Any]], Any]:
    """`bentoml.api` at `route`, with failures below it answered in the one error shape.

    Returning the response, instead of raising, matters: BentoML hides the text of 5xx
    exceptions and logs a traceback, possibly with input values, for every 4xx.
    """

    def decorate(method: Callable[P, Any]) -> Any:
        @functools.wraps(method)
        def answer(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return method(*args, **kwargs)
            except KeyReused:
                return error_response("key_reused", _KEY_REUSED)
            except AnswerGone:
                return error_response("answer_gone", _ANSWER_GONE)
            except TooLate:
                return error_response("database_unavailable", _TOO_LATE)
            except (OperationalError, InterfaceError, PoolTimeoutError) as error:
                return _database_away(error)
            except DBAPIError as error:
                if error.connection_invalidated:
                    return _database_away(error)
                return crashed(error)
            except Exception as error:
                return crashed(error)

        return bentoml.api(route=route)(answer)

    return decorate


def _database_away(error: Exception) -> Response:
    _log.error("database unavailable (%s), request %s", _kind(error), current().request_id)
    return error_response("database_unavailable", "The database does not answer; try again.")


def crashed(error: Exception) -> Response:
    """The answer to a fault of ours, which is logged without anything that was sent."""
    # Only frames, never the exception's text: a database's message quotes the row it refused.
    frames = "\n".join(_frames(error))
    _log.error("%s in request %s\n%s", _kind(error), current().request_id, frames)
    return error_response("internal_error", "Something broke on our side; it has been logged.")


def _kind(error: Exception) -> str:
    """What is safe to log of an error: its type, and the database's own code for it."""
    driver = getattr(error, "orig", None)
    code = getattr(driver, "pgcode", None) or getattr(driver, "sqlite_errorname", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _frames(error: Exception) -> list[str]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f'  File "{code.co_filename}", line {trace.tb_lineno}, in {code.co_name}')
        trace = trace.tb_next
    return frames
