"""Two workers answer alike within seconds, whatever comes in, and whichever of them is killed."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
from sqlalchemy import create_engine, func, select, text, update
from support import warm
from support.databases import Postgres, open_store
from support.killable import KillableServer
from support.services import eventually
from support.visitors import FIRST, MINUTE, SHOP, view, views

from valuebox.compartments.recommend.repository import note_forgotten
from valuebox.compartments.recommend.stock import SETTLED
from valuebox.compartments.recommend.tables import Exposure
from valuebox.facts.tables import Event
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store

WORKERS = 2
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"items": ["boot"]},
    {"items": ["hat", "glove"], "explain": True},
    {"items": [], "variant": "popular"},
)


@dataclass
class Shopfront:
    """A service of two workers, each asked over a connection of its own."""

    server: KillableServer
    store: Store
    url: str
    asked: list[str] = field(default_factory=list)
    """Ids of all lists that were answered."""
    sent: int = 0
    """How many views were sent."""
    _clients: dict[int, httpx.Client] = field(default_factory=dict)

    def each(self) -> dict[int, httpx.Client]:
        """A connection to each worker that runs, by its process."""
        with suppress(psutil.NoSuchProcess):
            running = {one.pid: one for one in self.server.workers()}
            for pid in set(self._clients) - set(running):
                self._clients.pop(pid).close()
            if len(running) == WORKERS and set(running) - set(self._clients):
                self._connect(running)
        return self._clients

    def _connect(self, running: dict[int, psutil.Process]) -> None:
        client = httpx.Client(base_url=self.server.url, timeout=60)
        answer = client.get("/livez")
        port = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
        for pid, process in running.items():
            remote = {one.raddr.port for one in process.net_connections("tcp") if one.raddr}
            if port in remote and pid not in self._clients:
                self._clients[pid] = client
                return
        client.close()

    def are_there(self) -> bool:
        """Whether all workers run, and there is a connection to each."""
        return len(self.each()) == WORKERS

    def ask(self, **asked: Any) -> list[dict[str, Any]]:
        """What each worker answers to the same question."""
        eventually(self.are_there, seconds=60)
        body = {"source": SHOP, "session": "s", "variant": "personal"} | asked
        answers = [one.post("/v1/recommend", json=body) for one in self._clients.values()]
        assert [one.status_code for one in answers] == [200] * WORKERS
        found = [one.json() for one in answers]
        self.asked += [one["id"] for one in found]
        return found

    def lists(self, **asked: Any) -> list[list[str]]:
        """The items that each worker lists."""
        return [[one["item"] for one in found["items"]] for found in self.ask(**asked)]

    def answers(self) -> list[Any]:
        """Items, scores and reasons of some questions: the same in each worker."""
        told = [
            [
                [(one["item"], one["score"], one["because_of"]) for one in found["items"]],
                found["arm"],
            ]
            for question in QUESTIONS
            for found in self.ask(**question)
        ]
        first, second = told[::WORKERS], told[1::WORKERS]
        assert first == second
        return first

    def answer_alike(self, before: list[Any]) -> bool:
        """Whether each worker answers as before; one that was killed a moment ago answers nothing.

        The system may tell of a worker for some milliseconds after it was killed, and a connection
        to it fails then.
        """
        try:
            return self.answers() == before
        except (AssertionError, httpx.TransportError):
            return False

    def send(self, events: list[dict[str, Any]]) -> None:
        """Tell of events; which worker takes them is left to chance."""
        answer = httpx.post(f"{self.server.url}/v1/events", json=events, timeout=60)
        assert answer.status_code == 200, answer.text
        self.sent += len(events)

    def has_all(self) -> bool:
        """Whether every list that was answered is stored, and every view that was sent."""
        with self.store.reading() as session:
            lists = {str(one) for one in session.scalars(select(Exposure.id))}
            events = session.scalar(select(func.count()).select_from(Event))
        return set(self.asked) <= lists and events == self.sent

    def settle(self) -> None:
        """Have all views been received before the newest ones, and an index be built of them."""
        with self.store.writing() as session:
            session.execute(update(Event).values(received_at=CLOCK.moment() - 2 * SETTLED))
        self.build_anew()

    def build_anew(self) -> None:
        """Have an index be due."""
        with self.store.writing() as session:
            note_forgotten(session, SHOP)

    def built(self) -> list[str]:
        """Until when views are in the index that each worker answers by, as it is stored."""
        ids = [one["id"] for one in self.ask(items=["boot"])]
        with self.store.reading() as session:
            found = session.execute(select(Exposure.id, Exposure.built_at))
            by_id = {str(id_): str(built_at) for id_, built_at in found}
        return [by_id[one] for one in ids]


@pytest.fixture(scope="module")
def front(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shopfront]:
    # Readers of SQLite wait for nobody, so that no build could be held up to be killed.
    url, folder = postgres.migrated_database(), tmp_path_factory.mktemp("front")
    settings = {"DATABASE_URL": url, "VALUEBOX_MODEL": "-", "VALUEBOX_WORKERS": str(WORKERS)}
    server = KillableServer(settings, folder / "serve.log", begin=warm.Popen)
    store = open_store(url)
    front = Shopfront(server, store, url)
    front.send(views())
    eventually(lambda: all(map(set, front.lists(items=["boot"]))))
    yield front
    for client in front.each().values():
        client.close()
    server.end()
    store.close()
    postgres.forget_database(url)


def test_a_view_changes_what_every_worker_answers_within_a_minute(front: Shopfront) -> None:
    new, later = f"new-{uuid4().hex}", FIRST + timedelta(days=1)
    front.ask(items=["glove"])
    front.send(
        [
            one
            for visitor in range(3)
            for one in (
                view(f"{new}-{visitor}", "glove", later),
                view(f"{new}-{visitor}", new, later + MINUTE),
            )
        ]
    )
    eventually(lambda: all(new in one for one in front.lists(items=["glove"])), seconds=60)


def test_what_is_out_of_stock_is_on_no_list_of_any_worker_within_ten_seconds(
    front: Shopfront,
) -> None:
    def stock(available: bool) -> None:
        body = [{"source": SHOP, "id": "sole", "available": available}]
        assert httpx.post(f"{front.server.url}/v1/items", json=body).is_success

    for available in (False, True):
        stock(available)
        eventually(
            lambda there=available: all(
                ("sole" in one) is there for one in front.lists(items=["boot"])
            ),
            seconds=10,
        )


@pytest.mark.parametrize("pace", [0.5, 40.0])
def test_a_crawler_of_ten_thousand_views_changes_no_list(front: Shopfront, pace: float) -> None:
    name, later = f"crawler-{uuid4().hex}", FIRST + timedelta(days=1, hours=1)
    items = itertools.cycle(["glove", "boot", "glove", name])
    crawled = [
        view(name, next(items), later + timedelta(seconds=pace * step), id=f"{name}-{step}")
        for step in range(10_000)
    ]
    before = front.answers()
    front.send(crawled)
    sent = time.monotonic()
    eventually(
        lambda: all(one["index_age"] < time.monotonic() - sent for one in front.ask()), seconds=60
    )
    assert front.answers() == before


def test_an_index_leaves_a_crawler_out_like_the_newest_views_do(front: Shopfront) -> None:
    before, built = front.answers(), front.built()
    front.settle()
    eventually(lambda: not set(front.built()) & set(built), seconds=60)
    assert front.answers() == before


def builder(front: Shopfront) -> list[psutil.Process]:
    """The worker that builds an index."""
    found = []
    for one in front.server.workers():
        with suppress(psutil.NoSuchProcess):
            if any(Path(file.path).name == "building" for file in one.open_files()):
                found.append(one)
    return found


@pytest.mark.parametrize("whole", [False, True], ids=["its worker", "the server"])
@pytest.mark.slow
def test_a_kill_while_an_index_is_built_loses_nothing(front: Shopfront, whole: bool) -> None:
    before, built = front.answers(), front.built()
    plain = create_engine(front.url)
    with plain.connect() as blocking:
        blocking.execute(text("LOCK TABLE events IN ACCESS EXCLUSIVE MODE"))
        front.build_anew()
        eventually(lambda: bool(builder(front)))
        # Lists are made by the index of before, as long as the next one takes.
        assert front.built() == built
        if whole:
            front.server.kill()
        else:
            builder(front)[0].kill()
    plain.dispose()
    if whole:
        front.server.start()
    # A process that has just begun waits some seconds for its index, which a busy machine may need
    # longer for.
    eventually(lambda: front.answer_alike(before))
    eventually(lambda: not set(front.built()) & set(built), seconds=60)
    assert front.answers() == before
    assert front.has_all()


@pytest.mark.slow
def test_kills_at_any_moment_of_swapping_lose_no_list(front: Shopfront) -> None:
    before = front.answers()
    for _ in range(4):
        front.build_anew()
        with ThreadPoolExecutor(1) as thread:
            asking = thread.submit(lambda: [front.answers() for _ in range(3)])
            with suppress(AssertionError):
                eventually(lambda: bool(builder(front)), seconds=3)
            for one in builder(front):
                one.kill()
            with suppress(httpx.TransportError):
                asking.result(timeout=60)
        eventually(lambda: front.answer_alike(before), seconds=60)
    assert front.has_all()
