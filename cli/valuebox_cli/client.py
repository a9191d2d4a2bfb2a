"""The service as the command sees it, over HTTP."""

import os
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import httpx
from pydantic import TypeAdapter, ValidationError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)

from valuebox.compartments.ltv.bulk import PredictionTable
from valuebox.compartments.ltv.schemas import ModelCard, PredictionPage
from valuebox.compartments.models import Questions
from valuebox.serving.errors import IDEMPOTENCY_KEY_HEADER, REQUEST_ID_HEADER, ErrorAnswer
from valuebox_cli.terminal.console import Unreachable

RETRY_SECONDS: Final = 30
# Not an option: whoever lists processes could read it.
API_KEY_VARIABLE: Final = "VALUEBOX_API_KEY"
DEFAULT_URL: Final = "http://127.0.0.1:3000"
_TIMEOUT = httpx.Timeout(90.0, connect=5.0)
_AWAY: Final = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
_WAITED: Final = stop_after_delay(RETRY_SECONDS)
_BACK_OFF: Final = wait_random_exponential(multiplier=0.5, max=10)
_MODEL_CARD = TypeAdapter(ModelCard)
_QUESTIONS = TypeAdapter(Questions)
_PREDICTIONS = TypeAdapter(PredictionTable)
_PAGE = TypeAdapter(PredictionPage)
Answer = TypeVar("Answer")


class ServiceError(Unreachable):
    """The service is not there, or answered an error; the message says which, in one line."""


class ServiceAway(ServiceError):
    """The service is away, and may answer later."""


class TooFast(ServiceAway):
    """The API key has used up its minute."""

    def __init__(self, message: str, retry_after: str):
        super().__init__(message)
        self.retry_after = int(retry_after) if retry_after.isdecimal() else 1
        """Seconds until the key may be used again."""


class Client:
    """One connection to a running service.

    Every method raises ServiceError when the service cannot be reached, answers an error, or
    is no valuebox.
    """

    def __init__(self, url: str):
        try:
            self._http = httpx.Client(base_url=url, timeout=_TIMEOUT, headers=_authorization())
        except httpx.InvalidURL:
            raise ServiceError(f"{url} is no address; try {DEFAULT_URL}") from None
        self._url = url
        self._met = False
        self._again = Retrying(
            # Nobody waits for a service that was never there.
            retry=retry_if_exception(lambda error: self._met and isinstance(error, ServiceAway)),
            wait=_wait,
            stop=lambda state: not isinstance(_error(state), TooFast) and _WAITED(state),
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def model_card(self) -> ModelCard:
        """The model that answers."""
        return self._read(_MODEL_CARD, self._post("/v1/ltv/model", {}))

    def questions(self) -> Questions:
        """Which questions the service answers, and by which models."""
        return self._read(_QUESTIONS, self._post("/v1/models", {}))

    def predict(self, users: dict[str, list[Any]], key: str) -> tuple[UUID, PredictionTable]:
        """Send users; the id of the request and the predictions in the order sent.

        Args:
            users: By column, as the bulk endpoint takes them.
            key: The service stores them once, however often it gets them with this key.
        """
        answer = self._post("/v1/ltv/predict/bulk", users, {IDEMPOTENCY_KEY_HEADER: key})
        predictions = self._read(_PREDICTIONS, answer)
        if predictions.user_id != users["user_id"]:
            raise ServiceError(f"{self._url} answered other users than were sent")
        return UUID(answer.headers[REQUEST_ID_HEADER]), predictions

    def search(self, search: dict[str, Any]) -> PredictionPage:
        """One page of stored predictions."""
        return self._read(_PAGE, self._post("/v1/ltv/predictions/search", search))

    def _post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        """Send, and again with back-off while a service that did answer is away.

        What stores carries a key, and the rest only reads: sending again does no harm.
        """
        answer = self._again(self._post_once, path, body, headers)
        self._met = True
        return answer

    def _post_once(self, path: str, body: Any, headers: dict[str, str] | None) -> httpx.Response:
        try:
            answer = self._http.post(path, json=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise ServiceAway(
                f"no service at {self._url}; start one with `bentoml serve`, or name another "
                "with --url"
            ) from None
        except httpx.UnsupportedProtocol:
            raise ServiceError(f"{self._url} is no address; try {DEFAULT_URL}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceAway(f"{self._url} broke off: {type(error).__name__}") from None
        if answer.is_error:
            said = f"{self._url}{path} answered {_describe(answer)}"
            if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                raise TooFast(said, answer.headers.get("Retry-After", ""))
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                said += f" The command line takes it from {API_KEY_VARIABLE}."
            raise ServiceAway(said) if answer.status_code in _AWAY else ServiceError(said)
        return answer

    def _read(self, kind: TypeAdapter[Answer], answer: httpx.Response) -> Answer:
        try:
            return kind.validate_json(answer.content)
        except ValidationError:
            raise ServiceError(f"{self._url} is no valuebox of this version") from None


def _authorization() -> dict[str, str]:
    key = os.environ.get(API_KEY_VARIABLE, "").strip()
    if not key:
        return {}
    if not (key.isascii() and key.isprintable()):
        raise ServiceError(f"{API_KEY_VARIABLE} holds what no API key is")
    return {"Authorization": f"Bearer {key}"}


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wait(state: RetryCallState) -> float:
    error = _error(state)
    return error.retry_after if isinstance(error, TooFast) else _BACK_OFF(state)


def _describe(answer: httpx.Response) -> str:
    try:
        error = ErrorAnswer.model_validate_json(answer.content).error
    except ValidationError:
        return f"{answer.status_code} {answer.reason_phrase}"
    where = "; ".join(
        f"row {p.row}, {p.field}: {p.message}" for p in error.problems[:3] if p.row is not None
    )
    return f"{answer.status_code} {error.code}: {error.message}{' ' + where if where else ''}"
