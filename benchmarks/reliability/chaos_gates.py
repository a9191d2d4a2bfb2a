"""Relays between two ends of a connection that catch a request between commit and answer."""

import queue
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

KEY: Final = re.compile(rb"chaos-[0-9a-f]{32}")
_ROWS: Final = b"INSERT INTO ltv_"
# PostgreSQL's CommandComplete: its letter, its length, its text.
_COMMITTED: Final = b"C\0\0\0\x0bCOMMIT\0"
_ROLLED_BACK: Final = b"C\0\0\0\x0dROLLBACK\0"


class Gate:
    """Catches one request at a time, whose answer is then kept back for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = True
        self._caught: queue.Queue[str] = queue.Queue()
        self._released = threading.Event()

    def catch(self, seconds: float) -> str | None:
        """The key of the next request that comes to the moment; None when none came in time."""
        self._released.clear()
        with self._lock:
            self._open = False
        try:
            return self._caught.get(timeout=seconds)
        except queue.Empty:
            with self._lock:
                self._open = True
            return None

    def holds(self, key: bytes) -> bool:
        """Whether the request with this key is the one to catch."""
        with self._lock:
            if self._open:
                return False
            self._open = True
        self._caught.put(key.decode())
        return True

    def wait(self) -> None:
        """Return when what was caught is of no use any more."""
        self._released.wait()

    def release(self) -> None:
        """Let the connection of the caught request end; its answer never arrives."""
        self._released.set()


class Watch(Protocol):
    """Sees all that one connection carries before it is passed on."""

    def sent(self, data: bytes) -> None:
        """Bytes on their way to the server."""

    def answered(self, data: bytes) -> bool:
        """Bytes on their way back; False ends the connection without them."""


class CommitWatch:
    """Of a connection to PostgreSQL: catches the reply to the COMMIT of new rows.

    The service does not know then that they are stored. A transaction that only found a claim of
    an earlier attempt stores no rows and is let through.
    """

    def __init__(self, gate: Gate):
        self._gate = gate
        self._statements = b""

    def sent(self, data: bytes) -> None:
        """Gather the statements of a transaction."""
        self._statements += data

    def answered(self, data: bytes) -> bool:
        """Catch the end of the transaction."""
        if _ROLLED_BACK in data:
            self._statements = b""
        if _COMMITTED not in data:
            return True
        statements, self._statements = self._statements, b""
        key = KEY.search(statements)
        if key is None or _ROWS not in statements or not self._gate.holds(key[0]):
            return True
        self._gate.wait()
        return False


class AnswerWatch:
    """Of a connection to the service: keeps the answer to a first attempt back.

    Args:
        gate: Where it is caught.
        met: The keys that came by, of all connections.
    """

    def __init__(self, gate: Gate, met: set[bytes]):
        self._gate = gate
        self._met = met
        self._caught = False

    def sent(self, data: bytes) -> None:
        """Catch a request whose key is new."""
        for key in KEY.findall(data):
            if key not in self._met:
                self._met.add(key)
                self._caught = self._gate.holds(key)

    def answered(self, data: bytes) -> bool:
        """Pass on what was not caught."""
        if not self._caught:
            return True
        self._gate.wait()
        return False


class Relay:
    """Passes bytes on both ways, past a watch of each connection."""

    def __init__(
        self,
        listener: socket.socket,
        connect: Callable[[], socket.socket],
        watch: Callable[[], Watch],
    ):
        self._listener = listener
        self._connect = connect
        self._watch = watch
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = self._connect()
        except OSError:
            client.close()
            return
        watch = self._watch()

        def send(data: bytes) -> bool:
            watch.sent(data)
            return True

        back = threading.Thread(target=_pass_on, args=(server, client, watch.answered), daemon=True)
        back.start()
        _pass_on(client, server, send)
        back.join()
        client.close()
        server.close()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


def _pass_on(source: socket.socket, sink: socket.socket, lets: Callable[[bytes], bool]) -> None:
    with suppress(OSError):
        while (data := source.recv(65_536)) and lets(data):
            sink.sendall(data)
    # Both ends: the thread of the other direction waits for one of them.
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def at_socket(real: Path) -> socket.socket:
    """A connection to the PostgreSQL that listens on the socket `real`."""
    server = socket.socket(socket.AF_UNIX)
    server.connect(str(real))
    return server


def before_postgres(connect: Callable[[], socket.socket], gate: Gate) -> tuple[Relay, int]:
    """A relay to the PostgreSQL, or its pooler, to which `connect` leads; and its port here."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    return Relay(listener, connect, lambda: CommitWatch(gate)), listener.getsockname()[1]


def before_service(port: int, gate: Gate) -> tuple[Relay, str]:
    """A relay to the service on `port`, and its address."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    met: set[bytes] = set()
    relay = Relay(
        listener,
        lambda: socket.create_connection(("127.0.0.1", port)),
        lambda: AnswerWatch(gate, met),
    )
    return relay, f"http://127.0.0.1:{listener.getsockname()[1]}"
