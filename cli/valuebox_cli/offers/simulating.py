"""A made-up game, written to files and, where a service decides, played with it over HTTP."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import numpy as np

from valuebox.client.sync import Client
from valuebox.errors import ValueboxError
from valuebox_cli.client import connected
from valuebox_training.offers.games.game import Game, Regret, Round
from valuebox_training.offers.games.living import Chosen, at_random, live
from valuebox_training.offers.games.raw import Event
from valuebox_training.offers.games.worlds import WORLDS, World

USUAL: Final = "few-stationary"
"""The kind of game that is played unless told otherwise."""
MAPPING: Final = "game"
_AT_ONCE: Final = 10_000
"""Events of a request."""
_CONNECTIONS: Final = 4
_LINE: Final = msgspec.json.Encoder().encode


def world_of(name: str) -> World:
    """A kind of game by its name.

    Raises:
        ValueboxError: where there is none.
    """
    if name not in WORLDS:
        raise ValueboxError(f"there is no game {name!r}, only {', '.join(WORLDS)}")
    return WORLDS[name]


class Files:
    """Writes what a game sends, a file for each day: `2017-08-01.jsonl`.

    Args:
        folder: Where to.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._file: IO[bytes] | None = None
        self.written = 0
        """Events so far."""

    def morning(self, now: datetime) -> None:
        """Begin another file."""
        self.close()
        self._file = (self._folder / f"{now.date()}.jsonl").open("wb")

    def hear(self, events: Sequence[Event]) -> None:
        """Write events, one a line."""
        if self._file is not None:
            self._file.writelines(_LINE(one) + b"\n" for one in events)
        self.written += len(events)

    def close(self) -> None:
        """End the last file."""
        if self._file is not None:
            self._file.close()


class AtRandom(Files):
    """Decides by drawing among all candidates alike, and writes what the game sends.

    Args:
        folder: Where to.
        seed: Of the draws.
    """

    def __init__(self, folder: Path, seed: int):
        super().__init__(folder)
        self._draw = np.random.default_rng([6, seed])

    def decide(self, one: Round, questions: Sequence[dict[str, Any]]) -> Chosen:
        """Draw."""
        return at_random(self._draw, one)


class Served:
    """A service that decides, and is told of events.

    Args:
        client: Of the service.
        pool: Threads that ask.
        morning: Called when a day begins.
        files: What writes down the events as well; None for nothing.
    """

    def __init__(
        self,
        client: Client,
        pool: ThreadPoolExecutor,
        morning: Callable[[datetime], None] | None = None,
        files: Files | None = None,
    ):
        self._client, self._pool, self._morning, self._files = client, pool, morning, files

    def morning(self, now: datetime) -> None:
        """Begin a day."""
        if self._files is not None:
            self._files.morning(now)
        if self._morning is not None:
            self._morning(now)

    def hear(self, events: Sequence[Event]) -> None:
        """Send events to the service."""
        if self._files is not None:
            self._files.hear(events)
        for start in range(0, len(events), _AT_ONCE):
            body = {"mapping": MAPPING, "events": events[start : start + _AT_ONCE]}
            self._client.call("/v1/events/raw", body, dict)

    def decide(self, one: Round, questions: Sequence[dict[str, Any]]) -> Chosen:
        """Ask the service."""
        answers = list(self._pool.map(self._ask, questions))
        likely = [offer["propensity"] for said in answers for offer in said["candidates"]]
        choice = np.array([said["choice"] for said in answers], dtype=np.int64)
        return Chosen(choice, np.array(likely, dtype=np.float64))

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        return self._client.call("/v1/offers/decide", question, dict).content


@contextmanager
def served(
    url: str,
    morning: Callable[[datetime], None] | None = None,
    files: Files | None = None,
) -> Iterator[Served]:
    """A service that decides, asked over some connections at once.

    Raises:
        Unreachable: when the service cannot be reached, or refuses.
    """
    with connected(url) as client, ThreadPoolExecutor(_CONNECTIONS) as pool:
        yield Served(client, pool, morning, files)


def simulate(
    game: Game, seed: int, start: datetime, days: int, folder: Path, url: str | None
) -> tuple[Regret, int]:
    """Live through a game, and write what it sends.

    Args:
        game: One that begins.
        seed: Of what happens by chance.
        start: When it begins.
        days: How many days to live through.
        folder: Where files of events are written; it is there already.
        url: Service that decides and is told of events; None for draws at random.

    Returns:
        What decisions have cost, and how many events were written.

    Raises:
        Unreachable: when the service cannot be reached, or refuses.
    """
    files = AtRandom(folder, seed)
    with ExitStack() as stack:
        stack.callback(files.close)
        host = files if url is None else stack.enter_context(served(url, files=files))
        return live(game, seed, start, days, host), files.written
