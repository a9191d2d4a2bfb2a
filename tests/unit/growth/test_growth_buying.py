import numpy as np
import pytest
from support.cdnow import cdnow
from support.growth import START, bought, facts, histories

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.value.bgnbd import BgNbd, NoFit, fit_bgnbd
from valuebox.compartments.growth.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from valuebox.compartments.growth.value.holdout import halfway, holdout
from valuebox.compartments.growth.value.probabilistic import buyers, future
from valuebox.compartments.growth.value.purchases import Purchases, purchases

# The paper counts the time from a customer's first day until the last one, on which it still looks.
CALIBRATED = np.datetime64("1997-09-30T00:00:00.000001", "us")
ENDED = np.datetime64("1998-07-01", "us")
PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


@pytest.fixture(scope="module")
def cds() -> Facts:
    return cdnow()


def one(repeats: float, last: float, observed: float, spent: float = 0.0) -> Purchases:
    return Purchases(*(np.array([v]) for v in (0, repeats, last, observed, spent, 0.0)))


def test_purchases_are_days_after_the_first() -> None:
    days = np.array([0, 0, 7, 21, 3, 40]).astype("timedelta64[D]")
    these = facts([0, 0, 0, 0, 2, 0], START + days, [1.0, 2, 4, 6, 9, 99], 4)
    known = purchases(these, bought(these), START + np.timedelta64(28, "D"))
    assert known.customer.tolist() == [0, 2]
    assert known.repeats.tolist() == [2, 0]
    assert known.last.tolist() == [3, 0]
    assert known.observed.tolist() == pytest.approx([4, 25 / 7])
    assert known.spent.tolist() == [5, 0]
    assert known.first.tolist() == [3, 9]
    assert known.mean == (3 + 4 + 6 + 9) / 4


def test_the_published_parameters_of_cdnow_are_found(cds: Facts) -> None:
    known = purchases(cds, bought(cds), CALIBRATED)
    assert (len(known), int(known.repeats.sum())) == (2_357, 2_457)
    found = fit_bgnbd(known)
    assert found.r == pytest.approx(PUBLISHED.r, rel=0.01)
    assert found.alpha == pytest.approx(PUBLISHED.alpha, rel=0.01)
    assert found.a == pytest.approx(PUBLISHED.a, rel=0.02)
    assert found.b == pytest.approx(PUBLISHED.b, rel=0.02)


def test_a_published_expectation_is_met() -> None:
    """Fader, Hardie and Lee's customer 4 of CDNOW: x 2, last 30.43, observed 38.86 weeks."""
    known = one(2, 30.43, 38.86)
    assert PUBLISHED.expected(known, 39)[0] == pytest.approx(1.226, abs=0.002)
    assert PUBLISHED.alive(known)[0] == pytest.approx(0.726, abs=0.002)
    assert PUBLISHED.alive(one(0, 0, 38.86))[0] == 1


def test_later_purchases_of_cdnow_are_expected(cds: Facts) -> None:
    judged = holdout(cds, bought(cds), CALIBRATED, ENDED)
    assert judged.buyers == 2_357
    assert judged.weeks == pytest.approx(39.1, abs=0.1)
    assert judged.expected_purchases == pytest.approx(judged.purchases, rel=0.15)
    assert judged.probabilistic.total == pytest.approx(judged.total, rel=0.2)
    probabilistic, formula = judged.probabilistic.scores, judged.formula.scores
    assert probabilistic.mae < formula.mae
    assert abs(probabilistic.bias) < abs(formula.bias)


