import asyncio
from contextlib import ExitStack

from valuebox.serving.slots import Slots, Turns


def test_a_key_and_an_address_have_a_share_and_give_it_back() -> None:
    slots = Slots(16)
    with ExitStack() as stack:
        for _ in range(12):
            assert slots.are_free("one", "10.0.0.1")
            stack.enter_context(slots.taken("one", "10.0.0.1"))
        assert not slots.are_free("one", "10.0.0.2")
        for _ in range(2):
            assert slots.are_free("another", "10.0.0.1")
            stack.enter_context(slots.taken("another", "10.0.0.1"))
        assert not slots.are_free("a third", "10.0.0.1")
        assert not slots.are_free(None, "10.0.0.1")
        assert slots.are_free("a third", "10.0.0.2")
        # Behind a proxy that names nobody; and where no key is asked for.
        for who in (("a third", None), (None, "10.0.0.2")):
            assert slots.are_free(*who)
            stack.enter_context(slots.taken(*who))
        assert not slots.are_free("a fourth", "10.0.0.3")
    assert slots.are_free("one", "10.0.0.1")
    # Nobody is remembered: addresses are many.
    assert not slots._by


def test_a_single_place_is_for_anybody() -> None:
    slots = Slots(1)
    assert slots.are_free("one", "10.0.0.1")
    with slots.taken("one", "10.0.0.1"):
        assert not slots.are_free("another", "10.0.0.2")


def test_an_address_waits_for_its_turn_and_no_other_for_it() -> None:
    turns, order = Turns(2), list[str]()

    async def ask(address: str | None, name: str, until: asyncio.Event) -> None:
        async with turns.turn_of(address):
            order.append(name)
            await until.wait()

    async def everybody() -> None:
        done = asyncio.Event()
        many = [asyncio.create_task(ask("10.0.0.1", f"many {n}", done)) for n in range(4)]
        others = [
            asyncio.create_task(ask(address, f"from {address}", done))
            for address in ("10.0.0.2", None)
        ]
        await asyncio.sleep(0)
        assert order == ["many 0", "many 1", "from 10.0.0.2", "from None"]
        # Whoever hangs up waits no longer.
        many[2].cancel()
        done.set()
        await asyncio.gather(*many[:2], *others, many[3])
        assert order[4:] == ["many 3"]

    asyncio.run(everybody())
    # Addresses are many: none is remembered.
    assert not turns._lines
    assert not turns._asking
