"""A server that does nothing: what the client costs by itself."""

import asyncio
import sys
from typing import Any

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


class Nothing(asyncio.Protocol):
    """Answers once a request is complete, and never looks at it."""

    def connection_made(self, transport: Any) -> None:  # noqa: D102
        self._transport = transport
        self._missing = 0

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if not self._missing:
            head, _, body = data.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].split(b"\r")[0]
            self._missing = int(length or 0) - len(body)
        else:
            self._missing -= len(data)
        if not self._missing:
            self._transport.write(ANSWER)


async def serve(port: int) -> None:
    """Until it is killed."""
    server = await asyncio.get_running_loop().create_server(Nothing, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
