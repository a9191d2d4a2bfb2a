"""What bets are worth: by how many there are, of what time, and of which match."""

from dataclasses import replace

import numpy as np
import pytest

from valuebox.compartments.handle.book import DAY, HOUR, Bets, Book, keys
from valuebox.compartments.handle.model import _made_up
from valuebox.compartments.handle.stakes import valued
from valuebox.statistics.arrays import Floats

A_MATCH, MEAN = 150, 20.0
"""Bets on a match, and their mean amount."""


@pytest.fixture(scope="module")
def book() -> Book:
    """Three dozen matches with bets whose amounts are chance alone."""
    rng = np.random.default_rng(0)
    book = _made_up()
    match = np.repeat(np.arange(len(book.matches)), A_MATCH)
    lead = np.floor(rng.exponential(30.0, len(match))) + 1
    amount = rng.lognormal(-0.72, 1.2, len(match)) * MEAN
    placed = book.matches.kickoff[match] - lead.astype(np.int64) * HOUR
    order = np.argsort(placed, kind="stable")
    bets = Bets(
        loaded_at=placed[order],
        replaced_at=np.full(len(match), book.bets.replaced_at[0]),
        match=keys(book.matches.id)[match[order]],
        placed=placed[order],
        amount=amount[order],
        gross=amount[order],
        count=np.ones(len(match)),
        squares=amount[order] ** 2,
    )
    return replace(book, bets=bets)


def larger(book: Book, rows: np.ndarray, by: float) -> Book:
    """The same with some amounts so many times as large."""
    times = np.where(rows, by, 1.0)
    amount, squares = book.bets.amount * times, book.bets.squares * times**2
    return replace(book, bets=replace(book.bets, amount=amount, squares=squares))


def by_match(book: Book) -> Floats:
    """The value of the bets on each match."""
    worth = valued(book).book
    return worth.totals(worth.bets.amount)


def by_bet(book: Book, rows: np.ndarray) -> float:
    """What a bet is worth on average, of some rows of the valued bets."""
    bets = valued(book).book.bets
    return float(bets.amount[rows].sum() / bets.count[rows].sum())


def test_values_scatter_less_than_amounts_and_add_up_to_as_much(book: Book) -> None:
    values, amounts = by_match(book), book.totals(book.bets.amount)
    assert values.sum() == pytest.approx(amounts.sum(), rel=0.03)
    # Every match has as many bets: what they differ by is chance.
    assert values.std() < amounts.std() / 3
    said = valued(book)
    assert said.book.bets.squares.sum() < book.bets.squares.sum() / 2
    assert said.scatter > MEAN


def test_a_single_large_bet_is_luck_and_a_match_of_large_bets_is_not(book: Book) -> None:
    usual = by_match(book)
    single = np.arange(len(book.bets)) == np.flatnonzero(book.of_bets == 20)[5]
    of_one = larger(book, single, MEAN * A_MATCH / book.bets.amount[single][0] / 2)
    assert of_one.totals(of_one.bets.amount)[20] > 1.3 * book.totals(book.bets.amount)[20]
    assert by_match(of_one)[20] < 1.15 * usual[20]
    # Matches that differ in what is bet at a time are told apart.
    some = book.of_bets % 3 == 0
    three = by_match(larger(book, some, 3.0)) / usual
    assert three[::3].mean() > 2.3 * three[1::3].mean()


def test_bets_of_hours_in_which_more_is_bet_at_a_time_are_worth_more(book: Book) -> None:
    of, rows = valued(book).book, []
    for one in (book, of):
        rows.append((one.matches.kickoff[one.of_bets] - one.bets.placed) / HOUR <= 6)
    found = larger(book, rows[0], 4.0)
    ratio = by_bet(found, rows[1]) / by_bet(found, ~rows[1])
    assert ratio == pytest.approx(4.0, rel=0.15)


@pytest.mark.parametrize("days", [2, 6])
def test_amounts_that_change_all_at_once_change_what_bets_are_worth(book: Book, days: int) -> None:
    since = book.bets.placed.max() - days * DAY
    changed = larger(book, book.bets.placed > since, 0.4)
    placed = valued(book).book.bets.placed
    late, before = placed > since, (placed <= since) & (placed > since - 6 * DAY)
    assert by_bet(changed, late) / by_bet(book, late) == pytest.approx(0.4, abs=0.12)
    assert by_bet(changed, before) / by_bet(book, before) == pytest.approx(1.0, abs=0.12)


def test_how_loads_split_rows_decides_on_no_digit(book: Book) -> None:
    once, twice = book.bets.take(slice(None, None, -1)), book.bets.take(slice(None, None, 2))
    again = {
        name: np.concatenate([getattr(once, name), getattr(twice, name)])
        for name in Bets.__dataclass_fields__
    }
    order = np.random.default_rng(1).permutation(len(again["placed"]))
    rows = Bets(**again)
    one, other = (by_match(replace(book, bets=rows.take(way))) for way in (slice(None), order))
    assert (one == other).all()


def test_without_bets_nothing_is_worth_anything(book: Book) -> None:
    assert by_match(replace(book, bets=book.bets.take(slice(0)))).sum() == 0
