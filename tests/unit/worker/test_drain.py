import asyncio
import signal
from collections.abc import Iterator

import pytest

from valuebox.worker.drain import Drain

TERM, INT = signal.SIGTERM, signal.SIGINT


@pytest.fixture
def told() -> Iterator[list[int]]:
    """What the server's own handler is told."""
    signals: list[int] = []
    before = {number: signal.getsignal(number) for number in (TERM, INT)}
    for number in before:
        signal.signal(number, lambda number, _: signals.append(number))
    yield signals
    for number, handler in before.items():
        signal.signal(number, handler)


def sent(signals: list[int], drain: Drain, wait: float) -> bool:
    """Send signals to a draining process, one after the other; whether it had begun to drain."""

    async def server() -> bool:
        drain.install()
        assert not drain.begun
        for number in signals:
            signal.raise_signal(number)
        begun = drain.begun
        await asyncio.sleep(wait)
        return begun

    return asyncio.run(server())


@pytest.mark.parametrize("signals", [[TERM], [INT], [INT, TERM], [TERM, TERM, TERM]])
def test_the_server_is_told_once_after_the_wait(told: list[int], signals: list[int]) -> None:
    assert sent(signals, Drain(0.01), wait=0.5)
    assert told == [TERM]


def test_until_then_the_server_goes_on(told: list[int]) -> None:
    assert sent([TERM, INT, TERM], Drain(600), wait=0.1)
    assert told == []


def test_a_client_that_never_reads_cannot_hold_up_a_stop(told: list[int]) -> None:
    assert sent([TERM], Drain(0, finish_seconds=0.05), wait=0.5)
    assert told == [TERM, INT]
