"""Which requests are answered together, and what each of them hears."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from starlette.responses import Response

from valuebox.serving import gathering as module
from valuebox.serving.endpoint import Asked, Together
from valuebox.serving.exchange import Exchange, answering
from valuebox.serving.gathering import Gathering

SECONDS = 20


class Kitchen:
    """Answers each request with what it gave, once it is let."""

    def __init__(self) -> None:
        self.answered: list[list[str]] = []
        self.let = Event()
        self.error: Exception | None = None

    def answer(self, asked: Sequence[Asked]) -> list[Response]:
        self.answered.append([one.given for one in asked])
        assert self.let.wait(SECONDS)
        if self.error is not None:
            raise self.error
        return [Response(f"{one.given}!") for one in asked]


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


Gathered = Callable[[Callable[[Gathering], Awaitable[None]]], None]


@pytest.fixture
def gathered(kitchen: Kitchen, threads: ThreadPoolExecutor) -> Gathered:
    together = Together(64, lambda _exchange, given: given != "large", Kitchen.answer)

    def run(test: Callable[[Gathering], Awaitable[None]]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(SECONDS):
                await test(Gathering(kitchen, together, threads))

        asyncio.run(bounded())

    return run


async def ask(gathering: Gathering, *given: str) -> list[asyncio.Task[Response]]:
    """Requests that have all come in, in order."""
    tasks = []
    for one in given:
        with answering(Exchange()):
            tasks.append(asyncio.create_task(gathering.answer(one)))
        await asyncio.sleep(0)
    return tasks


async def bodies(tasks: Sequence[asyncio.Task[Response]]) -> list[bytes]:
    return [bytes(one.body) for one in await asyncio.gather(*tasks)]


def test_what_comes_meanwhile_is_answered_together(gathered: Gathered, kitchen: Kitchen) -> None:
    async def test(gathering: Gathering) -> None:
        tasks = await ask(gathering, "a", "b", "c", "d")
        kitchen.let.set()
        assert await bodies(tasks) == [f"{one}!".encode() for one in "abcd"]

    gathered(test)
    assert kitchen.answered == [["a"], ["b", "c", "d"]]


def test_nobody_waits_for_company(gathered: Gathered, kitchen: Kitchen) -> None:
    kitchen.let.set()

    async def test(gathering: Gathering) -> None:
        for one in "ab":
            await bodies(await ask(gathering, one))

    gathered(test)
    assert kitchen.answered == [["a"], ["b"]]


def test_a_crowd_is_answered_in_turns(gathered: Gathered, kitchen: Kitchen) -> None:
    crowd = [str(number) for number in range(150)]

    async def test(gathering: Gathering) -> None:
        tasks = await ask(gathering, *crowd)
        kitchen.let.set()
        assert await bodies(tasks) == [f"{one}!".encode() for one in crowd]

    gathered(test)
    assert [one for course in kitchen.answered for one in course] == crowd
    assert [len(one) for one in kitchen.answered] == [1, 64, 64, 21]


def test_what_was_given_up_is_not_begun(gathered: Gathered, kitchen: Kitchen) -> None:
    async def test(gathering: Gathering) -> None:
        under_way, given_up, last = await ask(gathering, "under way", "given up", "last")
        given_up.cancel()
        await asyncio.sleep(0)
        kitchen.let.set()
        assert await bodies([under_way, last]) == [b"under way!", b"last!"]

    gathered(test)
    assert kitchen.answered == [["under way"], ["last"]]


def test_giving_up_under_way_hinders_nobody(gathered: Gathered, kitchen: Kitchen) -> None:
    async def test(gathering: Gathering) -> None:
        given_up, after = await ask(gathering, "given up", "after")
        given_up.cancel()
        await asyncio.sleep(0)
        kitchen.let.set()
        assert await bodies([after]) == [b"after!"]

    gathered(test)
    assert kitchen.answered == [["given up"], ["after"]]


def test_one_that_hangs_does_not_hold_up_the_next(
    gathered: Gathered, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOW_SECONDS", 0.05)

    async def test(gathering: Gathering) -> None:
        hangs = await ask(gathering, "hangs")
        while not kitchen.answered:
            await asyncio.sleep(0.01)
        waiting, kitchen.let = kitchen.let, Event()
        kitchen.let.set()
        assert await bodies(await ask(gathering, "b", "c")) == [b"b!", b"c!"]
        waiting.set()
        assert await bodies(hangs) == [b"hangs!"]

    gathered(test)
    assert kitchen.answered == [["hangs"], ["b", "c"]]


def test_where_answering_is_mostly_waiting_the_next_begins_beside_it(
    gathered: Gathered, kitchen: Kitchen
) -> None:
    async def test(gathering: Gathering) -> None:
        far = await ask(gathering, "a")
        await asyncio.sleep(0.1)
        kitchen.let.set()
        await bodies(far)
        kitchen.let = Event()
        tasks = await ask(gathering, "b", "c", "d")
        while len(kitchen.answered) < 3:
            await asyncio.sleep(0.01)
        assert sorted(kitchen.answered) == [["a"], ["b"], ["c"]]
        kitchen.let.set()
        assert await bodies(tasks) == [b"b!", b"c!", b"d!"]

    gathered(test)


def test_everybody_hears_of_a_fault_and_the_next_are_answered(
    gathered: Gathered, kitchen: Kitchen
) -> None:
    kitchen.error = RuntimeError("out of gas")
    kitchen.let.set()

    async def test(gathering: Gathering) -> None:
        tasks = await ask(gathering, "a", "b", "c")
        for one in tasks:
            with pytest.raises(RuntimeError, match="out of gas"):
                await one
        kitchen.error = None
        assert await bodies(await ask(gathering, "d")) == [b"d!"]

    gathered(test)


def test_what_does_not_fit_is_not_taken(gathered: Gathered) -> None:
    async def test(gathering: Gathering) -> None:
        assert gathering.fits("small")
        assert not gathering.fits("large")

    gathered(test)
