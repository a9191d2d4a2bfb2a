"""What goes wrong when a service is called."""

from collections.abc import Sequence

from valuebox.errors import ValueboxError
from valuebox.schemas.errors import Problem

AWAY = frozenset({408, 429, 502, 503, 504})
"""Statuses of answers that may be better when the same request is sent again."""


class ServiceError(ValueboxError):
    """A service cannot be reached, refused a request, or is no valuebox.

    The message is one line, and holds neither the API key nor anything that was sent.

    Attributes:
        code: A stable word: that of the service, such as `invalid_input` (docs/api.md lists them),
            `http_502` for the answer of a proxy, or `bad_address`, `bad_key`, `unreachable`,
            `broken_off` and `no_valuebox`.
        status: Status of the answer; None where there was none.
        problems: The first problems of the input, each with its `row`, `field` and `message`.
        problem_count: Number of problems that were found.
        request_id: Id of the request, which the log of the service has too; None without an answer.
        retry_after: Seconds after which it is worth to try again, where the service said so.
    """

    def __init__(
        self,
        message: str,
        code: str,
        status: int | None = None,
        problems: Sequence[Problem] = (),
        problem_count: int = 0,
        request_id: str | None = None,
        retry_after: float | None = None,
    ):
        super().__init__(message)
        self.code = code
        self.status = status
        self.problems = tuple(problems)
        self.problem_count = problem_count
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def is_away(self) -> bool:
        """Whether the same request may succeed later."""
        return self.code in {"unreachable", "broken_off"} or self.status in AWAY
