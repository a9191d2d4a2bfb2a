"""The one shape that every error takes on its way out."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import JSONResponse

from valuebox.errors import ValueboxError
from valuebox.schemas.errors import IDEMPOTENCY_KEY_HEADER as IDEMPOTENCY_KEY_HEADER
from valuebox.schemas.errors import REPLAYED_HEADER as REPLAYED_HEADER
from valuebox.schemas.errors import REQUEST_ID_HEADER as REQUEST_ID_HEADER
from valuebox.schemas.errors import STATUS_OF as STATUS_OF
from valuebox.schemas.errors import WARNINGS_HEADER as WARNINGS_HEADER
from valuebox.schemas.errors import Error as Error
from valuebox.schemas.errors import ErrorAnswer as ErrorAnswer
from valuebox.schemas.errors import ErrorCode as ErrorCode
from valuebox.schemas.errors import Problem as Problem
from valuebox.serving.exchange import current

NOT_FOUND: Final = "There is nothing at this address; `/docs.json` lists what there is."
METHOD_NOT_ALLOWED: Final = "This address answers another method; see `/docs.json`."
MAX_PROBLEMS: Final = 20
"""Problems that are listed at most, of those that were found."""


class BodyRefused(Exception):
    """A request body cannot be used, and is not read any further."""

    def __init__(self, answer: JSONResponse):
        super().__init__()
        self.answer = answer
        """The answer to the request."""


class NotFound(ValueboxError):
    """What a question names is not there; the message is a sentence for people."""


class NoModel(NotFound):
    """A question that takes a model was asked of a service that has none for it."""

    def __init__(self, question: str, command: str):
        super().__init__(lacks_model(question, command))


class Unanswerable(ValueboxError):
    """There is no answer to some of what was asked; the message is a sentence for people."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()):
        super().__init__(message)
        self.problems = list(problems)
        """Problems with the rows that have no answer."""


class BadRows(ValueboxError):
    """Rows of a body hold what cannot be stored, which shows only once something else is known."""

    def __init__(self, problems: Sequence[Problem], count: int | None = None):
        super().__init__("some of the input cannot be used")
        self.problems = list(problems)
        """What is wrong, by row; the first of it where `count` is larger."""
        self.count = len(self.problems) if count is None else count


def invalid_input(problems: list[Problem], count: int) -> JSONResponse:
    """The answer to input that cannot be used.

    Args:
        problems: The first problems.
        count: How many there are.
    """
    things = "1 problem" if count == 1 else f"{count} problems"
    message = f"The input has {things}; nothing of this request was stored."
    return error_response("invalid_input", message, problems, count)


def error_response(
    code: ErrorCode,
    message: str,
    problems: list[Problem] | None = None,
    count: int | None = None,
    retry_after: int = 1,
) -> JSONResponse:
    """An answer in the one error shape, with the status that belongs to `code`.

    Args:
        code: What went wrong.
        message: For people.
        problems: What is wrong with the input; the first are listed.
        count: How many there are, where not all are in `problems`.
        retry_after: Seconds after which it is worth to try again, where it ever is.
    """
    problems = problems or []
    error = Error(
        code=code,
        message=message,
        problems=problems[:MAX_PROBLEMS],
        problem_count=len(problems) if count is None else count,
        request_id=str(current().request_id),
    )
    headers = {"Retry-After": str(retry_after)} if STATUS_OF[code] in {429, 503} else {}
    if code == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    content = ErrorAnswer(error=error).model_dump(exclude_none=True)
    return JSONResponse(content, status_code=STATUS_OF[code], headers=headers)


def lacks_model(question: str, command: str) -> str:
    """Why a question that takes a model is not answered, and what is to be done about it."""
    return (
        f"This service has no {question} model; `{command}` makes one, and a service takes it "
        "when it starts."
    )
