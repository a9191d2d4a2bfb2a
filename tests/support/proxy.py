"""A TCP proxy on 127.0.0.1 that can cut connections at a bad moment."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class FaultProxy:
    """Passes bytes on, until `cuts` says that an answer is not to arrive."""

    def __init__(self, port: int, cuts: Callable[[int], bool]):
        self._target = port
        self._cuts = cuts
        self._answers = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for source, sink, answers in ((client, server, False), (server, client, True)):
                    threading.Thread(
                        target=self._pass_on, args=(source, sink, answers), daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if answers and self._is_cut():
                    break
                sink.sendall(data)
        # Both ends and both threads: closing alone would leave the other thread waiting.
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _is_cut(self) -> bool:
        with self._lock:
            self._answers += 1
            cut = self._cuts(self._answers)
            self.cut += cut
            return cut

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


@contextmanager
def cutting(port: int, cuts: Callable[[int], bool]) -> Iterator[FaultProxy]:
    """A proxy to a port of this machine, for the length of the block.

    Args:
        port: Where the real server listens.
        cuts: Told the number of an answer's piece, from 1; True drops it and its connection.
    """
    proxy = FaultProxy(port, cuts)
    try:
        yield proxy
    finally:
        proxy.close()
