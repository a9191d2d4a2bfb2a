"""What purchases do to other purchases is told apart by type, and shrunk where nothing shows."""

import numpy as np
import pytest

from valuebox_training.offers.effects import Weeks, fit_effects

COUNT = 20_000


def weeks(effect: np.ndarray, seed: int = 3) -> tuple[Weeks, np.ndarray, np.ndarray]:
    """Weeks in which buyers spend twice as much as others anyway, and purchases change `effect`."""
    draw = np.random.default_rng(seed)
    kind = draw.integers(0, len(effect), COUNT)
    price = draw.choice([1.0, 5.0, 10.0], COUNT)
    bought = draw.random(COUNT) < 0.2
    usual = np.full(COUNT, 4.0)
    rest = draw.gamma(0.5, 8.0 * (1 + bought)) + bought * effect[kind] * price
    share = np.where(np.arange(COUNT) % 3 == 0, 0.5, 1.0)
    customer = np.arange(COUNT) // 5
    return Weeks(customer, rest * share, share, usual, np.ones(COUNT), bought), kind, price


def test_types_that_replace_other_purchases_are_told_from_those_that_lead_to_more() -> None:
    effect = np.array([-0.4, 0.0, 0.4])
    found = fit_effects(*weeks(effect), types=3)
    at_five = [a + 5 * b + 4 * c for a, b, c in found.each]
    assert at_five[2] - at_five[0] == pytest.approx(4.0, abs=1.5)
    assert at_five[0] < at_five[1] < at_five[2]
    assert found.each[3] == (0.0, 0.0, 0.0)


def test_that_buyers_spend_more_in_any_case_is_no_effect() -> None:
    found = fit_effects(*weeks(np.zeros(3)), types=3)
    assert np.abs([a + 5 * b + 4 * c for a, b, c in found.each]).max() < 1.0
