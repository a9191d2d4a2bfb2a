"""Decisions and what is learned from them stay what they are, whatever is killed or comes twice."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
from sqlalchemy import create_engine, func, make_url, select, text
from support import warm
from support.commands import valuebox
from support.databases import BACKENDS, Postgres, migrated, migrated_database, open_store, through
from support.killable import KillableServer
from support.offers import FIRST, OFFERS, play, question, raw, reaction, saved, stored
from support.once import learned_once
from support.proxy import cutting
from support.services import Service, eventually

from valuebox.compartments.offers.ledger import note
from valuebox.compartments.offers.model import load
from valuebox.compartments.offers.promoting import promote, promoted
from valuebox.compartments.offers.reading import Read, read
from valuebox.compartments.offers.repository import New, rows_of
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.features.declared.columns import Coded
from valuebox.store.engine import Store

DECIDE, EXPLAIN = "/v1/offers/decide", "/v1/offers/decision"
STATED = b"INSERT INTO offers_decisions"
"""What PostgreSQL is told before it is told to store a decision, all of it in one message."""
DAYS = 14
LATER = FIRST + timedelta(days=DAYS)


@pytest.fixture
def tag() -> str:
    return learned_once("offers-of-conformance", lambda: saved("offers-of-conformance", 20))


def decides(store: Store, tag: str) -> None:
    """Have a model decide, as if it had been learned here."""
    model = load(tag)
    with store.writing() as session:
        note(session, model)
        promote(session, tag, "there was none before")


def count(store: Store, session_name: str) -> int:
    with store.reading() as session:
        of_session = OfferDecision.session == session_name
        return session.scalar(select(func.count()).where(of_session)) or 0


@pytest.fixture
def server(database_url: str, store: Store, tag: str, tmp_path: Path) -> Iterator[KillableServer]:
    decides(store, tag)
    settings = {"DATABASE_URL": database_url, "VALUEBOX_MODEL": "-"}
    started = KillableServer(settings, tmp_path / "serve.log", begin=warm.Popen)
    yield started
    started.end()


def asked_again(server: KillableServer, store: Store, body: dict[str, Any], tag: str) -> None:
    """A service that has been killed and started anew says what it had decided."""
    with store.reading() as session:
        kept = session.scalars(
            select(OfferDecision).where(OfferDecision.session == body["session"])
        ).one()
    answers = [httpx.post(f"{server.url}{DECIDE}", json=body, timeout=60) for _ in range(2)]
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].text == answers[1].text
    found = answers[0].json()
    assert found["decision_id"] == str(kept.id)
    assert (found["choice"], found["model"]) == (kept.choice, tag)
    assert found["propensity"] == kept.propensities[kept.choice or 0]
    assert [one["propensity"] for one in found["candidates"]] == kept.propensities
    told = httpx.post(f"{server.url}{EXPLAIN}", json={"decision_id": str(kept.id)}, timeout=60)
    assert told.json()["is_alike"]
    assert count(store, body["session"]) == 1


def test_a_decision_whose_answer_is_lost_by_a_kill_is_answered_alike_after_it(
    server: KillableServer, store: Store, tag: str
) -> None:
    for number in range(2):
        body = question(f"player {number}", uuid4().hex, LATER)
        with cutting(server.port) as proxy, ThreadPoolExecutor(1) as thread:
            # It is the body that has it, which may come apart from the head.
            proxy.stall_at(b'"candidates"')
            asking = thread.submit(
                httpx.post, f"http://127.0.0.1:{proxy.port}{DECIDE}", json=body, timeout=60
            )
            eventually(lambda name=body["session"]: count(store, name) == 1)
            server.kill()
            proxy.resume()
            asking.exception(timeout=60)
        server.start()
        asked_again(server, store, body, tag)


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A server whose connections pass a proxy."""
    server = Postgres()
    yield server
    server.remove()


@pytest.mark.parametrize(
    "order", [pytest.param(STATED, marks=pytest.mark.slow), b"EXECUTE valuebox_"]
)
def test_a_kill_before_the_answer_is_written_leaves_one_decision_or_none(
    own_postgres: Postgres, tag: str, tmp_path: Path, order: bytes
) -> None:
    url = migrated(own_postgres.new_database())
    store = open_store(url)
    decides(store, tag)
    with cutting(own_postgres.socket) as proxy:
        settings = {"DATABASE_URL": through(url, proxy.port), "VALUEBOX_MODEL": "-"}
        server = KillableServer(settings, tmp_path / "serve.log", begin=warm.Popen)
        try:
            body, cut = question("player", uuid4().hex, LATER), proxy.cut
            proxy.stall_at(order, after=STATED)
            with ThreadPoolExecutor(1) as thread:
                asking = thread.submit(httpx.post, f"{server.url}{DECIDE}", json=body, timeout=60)
                eventually(lambda: proxy.cut == cut + 1)
                if order != STATED:
                    eventually(lambda: count(store, body["session"]) == 1)
                server.kill()
                proxy.resume()
                assert isinstance(asking.exception(timeout=60), httpx.TransportError)
            assert count(store, body["session"]) == (order != STATED)
            server.start()
            assert httpx.post(f"{server.url}{DECIDE}", json=body, timeout=60).is_success
            asked_again(server, store, body, tag)
        finally:
            server.end()
            store.close()


