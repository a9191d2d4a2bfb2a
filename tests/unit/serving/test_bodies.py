import asyncio
from collections.abc import Iterable

import pytest
from starlette.datastructures import Headers
from starlette.types import Message

from valuebox.serving import bodies
from valuebox.serving.bodies import LEAST_BYTES_A_SECOND, Body
from valuebox.serving.errors import BodyRefused

PATIENCE = 0.2


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SILENT_SECONDS", PATIENCE)


def read(pieces: Iterable[bytes], every: float) -> bytes:
    """What comes of a body whose pieces arrive so many seconds apart."""
    coming = iter([*pieces, b""])

    async def receive() -> Message:
        await asyncio.sleep(every)
        content = next(coming)
        return {"type": "http.request", "body": content, "more_body": content != b""}

    return asyncio.run(Body(receive, Headers(), 10**9, None).read())


def test_a_body_in_single_bytes_ends_as_a_silent_one_does() -> None:
    for pieces, every in (([b"x"] * 500, PATIENCE / 5), ([b"x"], PATIENCE * 2)):
        with pytest.raises(BodyRefused) as refused:
            read(pieces, every)
        assert refused.value.answer.status_code == 408
        assert refused.value.answer.headers["Connection"] == "close"


def test_a_slow_line_is_waited_for() -> None:
    every = PATIENCE / 4
    piece = b"x" * int(2 * every * LEAST_BYTES_A_SECOND)
    assert read([piece] * 12, every) == piece * 12
