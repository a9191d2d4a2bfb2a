"""The one shape of errors, and the headers, as the service and its clients know them."""

from http import HTTPStatus
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

REQUEST_ID_HEADER: Final = "X-Request-Id"
IDEMPOTENCY_KEY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotent-Replayed"
WARNINGS_HEADER: Final = "X-Valuebox-Warnings"

ErrorCode = Literal[
    "malformed_json",
    "invalid_input",
    "unauthenticated",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "key_reused",
    "answer_gone",
    "unanswerable",
    "body_too_large",
    "unsupported_media_type",
    "rate_limited",
    "internal_error",
    "database_unavailable",
    "overloaded",
    "not_ready",
    "timed_out",
    "too_slow",
]

STATUS_OF: dict[ErrorCode, HTTPStatus] = {
    "malformed_json": HTTPStatus.BAD_REQUEST,
    "invalid_input": HTTPStatus.BAD_REQUEST,
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "key_reused": HTTPStatus.CONFLICT,
    "answer_gone": HTTPStatus.GONE,
    "unanswerable": HTTPStatus.CONFLICT,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unsupported_media_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "internal_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "database_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded": HTTPStatus.SERVICE_UNAVAILABLE,
    "not_ready": HTTPStatus.SERVICE_UNAVAILABLE,
    "timed_out": HTTPStatus.GATEWAY_TIMEOUT,
    "too_slow": HTTPStatus.REQUEST_TIMEOUT,
}


class Problem(BaseModel):
    """One thing that is wrong with the input; never the value itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: int | None = Field(
        default=None, description="Position of the row in the sent array, from 0."
    )
    field: str | None = Field(
        default=None, description="Name of the column, or a dotted path to what lies below it."
    )
    message: str = Field(description="What is wrong and what is expected.")


class Error(BaseModel):
    """What went wrong, for a program (`code`) and for a person (`message`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: ErrorCode = Field(
        description="What went wrong, as a word for programs that stays the same."
    )
    message: str = Field(description="What went wrong, in a sentence for people.")
    problems: list[Problem] = Field(
        default=[], description="The first problems found in the input, by row and field."
    )
    problem_count: int = Field(
        default=0, description="Number of all problems that were found in the input."
    )
    request_id: str = Field(description="Id of the request, as in the header `X-Request-Id`.")


class ErrorAnswer(BaseModel):
    """The body of an answer with a status of 400 or more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    error: Error
