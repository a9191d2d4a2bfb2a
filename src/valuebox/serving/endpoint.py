"""How endpoints answer: what they return, or a failure in the one error shape."""

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, ParamSpec, get_args, get_type_hints

import bentoml
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.access.limits import CountersBusy, NeverAllowed, RateLimited
from valuebox.errors import ValueboxError
from valuebox.schemas.requests import RequestModel
from valuebox.serving.errors import (
    METHOD_NOT_ALLOWED,
    BadRows,
    ErrorCode,
    NotFound,
    Problem,
    Unanswerable,
    error_response,
    invalid_input,
)
from valuebox.serving.exchange import Exchange, current
from valuebox.serving.logs import kind_of
from valuebox.serving.replays import AnswerGone, KeyReused
from valuebox.store.engine import TooLate

P = ParamSpec("P")

_KEY_REUSED = (
    "This `Idempotency-Key` came before, with another body or at another address; nothing of "
    "this request was stored."
)
_TOO_LATE = "The database took too long; nothing of this request was stored, try again."
_ANSWER_GONE = "This request was stored, but rows of its answer have been deleted since."

_log = logging.getLogger("valuebox")


class Asked(NamedTuple):
    """What one of several requests asks for that are answered together."""

    exchange: Exchange
    given: Any
    """What the body of the request holds."""


@dataclass(frozen=True)
class Together:
    """How an endpoint answers several requests at once that are about as large."""

    most: int
    """Requests that are answered together."""
    fits: Callable[[Exchange, Any], bool]
    """Whether a request may be answered with others, by what its body holds."""
    answer: Callable[[Any, Sequence[Asked]], list[Response]]
    """Function of the service and the requests: answers each in order, and never raises."""


@dataclass(frozen=True)
class Route:
    """An endpoint: its method, and what is told of it besides its types."""

    method: Callable[..., Response | BaseModel]
    """Method of the service; takes what the body or the query holds, if anything."""
    scopes: frozenset[Scope]
    """Scopes of which an API key needs one."""
    stores: bool
    """Whether the endpoint stores, and so takes an `Idempotency-Key`."""
    takes: type[RequestModel] | None
    """What the body or the query holds; None where nothing in it is looked at."""
    answers: type[BaseModel]
    """What the endpoint answers when all went well; of a document that is a table, a row."""
    refuses: tuple[ErrorCode, ...]
    """Errors that it may answer, besides those of every endpoint."""
    warns: bool
    """Whether the answer may come with warnings."""
    together: Sequence[Together]
    """How the endpoint answers several requests at once, by their size; empty where it cannot."""
    document: str | None
    """Media type of the document that the endpoint answers to a query; None where it is asked with
    a body, and answers JSON."""

    @property
    def http(self) -> Literal["GET", "POST"]:
        """How the endpoint is asked: for a document with a query, else with JSON as the body."""
        return "POST" if self.document is None else "GET"


# By path; filled where endpoints are declared.
ROUTES: Final[dict[str, Route]] = {}