def test_parameters_that_are_true_are_found() -> None:
    rng = np.random.default_rng(6)
    weeks = rng.uniform(26, 78, 8_000)
    found = fit_bgnbd(histories(0.8, 5.0, 0.9, 3.0, weeks, seed=7))
    assert found.r == pytest.approx(0.8, rel=0.1)
    assert found.alpha == pytest.approx(5.0, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(0.9 / 3.9, rel=0.1)


def test_expectations_are_what_happens() -> None:
    true = BgNbd(r=0.8, alpha=5.0, a=0.9, b=3.0)
    both = histories(0.8, 5.0, 0.9, 3.0, np.full(40_000, 60.0), seed=8)
    nobody = one(0, 0, 0)
    assert true.expected(nobody, 60)[0] == pytest.approx(both.repeats.mean(), rel=0.03)
    early = true.expected(nobody, 20)[0]
    until_20 = histories(0.8, 5.0, 0.9, 3.0, np.full(40_000, 20.0), seed=8)
    assert early == pytest.approx(until_20.repeats.mean(), rel=0.03)
    later = true.expected(until_20, 40).mean()
    assert early + later == pytest.approx(both.repeats.mean(), rel=0.03)


@pytest.mark.parametrize("a", [1.0, 1.0 + 1e-9, 0.999, 1.001])
def test_nothing_breaks_where_the_formula_divides_by_nothing(a: float) -> None:
    around = BgNbd(r=0.24, alpha=4.4, a=1.01, b=2.4).expected(one(900, 30, 39), 39)[0]
    here = BgNbd(r=0.24, alpha=4.4, a=a, b=2.4).expected(one(900, 30, 39), 39)[0]
    assert here == pytest.approx(around, rel=0.05)


def test_spending_that_is_true_is_found_in_any_currency() -> None:
    rng = np.random.default_rng(9)
    n, p, q, v = 5_000, 6.25, 3.74, 15.44
    repeats = 1.0 + rng.poisson(3, n)
    rate = rng.gamma(q, 1 / v, n)
    spent = rng.gamma(p * repeats, 1 / (rate * repeats))
    nothing = np.zeros(n)
    for unit in (1.0, 1e-4, 1e6):
        known = Purchases(np.arange(n), repeats, nothing, nothing, spent * unit, nothing)
        found = fit_gamma_gamma(known)
        assert (found.p, found.q) == (pytest.approx(p, rel=0.15), pytest.approx(q, rel=0.1))
        assert found.p * found.v / (found.q - 1) == pytest.approx(unit * p * v / (q - 1), rel=0.03)


def test_expected_spending_lies_between_ones_own_and_everybodys() -> None:
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    everybody = model.expected(one(0, 0, 1))[0]
    few, many = (model.expected(one(x, 1, 1, 100.0))[0] for x in (1, 50))
    assert everybody == pytest.approx(6.25 * 15.44 / 2.74)
    assert everybody < few < many < 100


def shape(days: list[list[float]], until: int) -> tuple[Purchases, Facts, np.datetime64]:
    """Buyers who each bought on these days, for 5."""
    who = [customer for customer, own in enumerate(days) for _ in own]
    when = START + (np.array([day for own in days for day in own]) * 86_400e6).astype("m8[us]")
    these = facts(who, when, [5.0] * len(who), len(days))
    end = START + np.timedelta64(until, "D")
    return purchases(these, bought(these), end), these, end


@pytest.mark.parametrize(
    ("days", "warning"),
    [
        ([[float(n) for n in range(k % 7, 210, 1 + k % 3)] for k in range(100)], "nobody is seen"),
        ([[float(n) for n in range(100)], *([float(k)] for k in range(60))], "only 1 buyers"),
        ([[k % 30, k % 30 + 30.0] for k in range(60)], "hardly differ in how often"),
        ([[k % 9 * 3.0 + 9 * n for n in range(1 + k % 4)] for k in range(60)], "how likely"),
        ([[0.0, 10.0, 20.0]], "only 1 buyers"),
    ],
    ids=["daily", "whale", "twins", "regular", "one buyer"],
)
def test_shapes_in_which_the_model_becomes_a_simpler_one_are_valued_with_a_warning(
    days: list[list[float]], warning: str
) -> None:
    known, these, until = shape(days, 210)
    found = fit_bgnbd(known)
    assert any(warning in one for one in found.warnings)
    expected, alive = found.expected(known, 52), found.alive(known)
    # Nobody buys more often than every day, nor in all more often than they have.
    assert (expected >= 0).all()
    assert expected.sum() <= 1.1 * 52 * (known.days / known.observed).sum()
    assert ((alive >= 0) & (alive <= 1)).all()
    told = future(these, buyers(these, bought(these), until), "campaign", 52, 3)
    assert np.isfinite([one.value for one in told.customers]).all()


def test_parameters_that_are_found_carry_no_warning(cds: Facts) -> None:
    assert fit_bgnbd(purchases(cds, bought(cds), CALIBRATED)).warnings == []


def test_what_cannot_be_learned_is_said() -> None:
    nobody = facts([0, 1], np.array([START, START]), [1.0, 2.0], 3)
    known = purchases(nobody, bought(nobody), START + np.timedelta64(30, "D"))
    with pytest.raises(NoFit, match="second day"):
        fit_bgnbd(known)
    with pytest.raises(NoFit, match="fewer than 10"):
        fit_gamma_gamma(known)
    told = future(nobody, buyers(nobody, bought(nobody), START), "campaign", 52, 5)
    assert (told.buying, told.why_not is not None, told.customers) == (None, True, [])
    nothing = facts([], np.array([], dtype="datetime64[us]"), [], 3)
    assert halfway(nothing, bought(nothing), START) is None
    with pytest.raises(NoFit, match="nobody had bought"):
        holdout(nothing, bought(nothing), START, START + np.timedelta64(30, "D"))


def test_values_of_groups_are_sums_of_their_customers(cds: Facts) -> None:
    told = future(cds, buyers(cds, bought(cds), CALIBRATED), "campaign", 39, 3_000)
    assert (told.buyers, len(told.customers)) == (2_357, 2_357)
    assert sum(one.value for one in told.groups) == pytest.approx(
        sum(one.value for one in told.customers)
    )
    values = [one.value for one in told.customers]
    assert values == sorted(values, reverse=True)
    assert told.spending is not None
