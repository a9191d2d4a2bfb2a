"""Forecasts while the live feed fails in every way that feeds fail, over real HTTP."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from support import matches
from support.databases import migrated_sqlite

from valuebox.compartments.handle.desk import Desk
from valuebox.compartments.handle.feed import DEADLINE, Feed
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.schemas import HandleForecasts
from valuebox.store.engine import Store, make_engine
from valuebox_training.handle.feed_server import BROKEN, CONTENTS, MODES, FeedServer, serving
from valuebox_training.handle.feeds import says

ASKED = -12.4
"""When it is asked, in days from today."""
HARMLESS = ("well", "few_matches", "twice", "unknown_teams", "played_week", "made_up_places")
"""Modes in which the count of users is right, and may be believed."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database with two loads, in SQLite: what a feed says is not stored where it was loaded."""
    url = migrated_sqlite(tmp_path_factory.mktemp("feed"))
    opened = Store(make_engine(url))
    matches.store_loads(opened, until=-13, since=-14)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def desk(store: Store) -> Desk:
    """One for all questions, as a worker has it."""
    return Desk(store, HandleModel.load(matches.tag()))


@pytest.fixture(scope="module")
def alone(store: Store, desk: Desk) -> HandleForecasts:
    """What is answered where no feed is asked."""
    return answered(store, desk, None)


@pytest.fixture(scope="module")
def feed() -> Iterator[FeedServer]:
    """A feed that tells the truth, until its mode is changed."""
    import numpy as np

    at = matches.midnight(-13) + np.timedelta64(14, "h")
    told = says(matches.sportsbook(), at, np.random.default_rng(0))["events"]
    with serving(lambda: told) as server:
        yield server


def answered(store: Store, desk: Desk, feed: FeedServer | None) -> HandleForecasts:
    steps = matches.steps(store, ASKED, desk)
    # Less than a service waits, so that a busy machine leaves tests time enough.
    asked = Feed(feed.url, DEADLINE / 4) if feed else None
    said = matches.ask(store, replace(steps, feed=asked))
    return HandleForecasts.model_validate_json(said)


def counted() -> dict[str, float]:
    """Requests so far by what was made of the feed, as Prometheus reads them."""
    name = "valuebox_feed_answers_total"
    return {
        state: REGISTRY.get_sample_value(name, {"compartment": "handle", "state": state}) or 0.0
        for state in ("used", "ignored", "absent")
    }


@pytest.mark.parametrize("mode", MODES)
def test_whatever_the_feed_does_the_forecast_is_answered_in_time(
    store: Store, desk: Desk, feed: FeedServer, alone: HandleForecasts, mode: str
) -> None:
    feed.mode = mode
    before = counted()
    began = time.monotonic()
    said = answered(store, desk, feed)
    assert time.monotonic() - began < 3
    (source,) = (one for one in said.sources if one.name == "feed")
    assert counted() == {**before, source.state: before[source.state] + 1}
    assert source.state == ("used" if mode in HARMLESS else source.state)
    assert len(said.matches) == len(alone.matches) > 0
    if mode in HARMLESS:
        assert said.state == "fresh"
    else:
        assert said.state == "degraded"
        assert source.notes
        assert source.state == ("absent" if mode in BROKEN or "no_list" in mode or
                                mode == "another_shape" else "ignored")  # fmt: skip
        assert [one.forecast for one in said.matches] == [one.forecast for one in alone.matches]
    is_doubtful = mode != "well"
    for one, other in zip(
        [*said.matches, *said.weeks], [*alone.matches, *alone.weeks], strict=True
    ):
        # Where the feed is not believed in all it says, nobody knows how many users there are.
        wider = (one.upper / one.lower) / (other.upper / other.lower)
        assert (wider > 1.01) if is_doubtful else wider == pytest.approx(1, abs=0.005)


def test_an_honest_feed_moves_forecasts_a_little(
    store: Store, desk: Desk, feed: FeedServer, alone: HandleForecasts
) -> None:
    feed.mode = "well"
    said = answered(store, desk, feed)
    for one, other in zip(alone.matches, said.matches, strict=True):
        assert other.forecast == pytest.approx(one.forecast, rel=0.05)


@pytest.mark.parametrize("mode", ["stall", "drip_headers"])
def test_a_feed_is_waited_for_two_seconds_in_all(feed: FeedServer, mode: str) -> None:
    feed.mode = mode
    said = Feed(feed.url).ask()
    assert said.failure == "The feed did not answer in time."
    assert DEADLINE <= said.seconds < 3


def test_a_host_that_is_looked_for_without_an_end_is_waited_for_no_longer() -> None:
    found = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        found.wait(10)
        return []

    said = Feed("http://feed.example.com/events", DEADLINE / 4, resolve=resolve).ask()
    found.set()
    assert said.failure == "The feed did not answer in time."
    assert said.seconds < 3


def test_another_address_of_a_host_is_tried_where_the_first_is_no_use(feed: FeedServer) -> None:
    feed.mode = "well"
    # Nobody has the first one; it is kept for documents (RFC 5737).
    asked = Feed(feed.url, DEADLINE / 4, resolve=lambda host, port: ["192.0.2.1", "127.0.0.1"])
    assert asked.ask().content == {"events": feed.events()}
    nobody = Feed(feed.url, DEADLINE / 4, resolve=lambda host, port: [])
    assert nobody.ask().failure == "The feed cannot be reached."


def test_a_feed_may_ask_for_a_password(feed: FeedServer) -> None:
    feed.mode = "guarded"
    assert Feed(feed.url).ask().failure == "The feed answered 401."
    guarded = feed.url.replace("http://", "http://finance:s%40fe@")
    assert Feed(guarded).ask().content == {"events": feed.events()}


def test_a_feed_that_fails_is_left_alone_for_a_while(feed: FeedServer) -> None:
    feed.mode = "error"
    seconds = [0.0]
    asking = Feed(feed.url, clock=lambda: seconds[0])
    before = feed.asked
    said = [asking.ask() for _ in range(5)]
    # Three times, each with a second try.
    assert feed.asked - before == 6
    assert said[2].failure == "The feed answered 500."
    assert said[3].failure == "The feed failed, and is left alone a while."
    feed.mode = "well"
    seconds[0] += 31
    assert asking.ask().failure is None


def test_what_a_feed_said_is_stored_as_it_came(store: Store, desk: Desk, feed: FeedServer) -> None:
    from sqlalchemy import select

    from valuebox.compartments.handle.tables import HandleAsking

    feed.mode = "tenfold"
    answered(store, desk, feed)
    with store.reading() as session:
        raw = session.scalars(select(HandleAsking.feed).order_by(HandleAsking.id.desc())).first()
    assert json.loads(raw or "") == CONTENTS["tenfold"](feed.events())
