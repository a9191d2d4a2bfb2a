"""Past forecasts made once more, as of then: to the last bit; on both databases."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import func, update
from support import matches
from support.commands import valuebox
from support.filled import Rows

from valuebox.compartments.handle.feed import Feed
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.reading import read_book, second
from valuebox.compartments.handle.schemas import HandleForecasts
from valuebox.compartments.handle.tables import HandleAsking, HandleBet
from valuebox.store.engine import Store
from valuebox_training.handle.feed_server import FeedServer, serving
from valuebox_training.handle.feeds import says
from valuebox_training.handle.learning import handles, made_at

AT = -12.4
"""When it was asked, in days from today; more was loaded since."""


@pytest.fixture
def rows_of_store() -> Rows:
    """Two loads."""
    return matches.rows(until=-13, since=-14)


@pytest.fixture(scope="module")
def feed() -> Iterator[FeedServer]:
    """A feed that tells the truth."""
    at = matches.midnight(-13) + np.timedelta64(14, "h")
    told = says(matches.sportsbook(), at, np.random.default_rng(0))["events"]
    with serving(lambda: told) as server:
        yield server


def asked(store: Store, feed: Feed | None = None, **question: object) -> HandleForecasts:
    steps = replace(matches.steps(store, AT), feed=feed)
    return HandleForecasts.model_validate_json(matches.ask(store, steps, **question))


@pytest.mark.slow("cli/valuebox_cli/handle")
def test_forecasts_that_were_stored_are_made_again_to_the_last_bit(
    store: Store, feed: FeedServer
) -> None:
    whole = asked(store)
    fed = asked(store, Feed(feed.url))
    assert [one.state for one in fed.sources] == ["used", "used"]
    assert fed.matches[0].forecast != whole.matches[0].forecast
    last, first = whole.matches[-1].match, whole.matches[0].match
    asked(store, matches=[last, first])
    count = 2 * len(whole.matches) + 2
    before = None
    for day in (-13, -12, -11):
        if before is not None:
            matches.store_clean(store, matches.loaded(before, day), matches.moment(day))
        before = day
    options = ("handle", "backtest", "--stored", "--weeks", "3", "--database-url")
    url = store.engine.url.render_as_string(hide_password=False)
    told, _ = valuebox(*options, url)
    assert told == f"{count} of {count} stored forecasts are the same to the last bit\n"
    # A backtest that knows all later loads, and what became of the matches.
    with store.reading() as session:
        book = read_book(session)
    recipe = HandleModel.load(matches.tag()).recipe
    made = made_at(recipe, book, second(matches.moment(AT)), 0, handles(book))
    assert made is not None
    stored = {one.match: (one.forecast, one.lower, one.upper) for one in whole.matches}
    said = made.forecast
    for one, *ends in zip(said.asked, said.mean, said.lower, said.upper, strict=True):
        assert tuple(round(float(end), 2) for end in ends) == stored[one.id]
    # Somebody changes what had been loaded, and of what the feed said not all was kept.
    with store.writing() as session:
        kept = HandleAsking.feed
        session.execute(update(HandleAsking).values(feed=func.substr(kept, 1, 60)))
        known = HandleBet.loaded_at <= matches.moment(-13)
        session.execute(update(HandleBet).where(known).values(amount=HandleBet.amount * 1.01))
    told, _ = valuebox(*options, url, exit_code=1)
    assert told.startswith(f"0 of {count} stored forecasts are the same")
    assert f"{len(fed.matches)} cannot be made again" in told
    assert first in told
