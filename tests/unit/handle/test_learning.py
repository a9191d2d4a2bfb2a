"""How wide intervals of handle have to be, learned from past weeks."""

from dataclasses import replace

import numpy as np
import pytest

from valuebox.compartments.handle.book import DAY
from valuebox.compartments.handle.model import _made_up
from valuebox.compartments.handle.recipe import Recipe
from valuebox_training.handle.learning import beyond, calibrated, made_at, scale_of
from valuebox_training.handle.train import judge

Z = 1.6448536269514722


def test_intervals_hold_nine_in_ten_of_the_next_week_though_errors_of_a_week_are_alike() -> None:
    rng = np.random.default_rng(0)
    weeks = np.repeat(np.arange(9), 6)
    held, held_by_a_plain_quantile = [], []
    for _ in range(600):
        common = rng.normal(0, 1.3, 9)[weeks]
        off = np.abs(common + rng.normal(0, 0.7, len(weeks)))
        # The last week is the next one.
        known, then = off[weeks < 8], off[weeks == 8]
        wider = scale_of(known, weeks[weeks < 8], 1.0, 0.0) * beyond(8)
        held.append((then <= Z * wider).mean())
        held_by_a_plain_quantile.append((then <= np.quantile(known, 0.9)).mean())
    assert 0.9 < np.mean(held) < 0.98
    assert np.mean(held_by_a_plain_quantile) < 0.88


def test_few_weeks_say_little_and_none_say_nothing() -> None:
    off = np.full(6, 3.0)
    assert scale_of(off[:0], np.arange(0), 1.4, 4.0) == 1.4
    one, six = (scale_of(off, weeks, 1.0, 4.0) for weeks in (np.zeros(6), np.arange(6)))
    assert 1.0 < one < six < 3.0
    assert scale_of(off, np.arange(6), 1.0, 0.0) == pytest.approx(3.0)
    assert 1.0 < beyond(100) < 1.1 < beyond(16) < 1.2 < beyond(4) < 1.5


def test_intervals_are_judged_by_weeks_that_they_were_not_learned_from() -> None:
    book = _made_up()
    at = book.matches.kickoff[-6] - DAY
    one = made_at(Recipe(), book, at, 1, dict.fromkeys(book.matches.id.tolist(), 1.0))
    assert one is not None
    said, recipe = one.forecast, one.fitted.recipe
    deviation = np.sqrt(np.diag(said.covariance))
    middle = np.log(said.mean) - deviation**2 * recipe.skew
    weeks = [replace(one, week=week, actual=np.exp(middle)) for week in (4, 3, 2)]
    # The last week is where intervals reach that are learned from it, too.
    weeks.append(replace(one, actual=np.exp(middle + 1.001 * Z * deviation)))
    learned = calibrated(Recipe(), weeks)
    assert (learned.widening(said.lead) > 1.001).all()
    assert judge(learned, weeks)["all"]["inside"] == 0.75
