"""From the guard straight to an endpoint: read, parse, run aside, answer.

BentoML would do it too, in six layers of its own that take as long as all that we do for a small
request; see docs/decisions/0012-our-own-dispatch.md.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from starlette.responses import Response

from valuebox.schemas.requests import Nothing
from valuebox.serving import parsing
from valuebox.serving.bodies import Body
from valuebox.serving.endpoint import ROUTES, Route
from valuebox.serving.exchange import current
from valuebox.serving.gathering import Gathering


class Dispatch:
    """Answers requests to the endpoints of a service, each in a thread of its own."""

    def __init__(self, service: Any, threads: int):
        """A dispatch for `service`, which has at most `threads` requests under way at once."""
        self._service = service
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="endpoint")
        self._gatherings = {
            path: [Gathering(service, one, self._threads) for one in route.together]
            for path, route in ROUTES.items()
        }

    async def answer(self, path: str, body: Body, query: bytes = b"") -> Response:
        """What the endpoint at `path` answers to `body`; of a document, to `query`.

        Raises:
            BodyRefused: when either cannot be used; it carries the answer.
            ClientDisconnect: when there is nobody any more to be answered.
        """
        route = ROUTES[path]
        content = await body.read() if route.document is None else query
        current().size = len(content)
        if route.document is None:
            parsed = await parsing.parse(route.takes or Nothing, content)
        else:
            parsed = parsing.parse_query(route.takes or Nothing, content)
        given = () if route.takes is None else (parsed,)
        for gathering in self._gatherings[path]:
            if gathering.fits(*given):
                return await gathering.answer(*given)
        # What is given up is not waited for; see `Guard`, and `Exchange.deadline`.
        run = copy_context().run
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, run, _respond, route, self._service, *given
        )

    def close(self) -> None:
        """Wait for what is under way."""
        self._threads.shutdown()


def _respond(route: Route, service: Any, *given: Any) -> Response:
    answer = route.method(service, *given)
    if isinstance(answer, Response):
        return answer
    return Response(answer.model_dump_json(), media_type="application/json")
