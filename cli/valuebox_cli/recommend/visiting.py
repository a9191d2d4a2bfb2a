"""A made-up shop, written to files and, where a service shows lists, lived through with it."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from valuebox.client.sync import Client
from valuebox.errors import ValueboxError
from valuebox_cli.client import connected
from valuebox_training.recommend.shops.living import Page
from valuebox_training.recommend.shops.sending import Event, Shown, flat
from valuebox_training.recommend.shops.visits import LISTED, Visit
from valuebox_training.recommend.shops.worlds import WORLDS, Shop, World, with_sessions

USUAL: Final = "departments"
"""The kind of shop that is lived through unless told otherwise."""
CATALOGUE: Final = Path("catalogue") / "items.json"
"""Where the items are told of, in the folder of the events."""
_AT_ONCE: Final = 5_000
"""Events of a request, and items."""
_CONNECTIONS: Final = 4
_PATIENCE: Final = 60.0
"""Seconds to wait each morning until lists are made of what was told."""
_WAIT: Final = 0.2
_LOOKS: Final = 4
"""Answers in a row that have to be fresh, since any of several workers may give them."""
_LINE: Final = msgspec.json.Encoder().encode


def world_of(name: str, sessions: int | None) -> World:
    """A kind of shop by its name.

    Args:
        name: Of the kind.
        sessions: How many sessions of visitors a day has; None for as many as is usual there.

    Raises:
        ValueboxError: where there is none.
    """
    if name not in WORLDS:
        raise ValueboxError(f"there is no shop {name!r}, only {', '.join(WORLDS)}")
    return with_sessions(WORLDS[name], sessions)


class Files:
    """Writes what a shop sends, a file for each day, such as `2026-03-02.jsonl`.

    Args:
        folder: Where to; it is there already.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._items: dict[str, dict[str, Any]] = {}

    def morning(self, day: int, now: datetime, items: Sequence[dict[str, Any]]) -> None:
        """Begin another file."""
        self._items |= {one["id"]: one for one in items}
        if self._file is not None:
            self._file.close()
        self._file = (self._folder / f"{now.date()}.jsonl").open("wb")

    def hear(self, events: Sequence[Event]) -> None:
        """Write events, one a line."""
        if self._file is not None:
            self._file.writelines(_LINE(one) + b"\n" for one in flat(events))

    def close(self) -> None:
        """End the last file, and write the catalogue as it is by then."""
        if self._file is not None:
            self._file.close()
        place = self._folder / CATALOGUE
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(list(self._items.values()), indent=1) + "\n")


class Served:
    """A service that shows lists, and is told of items and events.

    Args:
        client: Of the service.
        pool: Threads that ask.
        shop: The shop.
        source: The shop, as events call it.
        hears: Who is told of items and events as well.
        waits: Whether each day waits until lists are made of what was told before: a day passes
            within seconds here, and lists would be of many hours ago.
    """

    def __init__(
        self,
        client: Client,
        pool: ThreadPoolExecutor,
        shop: Shop,
        source: str,
        hears: Sequence[Files] = (),
        waits: bool = True,
    ):
        self._client, self._pool, self._source, self._hears = client, pool, source, hears
        self._waits = waits
        self._places = {id_: place for place, id_ in enumerate(shop.stock.ids)}

    def morning(self, day: int, now: datetime, items: Sequence[dict[str, Any]]) -> None:
        """Tell of items, and wait until lists are made of what was told before, if so asked.

        Raises:
            ValueboxError: when the service does not look for what is new.
        """
        for one in self._hears:
            one.morning(day, now, items)
        for start in range(0, len(items), _AT_ONCE):
            self._client.call("/v1/items", items[start : start + _AT_ONCE], dict)
        if self._waits:
            self._wait(now)

    def _wait(self, now: datetime) -> None:
        told, fresh = time.monotonic(), 0
        while fresh < _LOOKS:
            asked = {"session": "shopkeeper", "items": [], "count": 1, "variant": "popular"}
            age = self._ask(asked | {"at": now.isoformat()})["index_age"]
            is_fresh = age is not None and age < time.monotonic() - told
            fresh = fresh + 1 if is_fresh else 0
            if not is_fresh:
                if time.monotonic() - told > _PATIENCE:
                    raise ValueboxError("the service does not look for what is new")
                time.sleep(_WAIT)

    def listed(self, page: Page, arm: str | None = None) -> tuple[Shown, str]:
        """Ask the service."""
        question = {
            "session": page.session,
            "items": page.seen[-LISTED * 2 :],
            "count": LISTED,
            "at": page.at.isoformat(),
            "variant": arm,
        }
        said = self._ask(question)
        items = [self._places.get(one["item"], -1) for one in said["items"]]
        return Shown(said["id"], items, False), said["arm"]

    def each(self, work: Callable[[Visit], None], visits: Sequence[Visit]) -> None:
        """Several visits at once."""
        list(self._pool.map(work, visits))

    def hear(self, events: Sequence[Event]) -> None:
        """Send events to the service."""
        for one in self._hears:
            one.hear(events)
        for start in range(0, len(events), _AT_ONCE):
            self._client.call("/v1/events", events[start : start + _AT_ONCE], dict)

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        body = {"source": self._source, **question}
        return self._client.call("/v1/recommend", body, dict).content


@contextmanager
def served(
    url: str, shop: Shop, source: str, hears: Sequence[Files] = (), waits: bool = True
) -> Iterator[Served]:
    """A service that shows lists, asked over some connections at once; see `Served`.

    Raises:
        Unreachable: when the service cannot be reached, or refuses.
    """
    with connected(url) as client, ThreadPoolExecutor(_CONNECTIONS) as pool:
        yield Served(client, pool, shop, source, hears, waits)
