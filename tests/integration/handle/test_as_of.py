"""What was known at a moment, and nothing of what came later; on both databases."""

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import numpy as np
import pytest
from support import matches
from support.filled import Rows

from valuebox.compartments.handle.book import Book
from valuebox.compartments.handle.desk import Known
from valuebox.compartments.handle.forecasting import Fitted, NothingOver
from valuebox.compartments.handle.reading import read_book, second
from valuebox.compartments.handle.recipe import Recipe
from valuebox.compartments.handle.schemas import HandleForecasts, HandleQuestion
from valuebox.serving.errors import Unanswerable
from valuebox.serving.exchange import Exchange
from valuebox.store.engine import Store
from valuebox_cli.handle.storing import store_clean

DAYS = (-14, -13, -12)


@pytest.fixture
def rows_of_store() -> Rows:
    """Three loads."""
    return matches.rows(until=DAYS[-1], since=DAYS[0])


def book(store: Store) -> Book:
    with store.reading() as session:
        return read_book(session)


def ends(book: Book, day: float) -> bytes:
    """What is foretold of the coming matches, by what was loaded up to a day, to the bit."""
    at = second(matches.moment(day))
    known = book.as_of(at)
    ahead = (known.matches.kickoff > at) & (known.matches.kickoff < at + np.timedelta64(7, "D"))
    said = Fitted(Recipe(), known).forecast(known.fixtures(ahead))
    assert len(said.mean) > 2
    return np.concatenate([said.mean, said.lower, said.upper]).tobytes()


def test_what_was_loaded_later_changes_no_forecast_by_a_bit(store: Store) -> None:
    whole = book(store)
    at = second(matches.moment(DAYS[1]))
    times = np.where(whole.bets.loaded_at > at, 1_000.0, 1.0)
    assert times.max() > 1
    bets = replace(whole.bets, amount=whole.bets.amount * times, count=whole.bets.count * times)
    assert ends(replace(whole, bets=bets), DAYS[1]) == ends(whole, DAYS[1])
    assert ends(replace(whole, bets=bets), DAYS[2]) != ends(whole, DAYS[2])


def test_the_same_load_again_changes_nothing(store: Store) -> None:
    before = ends(book(store), DAYS[2])
    again = store_clean(store, matches.loaded(DAYS[1], DAYS[2]), matches.moment(DAYS[2] + 0.2))
    assert sum(again) == 0
    assert ends(book(store), DAYS[2]) == before


def test_a_bet_that_is_void_later_counted_before(store: Store) -> None:
    rows = matches.loaded(DAYS[1], DAYS[2])
    open_ = rows.bets["status"] == "open"
    assert open_.any()
    voided = replace(rows, bets=rows.bets[open_].assign(status="void", counts=False))
    before = ends(book(store), DAYS[2])
    store_clean(store, voided, matches.moment(DAYS[2] + 0.2))
    assert ends(book(store), DAYS[2]) == before
    assert ends(book(store), DAYS[2] + 0.3) != before


def test_a_replay_gives_the_vintage_that_was_stored(store: Store) -> None:
    at = matches.moment(DAYS[1] + 0.4)
    stored = HandleForecasts.model_validate_json(
        matches.ask(store, matches.steps(store, DAYS[1] + 0.4))
    )
    # Another process, with more loads.
    asked = HandleQuestion(as_of=at)
    of = matches.steps(store)
    replayed = of.say(of.columns([asked]), Exchange()).answer
    assert [one.forecast for one in replayed.matches] == [one.forecast for one in stored.matches]
    assert [one.upper for one in replayed.matches] == [one.upper for one in stored.matches]
    assert {one.prediction_id for one in replayed.matches} == {None}
    # Nothing had been forecast before: what was, then and later, is no former forecast.
    assert [one.previous for one in replayed.matches] == [None] * len(stored.matches)
    assert all(one.prediction_id for one in stored.matches)


@pytest.mark.sqlite_alone
def test_a_moment_to_come_is_refused(store: Store) -> None:
    of = matches.steps(store, DAYS[2])
    with pytest.raises(Unanswerable) as refused:
        of.columns([HandleQuestion(as_of=matches.moment(DAYS[2] + 1))])
    assert [one.field for one in refused.value.problems] == ["as_of"]


class Early:
    """A desk that knows of nothing yet."""

    def __init__(self, book: Book):
        self.fitted = Fitted(Recipe(), book.as_of(second(matches.moment(-999))))

    def known(self, at: datetime) -> Known:
        """Nothing, whenever it is asked."""
        return Known(self.fitted, at)


@pytest.mark.sqlite_alone
def test_before_any_match_is_over_nothing_is_forecast(store: Store) -> None:
    early = Early(book(store))
    with pytest.raises(Unanswerable, match="was over by then"):
        replace(matches.steps(store), desk=cast("Any", early)).columns([HandleQuestion()])
    with pytest.raises(NothingOver, match="was over by then"):
        early.fitted.forecast(book(store).fixtures(slice(-1, None)))


@pytest.mark.sqlite_alone
def test_a_match_that_nobody_has_bet_on_yet_is_forecast(store: Store) -> None:
    at = second(matches.moment(DAYS[2]))
    known = book(store).as_of(at)
    ahead = (known.matches.kickoff > at) & (known.matches.kickoff < at + np.timedelta64(7, "D"))
    match = known.fixtures(ahead)[0]
    place = known.place_of_match[match.id]
    without = replace(known, bets=known.bets.take(known.of_bets != place))
    said = Fitted(Recipe(), without).forecast([match])
    assert (said.known[0], said.count[0]) == (0, 0)
    assert 0 < said.lower[0] < said.mean[0] < said.upper[0] < np.inf
