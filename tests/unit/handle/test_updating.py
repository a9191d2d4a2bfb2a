"""What bets make of what was expected: sparse bets, none, slots of few matches, loads of a part."""

from dataclasses import replace

import numpy as np
import pytest
from support import matches

from valuebox.compartments.handle.book import DAY, HOUR, Bets, Book
from valuebox.compartments.handle.forecasting import Fitted
from valuebox.compartments.handle.lateness import lateness
from valuebox.compartments.handle.model import _made_up
from valuebox.compartments.handle.pace import Pace
from valuebox.compartments.handle.recipe import Recipe


@pytest.fixture(scope="module")
def book() -> Book:
    """Three dozen matches; the last two have only their first bets."""
    return _made_up()


def counted(book: Book, rows: np.ndarray, by: float) -> Book:
    """The same where some rows of bets are so many times as much."""
    times = np.where(rows, by, 1.0)
    bets = replace(
        book.bets,
        amount=book.bets.amount * times,
        count=book.bets.count * times,
        squares=book.bets.squares * times,
    )
    return replace(book, bets=bets)


def forecast(book: Book) -> np.ndarray:
    """What is said of the last two matches."""
    return Fitted(Recipe(), book).forecast(book.fixtures(slice(-2, None))).mean


def nightly(book: Book, partial: tuple[int, ...], part: float) -> Book:
    """The same in nightly loads, of which some bring a part of a day's bets, and the next the rest.

    Args:
        book: Bets by when they were placed.
        partial: How many nights from the last one these loads are back.
        part: What they bring.
    """
    bets = book.bets
    night = (bets.placed.astype("datetime64[D]") + 1).astype("datetime64[s]")
    last = night.max()
    first = last - 12 * DAY
    loaded = np.maximum(night, first)
    late = np.isin((last - night) / DAY, partial)
    rest = counted(replace(book, bets=bets.take(late)), np.ones(late.sum(), bool), 1 - part).bets
    rest = replace(rest, loaded_at=loaded[late] + DAY)
    whole = replace(counted(book, late, part).bets, loaded_at=loaded)
    names = list(Bets.__dataclass_fields__)
    both = {one: np.concatenate([getattr(whole, one), getattr(rest, one)]) for one in names}
    return replace(book, bets=Bets(**both)).as_of(last)


def test_few_bets_are_believed_less_than_many_of_the_same_sum(book: Book) -> None:
    places = (len(book.matches) - 2, len(book.matches) - 1)
    rows = np.isin(book.of_bets, places)
    much = counted(book, rows, 3.0)
    moved = forecast(much) / forecast(book)
    assert (moved > 1).all()
    # The same money in a tenth of the bets, of all matches: each is ten times as large.
    few = [
        replace(one.bets, count=one.bets.count / 10, squares=one.bets.squares * 10)
        for one in (much, book)
    ]
    less = forecast(replace(much, bets=few[0])) / forecast(replace(book, bets=few[1]))
    assert (less < moved).all()


def test_a_slot_of_few_matches_has_nearly_the_pace_of_all(book: Book) -> None:
    over = np.arange(len(book.matches) - 2)
    slot = book.matches.slot.copy()
    slot[over[-1]] = "rare"
    rare = replace(book, matches=replace(book.matches, slot=slot))
    # The one match of the slot had all of its bets on the last day.
    late = (rare.of_bets == over[-1]) & (book.matches.kickoff[over[-1]] - book.bets.placed > DAY)
    pace = Pace(counted(rare, late, 1e-6), over)
    found = {name: pace.curve(name, (24.0,)) for name in ("early", "rare", "unheard of")}
    assert 0 < found["rare"].mean[0] < found["unheard of"].mean[0]
    assert found["rare"].mean[0] > found["early"].mean[0] / 2
    assert found["rare"].unsure[0] > found["early"].unsure[0]


def test_shares_add_up_and_are_told_of_any_time_before_a_match(book: Book) -> None:
    pace = Pace(book, np.arange(len(book.matches) - 2))
    whole = pace.curve("late", (10.0,))
    parts = pace.curve("late", (48.0, 10.0))
    assert parts.mean.sum() == pytest.approx(whole.mean[0], rel=0.05)
    assert np.linalg.eigvalsh(parts.covariance).min() > -1e-9
    assert pace.curve("late", (-6.0,)).mean[0] == pytest.approx(1.0)


def test_how_complete_loads_were_tells_how_complete_the_newest_may_be(book: Book) -> None:
    never = lateness(nightly(book, (), 1.0))
    often = lateness(nightly(book, (2, 4, 6), 0.5))
    assert never.likely < 0.02 < 0.15 < often.likely < 0.5
    assert often.size < never.size
    assert np.exp(often.size) == pytest.approx(0.5, abs=0.1)
    assert lateness(replace(book, bets=book.bets.take(slice(0)))).likely == pytest.approx(0.01)


def test_a_load_of_part_of_a_day_is_no_day_on_which_little_is_bet(book: Book) -> None:
    reliable = nightly(book, (), 1.0)
    careless = nightly(book, (2, 4, 6, 8), 0.4)
    dropped = []
    for known in (reliable, careless):
        rows = known.bets.placed >= known.bets.placed.max() + HOUR - DAY
        dropped.append(forecast(counted(known, rows, 0.4)) / forecast(known))
    # Most of these bets are on the first of the two matches.
    assert dropped[0][0] < dropped[1][0] < 1


def broken(book: Book) -> float:
    """How likely all betting is taken to have changed of late."""
    is_open = book.matches.kickoff > book.through
    return Fitted(Recipe(), book).forecast(book.fixtures(is_open)).broken


def test_a_match_that_began_earlier_than_was_entered_is_no_break_of_all_betting() -> None:
    book = matches.book().latest
    fitted = Fitted(Recipe(), book)
    late = np.setdiff1d(fitted.over, fitted.learned)
    one = late[np.argmax(fitted.totals[late])]
    lead = book.matches.kickoff[book.of_bets] - book.bets.placed
    moved = np.where((book.of_bets == one) & (lead < 3 * DAY), 3, 0)
    earlier = replace(book.bets, placed=book.bets.placed - moved * DAY)
    assert moved.any()
    assert broken(replace(book, bets=earlier)) < 0.2
    # Where there are fewer bets on all matches, it is told.
    since = book.bets.placed >= book.through - 5 * DAY
    assert broken(counted(book, since, 0.3)) > 0.9