def endpoint(
    path: str,
    *scopes: Scope,
    stores: bool = False,
    answers: type[BaseModel] | None = None,
    refuses: tuple[ErrorCode, ...] = (),
    warns: bool = False,
    together: Sequence[Together] = (),
    document: str | None = None,
) -> Callable[[Callable[P, Any]], Any]:
    """`bentoml.api` at `path`, with failures below it answered in the one error shape.

    With `document` it is a document that programs fetch by an address alone, as spreadsheets do:
    it is asked for by GET, and its method takes what the query holds.

    Args:
        path: Of the endpoint.
        scopes: Where API keys are asked for, they need one of these.
        stores: Whether it stores, and so takes an `Idempotency-Key`.
        answers: What a response holds that the method makes itself; not needed where the method
            returns a model, or one model or else a response.
        refuses: Errors of its own.
        warns: Whether its answer may come with warnings.
        together: How it answers several requests at once, by their size, if it can.
        document: Media type of what it answers: JSON that holds what `answers` does, or a table
            whose rows do.

    BentoML knows of those with JSON, for its own clients and pages; requests are answered by
    `Dispatch`.

    Raises:
        ValueboxError: when another endpoint has that path.
        TypeError: when the types of the method, which takes the body or nothing, do not say what
            it takes and answers.
    """

    def decorate(method: Callable[P, Any]) -> Any:
        @functools.wraps(method)
        def answer(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return method(*args, **kwargs)
            except Exception as error:
                return failed(error)

        known = ROUTES.get(path)
        if known is not None and _name(known.method) != _name(method):
            raise ValueboxError(
                f"{path} would be answered by {_name(known.method)} and by {_name(method)}; "
                "a path has one endpoint"
            )
        takes, told = _told_by_types(method)
        output = told if answers is None else answers
        if output is None:
            raise TypeError(f"{path} needs `answers`: its method returns no single model")
        ROUTES[path] = Route(
            answer, frozenset(scopes), stores, takes, output, refuses, warns, together, document
        )
        if document is not None:
            return answer
        return bentoml.api(route=path, output_spec=output)(answer)

    return decorate


def retype(path: str, takes: type[RequestModel]) -> None:
    """Have an endpoint take another model of what its body holds, from the start of a service on.

    Args:
        path: Of the endpoint.
        takes: A model with the same attributes, such as one with columns that only the model of
            this service knows.
    """
    ROUTES[path] = replace(ROUTES[path], takes=takes)


def routes_of(endpoints: type[Any]) -> dict[str, Route]:
    """The endpoints that a class declares, or inherits, by path."""
    classes = {f"{one.__module__}.{one.__qualname__}" for one in endpoints.__mro__}
    return {
        path: route
        for path, route in ROUTES.items()
        if _name(route.method).rpartition(".")[0] in classes
    }


def _name(method: Callable[..., Any]) -> str:
    return f"{method.__module__}.{method.__qualname__}"


def _told_by_types(
    method: Callable[..., Any],
) -> tuple[type[RequestModel] | None, type[BaseModel] | None]:
    """What the body of a method's request holds, and which model the method returns, if one."""
    types = get_type_hints(method)
    returned = types.pop("return", None)
    taken = list(types.values())
    bodies = [one for one in taken if _is_a(one, RequestModel)]
    if len(bodies) < len(taken) or len(bodies) > 1:
        raise TypeError(f"{method.__name__} takes something else than the body of a request")
    models = [one for one in (returned, *get_args(returned)) if _is_a(one, BaseModel)]
    return next(iter(bodies), None), models[0] if len(models) == 1 else None


def _is_a(one: Any, base: type) -> bool:
    return isinstance(one, type) and issubclass(one, base)


def failed(error: Exception) -> Response:
    """The answer to a request that could not be done."""
    match error:
        case KeyReused():
            return error_response("key_reused", _KEY_REUSED)
        case AnswerGone():
            current().replayed = False
            return error_response("answer_gone", _ANSWER_GONE)
        case NotFound():
            return error_response("not_found", str(error))
        case BadRows():
            return invalid_input(error.problems, error.count)
        case Unanswerable():
            return error_response("unanswerable", str(error), error.problems)
        case RateLimited():
            return rate_limited(error)
        case CountersBusy():
            return overloaded()
        case NeverAllowed():
            return _never_allowed(error)
        case TooLate():
            return error_response("database_unavailable", _TOO_LATE)
    return database_away(error) if is_away(error) else crashed(error)


def is_away(error: Exception) -> bool:
    """Whether an error means that the database is away or does not do its part."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def rate_limited(error: RateLimited) -> Response:
    """The answer to a key that has used up its minute."""
    return error_response("rate_limited", str(error), retry_after=error.retry_after)


def wrong_method(allowed: Sequence[str]) -> Response:
    """The answer where other methods are allowed."""
    refusal = error_response("method_not_allowed", METHOD_NOT_ALLOWED)
    refusal.headers["Allow"] = ", ".join(allowed)
    return refusal


def overloaded() -> Response:
    """The answer while there is enough to do."""
    return error_response("overloaded", "The service has enough to do; try again.")


def _never_allowed(error: NeverAllowed) -> Response:
    message = f"{error}; nothing of this request was stored."
    return error_response("invalid_input", message, [Problem(message=str(error))])


def database_away(error: Exception) -> Response:
    """The answer where the database did not do its part."""
    _log.error("database unavailable (%s)", kind_of(error))
    return error_response("database_unavailable", "The database does not answer; try again.")


def crashed(error: Exception) -> Response:
    """The answer to a fault of ours, which is logged without anything that was sent."""
    _log.error("a fault of ours", exc_info=error)
    return error_response("internal_error", "Something broke on our side; it has been logged.")
