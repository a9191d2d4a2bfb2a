"""An end to request headers that have none."""

import sys
from typing import Any, Final

# Clients send some kB. One piece from the network, at most 256 kB, may hold the end of a body too.
MAX_HEAD_BYTES: Final = 1_000_000


def bound_headers() -> None:
    """Have uvicorn answer 400 to a request whose line and headers pass `MAX_HEAD_BYTES`.

    With httptools it collects them without any bound, before an application sees the request, and
    BentoML lets nobody choose another protocol class. Holds for connections made from then on.
    """
    # There it reads with h11, which has a bound of its own.
    if sys.platform == "win32":
        return
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    if hasattr(HttpToolsProtocol, "head_bytes"):
        return
    protocol: Any = HttpToolsProtocol
    begun, complete = protocol.on_message_begin, protocol.on_headers_complete
    received = protocol.data_received

    def on_message_begin(self: Any) -> None:
        self.head_bytes = 0
        begun(self)

    def on_headers_complete(self: Any) -> None:
        self.head_bytes = None
        complete(self)

    def data_received(self: Any, data: bytes) -> None:
        received(self, data)
        if self.head_bytes is None or self.transport.is_closing():
            return
        self.head_bytes += len(data)
        if self.head_bytes > MAX_HEAD_BYTES:
            self.send_400_response("Invalid HTTP request received.")

    # None while no head is being read.
    protocol.head_bytes = None
    protocol.on_message_begin = on_message_begin
    protocol.on_headers_complete = on_headers_complete
    protocol.data_received = data_received
