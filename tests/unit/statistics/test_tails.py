"""How heavy a tail is."""

import numpy as np
import pytest

from valuebox.statistics.tails import tail_of

BOUNDED = (np.inf, 0.0)


def pareto(power: float, count: int, seed: int = 0) -> np.ndarray:
    return (1 - np.random.default_rng(seed).random(count)) ** (-1 / power)


@pytest.mark.parametrize("power", [1.2, 1.6, 3.0])
def test_the_index_is_the_power_of_the_tail(power: float) -> None:
    found = [tail_of(pareto(power, 10_000, seed)) for seed in range(200)]
    index, error = np.array(found).T
    assert index.mean() == pytest.approx(power, rel=0.03)
    assert index.std() == pytest.approx(error.mean(), rel=0.15)


def test_amounts_that_are_not_above_nothing_do_not_count() -> None:
    amount = pareto(1.5, 10_000)
    assert tail_of(np.concatenate([amount, np.zeros(5_000), -amount])) == tail_of(amount)


def test_a_cap_that_several_reach_leaves_no_tail() -> None:
    assert tail_of(np.minimum(pareto(1.2, 10_000), 10.0)) == BOUNDED


@pytest.mark.parametrize("count", [100, 3_000])
def test_a_price_list_has_no_tail(count: int) -> None:
    prices = [0.99, 1.99, 4.99, 9.99, 49.99, 99.99]
    drawn = np.random.default_rng(0).choice(prices, count, p=[0.4, 0.3, 0.15, 0.1, 0.03, 0.02])
    assert tail_of(drawn) == BOUNDED


def test_of_too_few_amounts_no_tail_is_seen() -> None:
    assert tail_of(np.array([0.0] * 500 + [1.0, 1e9])) == BOUNDED
