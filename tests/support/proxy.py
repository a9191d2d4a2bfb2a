"""A TCP proxy on 127.0.0.1 that fails at a bad moment, as networks do."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class FaultProxy:
    """Passes bytes on, until it is told to break or to stall."""

    def __init__(self, target: int | Path, cuts: Callable[[int], bool] = lambda number: False):
        self._target = target
        self._cuts = cuts
        self._answers = 0
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._flowing.set()
        self._order: bytes | None = None
        self._delivers = self._stalls = False
        self._after = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Keep all connections and take new ones, but pass nothing on."""
        self._flowing.clear()

    def resume(self) -> None:
        """Pass on what was held back, and all that follows."""
        self._flowing.set()

    def cut_at(self, order: bytes, delivered: bool, after: bytes = b"") -> None:
        """Break a connection, once, at the next order that holds these bytes.

        Args:
            order: Such as `COMMIT`.
            delivered: Whether the order still arrives; its answer does not.
            after: What the connection has to have sent from now on, so that a commit of
                somebody else's is left alone.
        """
        with self._lock:
            self._delivers, self._stalls = delivered, False
            self._after = after
            self._order = order

    def stall_at(self, order: bytes, after: bytes = b"") -> None:
        """Pass on the next order that holds these bytes, and nothing more in either direction.

        Args:
            order: Such as `COMMIT`; whoever has sent it waits for its answer.
            after: As for `cut_at`.
        """
        with self._lock:
            self._delivers = self._stalls = True
            self._after = after
            self._order = order

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = self._connect()
                except OSError:
                    # Nobody is there at the moment.
                    client.close()
                    continue
                doomed = threading.Event()
                for arguments in ((client, server, False, doomed), (server, client, True, doomed)):
                    threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, int):
            return socket.create_connection(("127.0.0.1", self._target))
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(str(self._target))
        except OSError:
            server.close()
            raise
        return server

    def _pass_on(
        self, source: socket.socket, sink: socket.socket, answers: bool, doomed: threading.Event
    ) -> None:
        is_meant = False
        with suppress(OSError):
            while data := source.recv(65_536):
                self._flowing.wait()
                is_meant = is_meant or self._is_awaited(data)
                if answers and (doomed.is_set() or self._is_cut()):
                    break
                if not answers and is_meant and self._is_last(data):
                    if not self._delivers:
                        break
                    if self._stalls:
                        self.stall()
                    else:
                        doomed.set()
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

    def _is_awaited(self, data: bytes) -> bool:
        with self._lock:
            return self._order is not None and self._after in data

    def _is_last(self, data: bytes) -> bool:
        with self._lock:
            if self._order is None or self._order not in data:
                return False
            self._order = None
            self.cut += 1
            return True

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()
        self.resume()


@contextmanager
def cutting(
    target: int | Path, cuts: Callable[[int], bool] = lambda number: False
) -> Iterator[FaultProxy]:
    """A proxy to a server on this machine, for the length of the block.

    Args:
        target: The port or the Unix socket where the real server listens.
        cuts: Told the number of an answer's piece, from 1; True drops it and its connection.
    """
    proxy = FaultProxy(target, cuts)
    try:
        yield proxy
    finally:
        proxy.close()
