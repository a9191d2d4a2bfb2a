import numpy as np
import pytest
from scipy import stats
from scipy.stats import norm
from support.growth import START, bought, facts, halves

from valuebox.compartments.growth.change.lift import lifts
from valuebox.compartments.growth.loaded.frames import grouped
from valuebox.statistics import rates, shuffling
from valuebox.statistics.amounts import amounts
from valuebox.statistics.holm import holm
from valuebox.statistics.rates import Paired

RUNS = 3_000


def covered(
    lower: np.ndarray, upper: np.ndarray, truth: float, tolerance: float = 0.03
) -> pytest.approx:
    inside = float(((lower <= truth) & (truth <= upper)).mean())
    return abs(inside - 0.9) <= tolerance


@pytest.mark.slow
@pytest.mark.parametrize(
    ("customers", "true"),
    [((879, 845), (0.1, 0.1)), ((879, 845), (0.1, 0.13)), ((150, 600), (0.06, 0.05))],
)
def test_bands_of_rates_cover_the_truth(
    customers: tuple[int, int], true: tuple[float, float]
) -> None:
    rng = np.random.default_rng(1)
    drawn, counts = np.unique(rng.binomial(customers, true, (RUNS, 2)), axis=0, return_counts=True)
    samples = [Paired(customers, (int(x), int(y))) for x, y in drawn]
    ends = [rates.ratio_interval(one) for one in samples]
    lower = np.repeat([low for low, _ in ends], counts)
    upper = np.repeat([np.inf if high is None else high for _, high in ends], counts)
    assert covered(lower, upper, true[1] / true[0])
    alarms = np.repeat([rates.p_value(one) <= 0.05 for one in samples], counts).mean()
    assert alarms <= 0.05 or true[0] != true[1]


def test_bands_of_rates_of_the_same_customers_cover_the_truth() -> None:
    rng = np.random.default_rng(2)
    size, shared, true = 800, 500, np.array([0.10, 0.13])
    lower, upper = np.empty(400), np.empty(400)
    for run in range(len(lower)):
        # Whoever responded once is likelier to again.
        alike = rng.standard_normal((shared, 1)) + rng.standard_normal((shared, 2))
        did = alike / np.sqrt(2) < norm.ppf(true)
        others = rng.binomial(size - shared, true)
        both = did.all(axis=1).sum()
        only = did.sum(axis=0) - both
        lower[run], upper[run] = rates.ratio_interval(
            Paired((size, size), tuple(did.sum(axis=0) + others), shared, both, tuple(only))
        )
    assert covered(lower, upper, 1.3, 0.04)


def test_the_test_of_rates_is_fishers_and_mcnemars() -> None:
    apart = stats.fisher_exact([[111, 768], [84, 761]])
    assert rates.p_value(Paired((879, 845), (111, 84))) == pytest.approx(apart.pvalue)
    together = stats.binomtest(9, 9 + 21)
    shared = Paired((500, 500), (30, 42), 500, 21, (9, 21))
    assert rates.p_value(shared) == pytest.approx(together.pvalue)


@pytest.mark.parametrize("shared", [0, 500])
def test_of_profits_nothing_is_reported_where_nothing_is(shared: int) -> None:
    rng = np.random.default_rng(3)
    size, runs = 500, 250
    n = 2 * size - shared
    places = np.arange(n)
    in_first, in_second = places < size, places >= n - size
    alarms = np.empty(runs)
    for run in range(runs):
        likes = rng.standard_normal(n)
        first, second = (
            np.where(
                (likes + rng.standard_normal(n)) / np.sqrt(2) < norm.ppf(0.15),
                rng.gamma(4.0, 2.5, n),
                0.0,
            )
            for _ in range(2)
        )
        both = amounts(first * in_first, second * in_second, in_first, in_second)
        alarms[run] = shuffling.p_value(both, seed=run) <= 0.05
    assert alarms.mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


def test_amounts_that_are_the_same_do_not_differ() -> None:
    everybody = np.ones(40, dtype=bool)
    same = amounts(np.full(40, 5.0), np.full(40, 5.0), everybody, ~everybody | everybody)
    assert shuffling.p_value(same) == 1.0


def test_holm_adjusts_as_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def two_samples(seed: int, chances: tuple[float, float]) -> tuple[bool, float]:
    """Whether any of all comparisons is called real, and the lift of buying."""
    rng = np.random.default_rng(seed)
    n = 800
    in_first = np.arange(n) < n // 2
    buys = rng.random(n) < np.where(in_first, *chances)
    customer = np.repeat(np.flatnonzero(buys), 2)
    time = START + rng.integers(0, 30, len(customer)).astype("timedelta64[D]")
    these = facts(customer, time, rng.gamma(4.0, 2.5, len(customer)), n, np.arange(n) % 4)
    found = lifts(
        these, *halves(these, in_first), ["bought", "like"], bought(these),
        grouped(these.customers.attributes["campaign"]),
    )  # fmt: skip
    assert len(found) == 3 * 5
    return any(one.is_real for one in found), found[0].lift


@pytest.mark.slow
def test_no_lift_is_reported_where_there_is_none() -> None:
    alarms = [two_samples(seed, (0.12, 0.12))[0] for seed in range(100)]
    # With a chance of 5 % each, more than 9 of 100 come once in forty times.
    assert sum(alarms) <= 9


@pytest.mark.parametrize("runs", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_a_lift_is_reported_where_there_is_one(runs: int) -> None:
    found = [two_samples(seed, (0.10, 0.22)) for seed in range(runs)]
    assert all(real for real, _ in found)
    assert np.mean([lift for _, lift in found]) == pytest.approx(1.2, abs=0.25)


def test_chance_hardly_moves_what_is_found() -> None:
    rng = np.random.default_rng(4)
    first, second = (np.where(rng.random(400) < 0.25, rng.gamma(4.0, m, 400), 0) for m in (2, 2.5))
    in_first = np.arange(800) < 400
    both = amounts(
        np.append(first, np.zeros(400)), np.append(np.zeros(400), second), in_first, ~in_first
    )
    found = np.array([shuffling.p_value(both, seed) for seed in range(12)])
    assert 0.001 < found.mean() < 0.05
    deviation = np.sqrt(found.mean() / 20_000)
    assert np.ptp(found) < 5 * deviation
