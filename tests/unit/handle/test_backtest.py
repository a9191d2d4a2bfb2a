"""How past forecasts are judged, and that nothing of what came later is in them."""

from dataclasses import replace

import numpy as np
import pytest
from support import matches

from valuebox.compartments.handle.book import Book
from valuebox.compartments.handle.recipe import Recipe
from valuebox.compartments.handle.scoring import Judged, figures, former
from valuebox_training.handle.backtest import backtest
from valuebox_training.handle.train import NotBetter, TooLittle, train


def test_figures_are_those_that_anybody_can_work_out() -> None:
    judged = Judged(
        lead=["match day", "match day", "earlier"],
        actual=np.array([100.0, 300.0, 100.0]),
        forecast=np.array([120.0, 270.0, 100.0]),
        lower=np.array([90.0, 250.0, 110.0]),
        upper=np.array([150.0, 290.0, 130.0]),
        beside={
            "slot_mean": np.array([200.0, 200.0, 200.0]),
            "previous": np.array([90.0, np.nan, np.nan]),
        },
    )
    found = figures(judged)
    assert list(found) == ["all", "match day", "earlier"]
    day = found["match day"]
    assert (day["forecasts"], day["wape"], day["bias"], day["inside"]) == pytest.approx(
        (2, 50 / 400, -10 / 400, 0.5)
    )
    # Widths of 60 and 40, and 20 times what is 10 above.
    assert day["score"] == pytest.approx((60 + 40 + 20 * 10) / 400)
    assert (day["slot_mean"], day["previous"], day["renewed"]) == pytest.approx((0.5, 0.1, 0.2))
    assert "previous" not in found["earlier"]
    assert found["all"]["wape"] == pytest.approx(50 / 500)


def test_the_forecast_before_is_of_the_same_match() -> None:
    at = np.array(["2020-03-02", "2020-03-01", "2020-03-01", "2020-03-05"], dtype="datetime64[s]")
    found = former(["a", "a", "b", "a"], list(at), np.array([2.0, 1.0, 7.0, 3.0]))
    assert np.array_equal(found, [1.0, np.nan, np.nan, 2.0], equal_nan=True)


def test_what_came_after_a_moment_changes_no_forecast_of_it_by_a_bit() -> None:
    book = matches.book()
    _, rows = backtest(book, 2, Recipe())
    at = rows["as_of"].iloc[0]
    late = book.bets.placed >= at.to_datetime64().astype("datetime64[s]")
    assert late.any()
    bets = replace(book.bets, amount=np.where(late, 1_000.0, 1.0) * book.bets.amount)
    _, again = backtest(replace(book, bets=bets), 2, Recipe())
    first = rows["as_of"] == at
    ends = ["forecast", "lower", "upper"]
    assert (again.loc[first, ends].to_numpy() == rows.loc[first, ends].to_numpy()).all()
    assert (again["actual"] != rows["actual"]).all()


def test_a_model_that_a_mean_beats_is_not_saved_unless_it_is_forced() -> None:
    book = alike(matches.book())
    with pytest.raises(NotBetter, match=r"slot_mean \(0\.0%\), .* beat; the model was not saved"):
        train(book, "handle-of-means", weeks=2)
    forced = train(book, "handle-of-means", weeks=2, is_forced=True)
    assert forced.judged["all"]["slot_mean"] < forced.judged["all"]["wape"]


def test_matches_that_were_all_over_at_once_are_too_few_weeks_to_judge_by() -> None:
    book = matches.book()
    began = book.matches.kickoff.min()
    # All within a day: nothing was over when any of them was still to come.
    lead = book.matches.kickoff[book.of_bets] - book.bets.placed
    kickoff = began + np.arange(len(book.matches)) * np.timedelta64(2, "m")
    at_once = replace(
        book,
        matches=replace(book.matches, kickoff=kickoff),
        bets=replace(book.bets, placed=kickoff[book.of_bets] - lead),
    )
    with pytest.raises(TooLittle, match="no past week could be looked back at"):
        train(at_once, "handle-of-a-day", weeks=2)


def alike(book: Book) -> Book:
    """The same, but every match of a slot has the same handle."""
    totals = book.totals(book.bets.amount)
    slots = np.unique(book.matches.slot.astype(str), return_inverse=True)[1]
    times = (1.0 + slots) * 10_000 / np.maximum(totals, 1.0)
    amount = np.where(book.of_bets >= 0, book.bets.amount * times[book.of_bets], 0.0)
    return replace(book, bets=replace(book.bets, amount=amount, squares=amount**2))
