"""Callers who take connections and places, and give nothing in return.

    python -m benchmarks.reliability.starvation_attacks NAME PORT SECONDS KEY [KEY ...]

Each attack keeps as many connections busy as `ATTACKS` says, all from 127.0.0.1, and opens
another one a second after one was closed on it. In a process of its own, so that whoever measures
does not wait for it.
"""

import asyncio
import gzip
import random
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

ADDRESS: Final = ("127.0.0.1", 0)
AGAIN_SECONDS: Final = 1.0
FLOOD: Final = 1_100
ALL: Final = "all of them at once"
_LINE: Final = b"POST /v1/ltv/predict HTTP/1.1\r\nHost: localhost\r\n"
_JSON: Final = b"Content-Type: application/json\r\n"


@dataclass(frozen=True)
class Attack:
    """What is sent over each of many connections."""

    connections: int
    opening: Callable[[str], bytes]
    """Takes an API key; what is sent at once."""
    drip: Iterable[bytes] = ()
    """What is sent after that, piece by piece."""
    every: float = 1.0
    """Seconds between two pieces."""
    reads: bool = True
    """Whether answers are read."""


def _head(*headers: str, line: bytes = _LINE) -> Callable[[str], bytes]:
    def made(key: str) -> bytes:
        sent = (f"Authorization: Bearer {key}", *headers)
        return line + _JSON + "".join(f"{one}\r\n" for one in sent).encode() + b"\r\n"

    return made


def _with_body(headers: Callable[[str], bytes], body: bytes) -> Callable[[str], bytes]:
    return lambda key: headers(key) + body


_garbage = random.Random(1).randbytes(300)
_long = "Content-Length: 500"
_bytes = [b" "] * 500

ATTACKS: Final[dict[str, Attack]] = {
    "silent connections": Attack(300, lambda _: b""),
    "half a TLS hello": Attack(300, lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"),
    "garbage": Attack(300, lambda _: _garbage),
    "heads, byte by byte": Attack(300, lambda _: b"P", [bytes([one]) for one in _LINE[1:]], 0.5),
    "half a head, 1,100 times": Attack(FLOOD, lambda _: _LINE),
    "bodies that hang": Attack(300, _with_body(_head(_long), b"[")),
    "bodies, byte by byte": Attack(300, _with_body(_head(_long), b"["), _bytes, 5.0),
    "gzip bodies that hang": Attack(
        300, _with_body(_head(_long, "Content-Encoding: gzip"), gzip.compress(b"[]")[:12])
    ),
    "Expect: 100-continue": Attack(300, _head(_long, "Expect: 100-continue")),
    "bodies without a key": Attack(
        300, lambda _: _LINE + _JSON + _long.encode() + b"\r\n\r\n[", _bytes, 5.0
    ),
    "GET with a body": Attack(
        300,
        _with_body(_head(_long, line=b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"), b"["),
        _bytes,
        5.0,
    ),
    "idle, kept alive": Attack(300, lambda _: b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "answers never read": Attack(
        100, lambda _: b"GET /docs.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100, reads=False
    ),
}


async def attack(names: Iterable[str], port: int, seconds: float, keys: list[str]) -> None:
    """Carry out attacks side by side, each of its connections for itself."""
    until = asyncio.get_running_loop().time() + seconds
    async with asyncio.TaskGroup() as group:
        for name in names:
            one = ATTACKS[name]
            for number in range(one.connections):
                group.create_task(_persist(one, port, until, keys[number % len(keys)]))


async def _persist(one: Attack, port: int, until: float, key: str) -> None:
    loop = asyncio.get_running_loop()
    while loop.time() < until:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout_at(until):
                await _once(one, port, key)
        await asyncio.sleep(min(AGAIN_SECONDS, max(until - loop.time(), 0)))


async def _once(one: Attack, port: int, key: str) -> None:
    """A connection until it is closed by the service."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=ADDRESS)
    try:
        writer.write(one.opening(key))
        sending = asyncio.create_task(_drip(writer, one))
        if one.reads:
            while await reader.read(65_536):
                pass
        else:
            await writer.wait_closed()
        sending.cancel()
    finally:
        writer.transport.abort()


async def _drip(writer: asyncio.StreamWriter, one: Attack) -> None:
    for piece in one.drip:
        await asyncio.sleep(one.every)
        writer.write(piece)


if __name__ == "__main__":
    name, port, seconds, *keys = sys.argv[1:]
    names = list(ATTACKS) if name == ALL else [name]
    asyncio.run(attack(names, int(port), float(seconds), keys))