@pytest.mark.slow("training/valuebox_training/offers", "cli/valuebox_cli/offers")
@pytest.mark.parametrize("backend", BACKENDS)
def test_learning_that_is_killed_leaves_the_model_of_before_deciding(
    request: pytest.FixtureRequest, backend: str, tag: str, tmp_path: Path
) -> None:
    url = migrated_database(request, backend, tmp_path)
    store = open_store(url)
    decides(store, tag)
    play(store, load(tag), 1.0, days=DAYS)
    at, name = LATER.isoformat(), f"killed-{backend}"
    asked = ["offers", "learn", "--at", at, "--name", name, "--no-gate", "--database-url", url]
    command = [str(Path(sys.executable).with_name("valuebox")), *asked]
    # It is killed where it waits: when it begins to write, or between the model that is saved and
    # its promotion.
    plain = create_engine(url)
    with plain.connect() as blocking:
        lock = "LOCK TABLE offers_promotions IN SHARE MODE"
        blocking.execute(text(lock if backend == "postgresql" else "BEGIN IMMEDIATE"))
        learning = warm.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        is_there = is_saved(name) if backend == "postgresql" else has_opened(learning.pid, url)
        eventually(is_there, seconds=60)
        learning.kill()
        learning.communicate(timeout=60)
    plain.dispose()
    assert learning.returncode == -9
    with store.looking() as connection:
        assert promoted(connection) == tag
    valuebox(*asked)
    with store.looking() as connection:
        now = promoted(connection)
    assert now is not None
    assert now.startswith(f"{name}:")
    store.close()


def content(found: Read) -> dict[str, Any]:
    """What is learned from, the bytes of each column."""
    return {name: _bytes(one) for name, one in vars(found.decisions).items()}


def _bytes(column: Any) -> Any:
    if isinstance(column, dict):
        return {name: _bytes(one) for name, one in column.items()}
    if isinstance(column, Coded):
        return [None if code < 0 else column.values[code] for code in column.codes.tolist()]
    return column.tobytes()


def test_what_is_learned_from_does_not_depend_on_how_events_come(service: Service) -> None:
    decided = [
        (FIRST + timedelta(days=number % 9, minutes=number), number % len(OFFERS), number)
        for number in range(120)
    ]
    tables = []
    for source, seed in (("as told", None), ("shuffled", 1), ("late", 2)):
        events, random = [], Random(7)
        for at, choice, number in decided:
            player, name = f"player {number % 25}", f"session {number}"
            events += reaction(random, OFFERS[choice], player, name, at)
            # Of a shop, in the session, and of the offer, days later.
            events += bought(random, OFFERS[choice], player, name, at)
        rows = [stored(at, choice, f"session {number}") for at, choice, number in decided]
        new = [
            New(
                asked.model_copy(update={"customer": f"player {number % 25}", "source": source}),
                decision,
                None,
            )
            for (asked, decision), (_, _, number) in zip(rows, decided, strict=True)
        ]
        if seed is None:
            service.store.insert(rows_of(new))
            send(service, source, events)
        else:
            Random(seed).shuffle(events)
            half = len(events) // 2
            # Some come before the decision that they are of.
            send(service, source, events[:half])
            service.store.insert(rows_of(new))
            # Whatever was sent comes once more, in another order.
            Random(seed + 10).shuffle(events)
            for _ in range(2):
                send(service, source, events)
        with service.store.reading() as session:
            now = FIRST + timedelta(days=40)
            found = read(session.connection(), now, OfferDecision.source == source)
        tables.append(content(found))
    assert tables[0] == tables[1] == tables[2]
    own = found.decisions.own
    assert 20 < (own > 0).sum() < 100
    assert (found.decisions.rest > 0).any()
    assert (found.decisions.rest < 0).any()


def bought(
    random: Random, offer: dict[str, Any], player: str, session: str, at: Any
) -> list[dict[str, Any]]:
    """Purchases of a shop, of the offer in a later session, and a refund."""
    events = []
    for hours, session_name, source in ((1, session, "shop"), (50, f"{session} later", "offer")):
        if random.random() < 0.2:
            of = {"sku": offer["offer_type"], "txn_amount": offer["offer_price"]}
            then = at + timedelta(hours=hours)
            what = "refund" if random.random() < 0.2 else "purchase"
            events.append(raw(what, player, session_name, then, purchase_source=source, **of))
    return events


def send(service: Service, source: str, events: list[dict[str, Any]]) -> None:
    for first in range(0, len(events), 37):
        upload = {"mapping": "game", "source": source, "events": events[first : first + 37]}
        answer = service.http.post("/v1/events/raw", json=upload)
        assert answer.status_code == 200, answer.text


def is_saved(name: str) -> Callable[[], bool]:
    """Whether a model of that name is in the model store."""
    # Listing would read all others, again and again.
    return Path(os.environ["BENTOML_HOME"], "models", name, "latest").exists


def has_opened(process: int, url: str) -> Callable[[], bool]:
    """Whether a process has opened the SQLite database at a URL."""
    path = make_url(url).database
    return lambda: path in {one.path for one in psutil.Process(process).open_files()}
