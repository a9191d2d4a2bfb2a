"""Figures of sessions and their intervals, beside textbook formulas and made-up shops."""

import numpy as np
import pytest
from benchmarks.recommend.shop_sessions import Effect, sessions

from valuebox.compartments.recommend.proof.kpis import BY_NAME, KPIS, figure
from valuebox.statistics.ratios import RatioSums, log_change


def test_a_click_rate_varies_by_session_as_the_delta_method_says() -> None:
    found = sessions(np.random.default_rng(3), 3, 2_000, Effect())
    told = figure(BY_NAME["clicks"], found)
    assert told is not None
    over, under, n = found.clicked, found.lists, len(found.arm)
    rate = over.sum() / under.sum()
    covariance = np.cov(over, under)
    variance = (
        covariance[0, 0] - 2 * rate * covariance[0, 1] + rate**2 * covariance[1, 1]
    ) / n / under.mean() ** 2  # fmt: skip
    assert told.value == pytest.approx(rate)
    assert (told.upper - told.lower) / 2 == pytest.approx(1.645 * variance**0.5, rel=0.05)
    # Lists that were independent would make it look surer than it is.
    alone = (rate * (1 - rate) / under.sum()) ** 0.5
    assert told.upper - told.lower > 1.3 * 2 * 1.645 * alone


def test_sums_say_of_ratios_what_the_delta_method_says() -> None:
    draw = np.random.default_rng(4)
    x = draw.poisson(4, 500) + 1.0
    y = draw.binomial(x.astype(int), 0.3).astype(float)
    group = draw.integers(0, 2, 500)
    sums = RatioSums.of(y, x, group, 2)
    for at in (0, 1):
        mine = group == at
        rate = y[mine].sum() / x[mine].sum()
        deviation = np.std(y[mine] - rate * x[mine], ddof=1) / y[mine].mean()
        assert sums.value[at] == pytest.approx(rate)
        assert sums.scatter[at] == pytest.approx(deviation)
    change = log_change(sums.at(1), sums.at(0))
    assert change.value == pytest.approx(np.log(sums.value[1] / sums.value[0]))
    assert change.error**2 == pytest.approx((sums.scatter**2 / sums.n).sum())
    halves = RatioSums.of(y, x, np.arange(500) // 250, 2).grown(0)
    assert halves.value[1] == pytest.approx(y.sum() / x.sum())


def test_intervals_of_every_figure_hold_about_nine_times_in_ten() -> None:
    many = sessions(np.random.default_rng(0), 200, 2_000, Effect())
    truth = {kpi.name: figure(kpi, many) for kpi in KPIS}
    held = dict.fromkeys(BY_NAME, 0)
    for seed in range(150):
        found = sessions(np.random.default_rng([9, seed]), 1, 2_000, Effect())
        for kpi in KPIS:
            meant, told = truth[kpi.name], figure(kpi, found)
            assert meant is not None
            assert told is not None
            held[kpi.name] += told.lower <= meant.value <= told.upper
    # Of 150 draws, chance leaves three standard errors.
    assert {name: n for name, n in held.items() if not 124 <= n <= 147} == {}


def test_what_is_not_told_has_no_figure() -> None:
    found = sessions(np.random.default_rng(1), 1, 200, Effect())
    silent = found._replace(orders=None, priced=None, revenue=None)
    told = {kpi.name for kpi in KPIS if figure(kpi, silent) is not None}
    assert told == {"clicks", "views", "time", "bounces"}
    assert figure(BY_NAME["order_value"], found._replace(priced=found.priced * 0)) is None
    assert figure(BY_NAME["views"], found.where(slice(0, 0))) is None


def test_all_the_same_is_a_figure_without_width() -> None:
    found = sessions(np.random.default_rng(1), 1, 200, Effect())
    same = figure(BY_NAME["views"], found._replace(views=np.full(len(found.arm), 3.0)))
    assert same == (3.0, 3.0, 3.0)
