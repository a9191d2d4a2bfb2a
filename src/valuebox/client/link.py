"""What a synchronous and an asynchronous client share: headers, patience, and reading answers."""

import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx
from pydantic import TypeAdapter, ValidationError
from tenacity import RetryCallState, retry_if_exception, wait_random_exponential

from valuebox.client.calls import Answer, Call
from valuebox.client.errors import ServiceError
from valuebox.schemas.errors import (
    IDEMPOTENCY_KEY_HEADER,
    REPLAYED_HEADER,
    REQUEST_ID_HEADER,
    WARNINGS_HEADER,
    ErrorAnswer,
    Problem,
)

T = TypeVar("T")

API_KEY_VARIABLE: Final = "VALUEBOX_API_KEY"
DEFAULT_URL: Final = "http://127.0.0.1:3000"
_CONNECT_SECONDS: Final = 5.0
_LAST_PORT: Final = 65_535
_BACK_OFF: Final = wait_random_exponential(multiplier=0.5, max=10)
_TOLD: Final = 3
"""Problems of the input that a message names."""


class Link:
    """How one service is called; see `Client` for the arguments."""

    def __init__(
        self,
        url: str,
        api_key: str | None,
        timeout: float,
        retry_seconds: float,
        limit_seconds: float,
        wait_for_start: bool,
    ):
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL:
            raise _no_address(url) from None
        has_port = (self._url.port or 0) <= _LAST_PORT
        if self._url.scheme not in {"http", "https"} or not self._url.host or not has_port:
            raise _no_address(url)
        self._headers = _authorization(api_key)
        self._timeout = httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS))
        self._retry_seconds = retry_seconds
        self._limit_seconds = limit_seconds
        self._has_answered = wait_for_start

    @property
    def name(self) -> str:
        """The address as people may read it: without a password in it."""
        return str(self._bare_url).rstrip("/")

    @property
    def _bare_url(self) -> httpx.URL:
        return self._url.copy_with(userinfo=b"") if self._url.userinfo else self._url

    def options(self) -> dict[str, Any]:
        """What a client of httpx is made with."""
        # Apart from the address, which httpx writes into the log with every request.
        has_password = bool(self._url.userinfo)
        return {
            "base_url": self._bare_url,
            "timeout": self._timeout,
            "headers": self._headers,
            "auth": (self._url.username, self._url.password) if has_password else None,
        }

    def patience(self) -> dict[str, Any]:
        """When a request is sent again, as tenacity takes it."""
        return {
            "retry": retry_if_exception(self._is_worth_it),
            "wait": _wait,
            "stop": self._stop,
            "reraise": True,
        }

    def _is_worth_it(self, error: BaseException) -> bool:
        return isinstance(error, ServiceError) and error.is_away and self._has_answered

    def _stop(self, state: RetryCallState) -> bool:
        error = _error(state)
        is_limited = error is not None and error.code == "rate_limited"
        most = self._limit_seconds if is_limited else self._retry_seconds
        return (state.seconds_since_start or 0.0) + state.upcoming_sleep > most

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """What httpx sends for a call."""
        headers = {"Content-Type": "application/json", IDEMPOTENCY_KEY_HEADER: call.key}
        return {"url": call.path, "content": call.body, "headers": headers}

    def failed(self, error: httpx.HTTPError) -> ServiceError:
        """The error of a request that got no answer."""
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return ServiceError(f"no service at {self.name}", "unreachable")
        return ServiceError(f"{self.name} broke off: {type(error).__name__}", "broken_off")

    def read(self, call: Call[T], response: httpx.Response) -> Answer[T]:
        """What was answered.

        Raises:
            ServiceError: when it is an error, or not what a valuebox answers.
        """
        self._has_answered = True
        if not response.is_success:
            raise self._refused(call.path, response)
        try:
            # Newer services may tell more than this version knows.
            content = TypeAdapter(call.answers).validate_json(response.content, extra="ignore")
            request_id = UUID(response.headers[REQUEST_ID_HEADER])
        except (ValidationError, KeyError, ValueError):
            raise ServiceError(
                f"{self.name} is no valuebox of this version", "no_valuebox", response.status_code
            ) from None
        return Answer(
            content,
            request_id,
            REPLAYED_HEADER in response.headers,
            response.headers.get(WARNINGS_HEADER),
        )

    def _refused(self, path: str, response: httpx.Response) -> ServiceError:
        told, status = f"{self.name}{path} answered {response.status_code}", response.status_code
        after = _seconds(response.headers.get("Retry-After"))
        try:
            answer = ErrorAnswer.model_validate_json(response.content, extra="ignore")
        except ValidationError:
            message = f"{told} {response.reason_phrase}".rstrip()
            return ServiceError(message, f"http_{status}", status, retry_after=after)
        error = answer.error
        where = "; ".join(map(_named, error.problems[:_TOLD]))
        return ServiceError(
            f"{told} {error.code}: {error.message}{' ' + where if where else ''}",
            error.code,
            status,
            error.problems,
            error.problem_count,
            error.request_id,
            after,
        )


def _no_address(url: str) -> ServiceError:
    """The error of an address that is none; what may be a password in it is not shown."""
    shown = url.rpartition("@")[2]
    return ServiceError(f"{shown} is no address; try {DEFAULT_URL}", "bad_address")


def _authorization(api_key: str | None) -> dict[str, str]:
    key = (os.environ.get(API_KEY_VARIABLE, "") if api_key is None else api_key).strip()
    if not key:
        return {}
    if not (key.isascii() and key.isprintable()):
        raise ServiceError(
            f"{API_KEY_VARIABLE if api_key is None else 'api_key'} holds what no API key is",
            "bad_key",
        )
    return {"Authorization": f"Bearer {key}"}


def _named(problem: Problem) -> str:
    """A problem of the input by row and field."""
    row = None if problem.row is None else f"row {problem.row}"
    place = ", ".join(part for part in (row, problem.field) if part)
    return f"{place}: {problem.message}" if place else problem.message


def _seconds(header: str | None) -> float | None:
    """The header `Retry-After`: seconds, or a moment."""
    if header is None or header.strip().isdecimal():
        return None if header is None else float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    # The email module gives a moment that ends in -0000 no time zone; it is in UTC all the same.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _error(state: RetryCallState) -> ServiceError | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, ServiceError) else None


def _wait(state: RetryCallState) -> float:
    """As long as the service says; else longer each time, and by chance."""
    error = _error(state)
    if error is None or error.retry_after is None:
        return float(_BACK_OFF(state))
    return error.retry_after
