"""An HTTP request with one deadline for finding the host, for connecting, and for every byte.

Time limits of HTTP clients hold for each wait by itself, so that whoever sends a byte now and then
is waited for without an end.
"""

import socket
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpcore

Resolve = Callable[[str, int], list[str]]
"""Function that finds the addresses of a host, for a port."""
_RESOLVERS: Final = ThreadPoolExecutor(2, "resolving")
"""Finding a host knows no time limit: it is left behind where it takes too long."""


def addresses(host: str, port: int) -> list[str]:
    """The addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


class Deadline(httpcore.NetworkBackend):
    """Connects within a deadline, to streams that keep it.

    Args:
        left: Function that tells how many seconds are left.
        resolve: Function that finds the addresses of a host.
    """

    def __init__(self, left: Callable[[], float], resolve: Resolve = addresses):
        self._left, self._resolve = left, resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that answers."""
        try:
            found = _RESOLVERS.submit(self._resolve, host, port).result(max(self._left(), 0.0))
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None
        failed: Exception = httpcore.ConnectError("The host has no address")
        for place, address in enumerate(found):
            if (left := self._left()) <= 0:
                raise httpcore.ConnectTimeout
            try:
                # An address that does not answer leaves time for the others.
                limit = left / (len(found) - place)
                stream = httpcore.SyncBackend().connect_tcp(
                    address, port, limit, local_address, socket_options
                )
                return _Stream(stream, self._left)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, left: Callable[[], float]):
        self._stream, self._left = stream, left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._still(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._still(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._still(httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _still(self, late: type[Exception]) -> float:
        if (left := self._left()) <= 0:
            raise late
        return left
