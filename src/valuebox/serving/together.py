"""Several requests for predictions at once: the model asked once, one transaction."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from valuebox.schemas.requests import RequestModel
from valuebox.serving.endpoint import Asked, Together, failed, is_away
from valuebox.serving.errors import NoModel
from valuebox.serving.exchange import Exchange, answering
from valuebox.serving.logs import kind_of
from valuebox.serving.pipeline import Given, Pipeline, Steps
from valuebox.store.engine import TooLate, is_fresh, is_in_time


class _Size(NamedTuple):
    """Requests that are answered with others of their size, so that none waits for larger ones."""

    rows: int
    """Rows from which on a request is larger."""
    size: int
    """Bytes of a body, likewise."""
    most: int
    """Requests that are answered together."""


_SIZES: Final = (_Size(10, 20_000, 64), _Size(200, 100_000, 16))

_log = logging.getLogger("valuebox")


def gathered(
    steps_of: Callable[[Any], Steps[Given, Any, Any]],
    is_plain: Callable[[Given], bool] = lambda given: True,
) -> Sequence[Together]:
    """How an endpoint answers several requests of some rows by the steps of a compartment.

    Args:
        steps_of: Function of the service that returns the steps.
        is_plain: Whether a request stores predictions, and nothing besides them.

    Returns:
        The same for every size of requests, the smallest first.
    """

    def answer(service: Any, asked: Sequence[Asked]) -> list[Response]:
        try:
            steps = steps_of(service)
        except NoModel as error:
            return [_failed(one, error) for one in asked]
        return _Crowd(service.pipeline, steps).answers(asked)

    def of(size: _Size) -> Together:
        def fits(exchange: Exchange, given: Given) -> bool:
            return _fits(size, exchange, given) and is_plain(given)

        return Together(size.most, fits, answer)

    return [of(size) for size in _SIZES]


def _fits(size: _Size, exchange: Exchange, given: RequestModel) -> bool:
    """Whether a request is of a size, and may be tried again with others.

    A request whose body took its time has less left than the others, who would have to hurry.
    """
    return (
        exchange.idempotency_key is None
        and given.n_rows < size.rows
        and exchange.size <= size.size
        and is_fresh(exchange.deadline)
    )


class _Crowd:
    """Requests that are answered together, each as if it were alone."""

    def __init__(self, pipeline: Pipeline, steps: Steps[Any, Any, Any]):
        self._pipeline = pipeline
        self._steps = steps

    def answers(self, asked: Sequence[Asked]) -> list[Response]:
        """What `Pipeline.predict` answers to each of several requests that fit."""
        if len(asked) == 1:
            return [self._alone(*asked)]
        answers: dict[int, Response] = {}
        left: dict[int, Asked] = {}
        for position, one in enumerate(asked):
            with answering(one.exchange):
                try:
                    one.exchange.count_rows(one.given.n_rows)
                    left[position] = one
                except Exception as error:
                    answers[position] = failed(error)
        while left:
            late = [at for at, one in left.items() if not is_in_time(one.exchange.deadline)]
            answers |= {at: _failed(left.pop(at), TooLate()) for at in late}
            try:
                answers |= zip(left, self._predict(list(left.values())), strict=True)
                break
            except TooLate:
                # Of those who came first. The others may have time left, and begin again.
                continue
        return [answers[position] for position in range(len(asked))]

    def _alone(self, asked: Asked) -> Response:
        with answering(asked.exchange):
            try:
                asked.exchange.count_rows(asked.given.n_rows)
                (answer,) = self._pipeline.answers(self._steps, asked.exchange, [asked])
                return answer
            except Exception as error:
                return failed(error)

    def _predict(self, asked: Sequence[Asked]) -> list[Response]:
        if not asked:
            return []
        exchange = Exchange(deadline=min(one.exchange.deadline for one in asked))
        try:
            with answering(exchange):
                answers = self._pipeline.answers(self._steps, exchange, asked)
            exchange.count()
            return answers
        except Exception as error:
            if len(asked) == 1 or is_away(error):
                return [_failed(one, error) for one in asked]
            if isinstance(error, TooLate):
                raise
            _log.warning("%d requests are answered one by one (%s)", len(asked), kind_of(error))
        finally:
            for one in asked:
                one.exchange.spend(exchange.spent)
        # One of them may have been the reason, which is none to refuse the others.
        return [answer for one in asked for answer in self._predict([one])]


def _failed(asked: Asked, error: Exception) -> Response:
    with answering(asked.exchange):
        return failed(error)
