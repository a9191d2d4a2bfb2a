import numpy as np
import pytest
from support.cdnow import cdnow
from support.growth import bought, histories

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.value.bgnbd import fit_bgnbd, fitted_by
from valuebox.compartments.growth.value.probabilistic import BuyerModel, buyers, future
from valuebox.compartments.growth.value.purchases import Purchases
from valuebox.compartments.growth.value.scatter import Horizon, scatter

CALIBRATED = np.datetime64("1997-09-30T00:00:00.000001", "us")
TRUE = (0.8, 5.0, 0.9, 3.0)


@pytest.fixture(scope="module")
def cds() -> Facts:
    return cdnow()


def test_what_buyers_later_bring_lies_in_their_intervals(cds: Facts) -> None:
    """CDNOW: learned from 39 weeks, judged by the next 39."""
    told = future(cds, buyers(cds, bought(cds), CALIBRATED), "campaign", 39, 3_000)
    later = cds.events.time >= CALIBRATED
    spent = cds.amount_per_customer(np.where(later, cds.events.amount, 0.0))
    inside = [
        one.value_lower - 0.01 <= spent[int(one.customer)] <= one.value_upper + 0.01
        for one in told.customers
    ]
    # Whoever is expected to bring nothing brings nothing, so that more than 90 % is right.
    assert 0.9 <= np.mean(inside) <= 0.97
    large = [ok for ok, one in zip(inside, told.customers, strict=True) if one.value > 20]
    assert 0.85 <= np.mean(large) <= 0.95
    assert told.everybody is not None
    assert told.everybody.value_lower is not None
    assert told.everybody.value_upper is not None
    assert told.everybody.value_lower < told.everybody.value < told.everybody.value_upper
    assert told.everybody.value == pytest.approx(sum(one.value for one in told.groups))
    # The sum of many is surer than any of them.
    width = told.everybody.value_upper / told.everybody.value_lower
    assert 1.1 < width < 1.6


def test_parameters_are_as_sure_as_they_scatter_from_sample_to_sample() -> None:
    fits = []
    for seed in range(12):
        known = histories(*TRUE, np.full(1_500, 40.0), seed)
        model = fit_bgnbd(known)
        fits.append((np.log([model.r, model.alpha]), np.diag(fitted_by(model, known)[1])[:2]))
    estimates, variances = (np.array(one) for one in zip(*fits, strict=True))
    assert np.sqrt(variances.mean(axis=0)) == pytest.approx(estimates.std(axis=0, ddof=1), rel=0.5)


def test_draws_agree_with_what_is_expected() -> None:
    known = histories(*TRUE, np.full(3_000, 40.0), seed=5)
    model = fit_bgnbd(known)
    expected = model.expected(known, 26) * 10.0
    group = (np.arange(3_000) >= 2_990).astype(np.intp)
    found = scatter(
        model, None, 10.0, known, expected, group, 3, np.array([4, 7]), Horizon(26, 0.0)
    )
    low, high = found.everybody
    assert (low + high) / 2 == pytest.approx(expected.sum(), rel=0.03)
    small = found.groups[1]
    assert small is not None
    assert small[0] < expected[2_990:].sum() < small[1]
    # Ten buyers are less sure than all of them, and nobody is sure of nothing.
    assert (small[1] - small[0]) / expected[2_990:].sum() > 5 * (high - low) / expected.sum()
    assert found.groups[2] is None
    assert set(found.customers) == {4, 7}


def test_what_comes_later_is_worth_less() -> None:
    known = histories(*TRUE, np.full(500, 40.0), seed=6)
    model = BuyerModel(fit_bgnbd(known), None, 10.0)
    plain, discounted = model.value(known, 52), model.value(known, 52, 0.1)
    assert Horizon(52, 0.0).worth.tolist() == [1.0]
    # Most comes early: it is worth more than if all came in the middle of the year.
    assert 1.1**-0.5 < discounted.sum() / plain.sum() < 1
    steps = Horizon(52, 0.1)
    assert len(steps.ends) == 13
    assert steps.worth[0] == pytest.approx(1.1 ** (-2 / 52.1775))
    assert len(Horizon(520, 0.1).ends) == 26
    assert model.value(known, 52, 0.0) == pytest.approx(plain)


def test_where_nobody_is_seen_to_leave_buyers_go_on_at_their_rate() -> None:
    """BG/NBD without leaving is the negative binomial model: (r + x) / (alpha + T) a week."""
    rng = np.random.default_rng(8)
    rate = rng.gamma(2.0, 1 / 8.0, 2_000)
    times = np.cumsum(rng.exponential(1 / rate, (80, 2_000)), axis=0)
    repeats = (times < 60).sum(axis=0)
    last = np.where(times < 60, times, 0).max(axis=0)
    nothing = np.zeros(2_000)
    known = Purchases(
        np.arange(2_000), repeats.astype(float), last, np.full(2_000, 60.0), nothing, nothing
    )
    model = fit_bgnbd(known)
    assert (model.r, model.alpha) == pytest.approx((2, 8), rel=0.1)
    assert model.alive(known).min() > 0.95
    going_on = (model.r + repeats) / (model.alpha + 60) * 52
    assert model.expected(known, 52) == pytest.approx(going_on, rel=0.05)
    nobody = np.zeros(2_000, dtype=np.intp)
    found = scatter(
        model, None, 1.0, known, model.expected(known, 52), nobody, 1, np.arange(200),
        Horizon(52, 0.0),
    )  # fmt: skip
    later = rng.poisson(rate * 52)
    inside = [low <= later[at] <= high for at, (low, high) in found.customers.items()]
    assert np.mean(inside) == pytest.approx(0.92, abs=0.06)
    assert found.everybody[0] < going_on.sum() < found.everybody[1]
