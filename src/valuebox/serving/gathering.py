"""Requests that come while others of their size are being answered wait, and are answered together.

A request of one row takes longer to hand over, and to write and commit, than to work out, and one
of a hundred rows still half as long: under load the next transaction holds all that has come since
the last one.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Final

from starlette.responses import Response

from valuebox.serving.endpoint import Asked, Together
from valuebox.serving.exchange import current

_Answers = tuple[asyncio.Future[Response], ...]

_SIDE_BY_SIDE: Final = 2
_MOSTLY_WAITING: Final = 3
"""How many times as long as it computes a gathering may take, before another one begins beside it:
two share what one would commit at once, so they are worth it only where much time is waited."""
SLOW_SECONDS: Final = 1.0
"""Seconds for which a gathering holds up the next one: its connection may be dead."""


class Gathering:
    """Answers requests of one size to an endpoint of a service; belongs to the event loop."""

    def __init__(self, service: Any, together: Together, threads: Executor):
        """A gathering for `service`, whose `threads` do the work."""
        self._service = service
        self._together = together
        self._threads = threads
        self._waiting: list[tuple[Asked, asyncio.Future[Response]]] = []
        self._under_way: set[_Answers] = set()
        """The gatherings that the next one waits for, by the answers that they will give."""
        self._at_once = 1
        """How many gatherings may be under way: more where the database is far or its disk slow."""

    def fits(self, given: Any) -> bool:
        """Whether the current request may be answered together with others."""
        return self._together.fits(current(), given)

    async def answer(self, given: Any) -> Response:
        """The answer to the current request, made alone or together with others."""
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting.append((Asked(current(), given), answer))
        self._go_on()
        return await answer

    def _go_on(self) -> None:
        # What was given up meanwhile is not begun any more.
        self._waiting = [one for one in self._waiting if not one[1].done()]
        if not self._waiting or len(self._under_way) >= self._at_once:
            return
        most = self._together.most
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        asked, answers = zip(*taken, strict=True)
        self._under_way.add(answers)
        loop = asyncio.get_running_loop()
        slow = loop.call_later(SLOW_SECONDS, self._let_pass, answers)
        end = partial(self._end, answers, slow)
        # Last of all: the thread that wakes up waits for this one to let go of the interpreter.
        work = self._threads.submit(self._answers, asked)
        # A future of the loop's own would take three rounds of the loop to hand the answers over.
        work.add_done_callback(partial(loop.call_soon_threadsafe, end))

    def _answers(self, asked: Sequence[Asked]) -> list[Response]:
        began, computed = time.perf_counter(), time.thread_time()
        answers = self._together.answer(self._service, asked)
        took, computed = time.perf_counter() - began, time.thread_time() - computed
        self._at_once = _SIDE_BY_SIDE if took > _MOSTLY_WAITING * computed else 1
        return answers

    def _let_pass(self, answers: _Answers) -> None:
        if answers in self._under_way:
            self._under_way.remove(answers)
            self._go_on()

    def _end(
        self, answers: _Answers, slow: asyncio.TimerHandle, work: Future[list[Response]]
    ) -> None:
        slow.cancel()
        error = work.exception()
        for position, answer in enumerate(answers):
            if answer.done():
                continue
            if error is None:
                answer.set_result(work.result()[position])
            else:
                answer.set_exception(error)
        self._let_pass(answers)
