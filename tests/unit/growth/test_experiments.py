from typing import Any

import numpy as np
import pytest
from scipy import stats
from support.growth import START

from valuebox.compartments.growth.experiments.exposure import NoExperiment
from valuebox.compartments.growth.experiments.judging import judge
from valuebox.compartments.growth.experiments.outcomes import cuped
from valuebox.compartments.growth.experiments.power import (
    Unplannable,
    customers_for_mean,
    customers_for_share,
    plan,
)
from valuebox.compartments.growth.experiments.schemas import ExperimentQuestion, ExperimentReport
from valuebox.compartments.growth.loaded.frames import Customers, Events, Facts
from valuebox.facts.labels import Labels
from valuebox.statistics.holm import holm
from valuebox.statistics.sample_ratio import ratio_mismatch

DAY = np.timedelta64(1, "D")
TYPES = ["met", "bought", "refunded"]
UNTIL = START + 100 * DAY


class Trial:
    """An experiment, event by event; days are counted from the first of 2024."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, float, float, str | None]] = []

    def met(self, who: int, arm: str | None, day: float = 10) -> None:
        self.rows.append((who, "met", day, np.nan, arm))

    def refunded(self, who: int, day: float, amount: float) -> None:
        self.rows.append((who, "refunded", day, amount, None))

    def bought(self, who: int, day: float, amount: float = 1.0) -> None:
        self.rows.append((who, "bought", day, amount, None))

    @property
    def facts(self) -> Facts:
        who, kind, day, amount, arm = zip(*self.rows, strict=True)
        n = max(who) + 1
        names = sorted({one for one in arm if one is not None})
        hours = (np.array(day) * 24).astype("timedelta64[h]")
        nobody = Labels(np.zeros(n, dtype=np.int32), ["shop"])
        return Facts(
            Customers(nobody, np.arange(n).astype(str).astype(object), np.full(n, START), {}),
            Events(
                np.array(who, dtype=np.int32),
                Labels(np.array([TYPES.index(one) for one in kind], dtype=np.int32), TYPES),
                (START + hours).astype("datetime64[us]"),
                np.array(amount),
                Labels(
                    np.array([names.index(one) if one else -1 for one in arm], dtype=np.int32),
                    names,
                ),
            ),
        )

    def judged(self, **asked: Any) -> ExperimentReport:
        whole = {"exposure": "met", "exposure_property": "arm", "control": "A"} | asked
        return judge(self.facts, ExperimentQuestion.model_validate(whole), UNTIL)


def two_arms(bought: tuple[int, int], customers: tuple[int, int] = (400, 400)) -> Trial:
    """Arms A and B, of whom so many bought a day after they met their arm."""
    trial = Trial()
    for who in range(sum(customers)):
        arm = int(who >= customers[0])
        trial.met(who, "AB"[arm])
        if who - arm * customers[0] < bought[arm]:
            trial.bought(who, 11, 5.0)
    return trial


def test_a_difference_of_shares_is_fishers() -> None:
    found = two_arms((40, 80)).judged()
    conversion, amount = found.effects
    assert (conversion.control, conversion.each, conversion.lift) == (0.1, 0.2, pytest.approx(1))
    assert conversion.p_value == pytest.approx(stats.fisher_exact([[40, 360], [80, 320]]).pvalue)
    assert (amount.control, amount.each, amount.difference) == (0.5, 1.0, 0.5)
    assert [one.p_adjusted for one in found.effects] == holm([one.p_value for one in found.effects])
    assert found.verdict.startswith(
        "Beyond chance, beside A: B changes conversion of bought by +100%"
    )
    assert "beyond chance" in two_arms((40, 44)).judged().verdict
    assert not any(one.is_real for one in two_arms((40, 44)).judged().effects)


def test_arms_that_are_not_as_large_as_meant_have_no_verdict() -> None:
    trial = two_arms((40, 100), (400, 500))
    found = trial.judged()
    chi2 = (50**2 + 50**2) / 450
    assert found.mismatch.chi2 == pytest.approx(chi2)
    assert found.mismatch.p_value == pytest.approx(stats.chi2.sf(chi2, 1))
    assert found.mismatch.is_mismatch
    assert found.verdict.startswith("No verdict")
    assert not any(one.is_real for one in found.effects)
    as_meant = trial.judged(shares={"A": 0.4, "B": 0.5})
    assert (as_meant.mismatch.p_value, as_meant.mismatch.is_mismatch) == (1.0, False)
    assert [one.meant for one in as_meant.arms] == pytest.approx([400, 500])
    # A p of 0.001 is what is seen of one in a thousand experiments without any fault.
    assert not ratio_mismatch(np.array([500, 570]), np.array([0.5, 0.5])).is_mismatch


def test_only_what_follows_the_exposure_within_the_horizon_counts() -> None:
    trial = Trial()
    for who, arm in enumerate("AABBAB"):
        trial.met(who, arm, 50 if who < 4 else 90)
    trial.met(0, "A", 60)
    trial.bought(0, 49.9)
    trial.bought(1, 50)
    trial.bought(2, 59.9)
    trial.bought(3, 60)
    trial.bought(5, 91)
    found = trial.judged(horizon_days=10, metrics=[{"type": "bought", "measure": "count"}])
    (effect,) = found.effects
    assert found.not_over == 0
    assert (effect.control, effect.each) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    later = trial.judged(horizon_days=11)
    assert later.not_over == 2
    assert [one.judged for one in later.arms] == [2, 2]
    assert [one.exposed for one in later.arms] == [3, 3]
    assert later.effects[0].each == 1


def test_whoever_met_several_arms_is_left_out() -> None:
    trial = two_arms((3, 3), (10, 10))
    trial.met(0, "B", 12)
    trial.met(20, None)
    trial.bought(21, 5)
    found = trial.judged()
    assert (found.several_arms, found.no_arm) == (1, 1)
    assert [one.exposed for one in found.arms] == [9, 10]


def test_a_cap_is_of_all_arms_together_and_named() -> None:
    trial = two_arms((50, 50), (100, 100))
    trial.bought(100, 12, 995.0)
    metric = {"type": "bought", "measure": "amount", "cap": 95.0}
    found = trial.judged(metrics=[metric])
    assert (found.metrics[0].capped_at, found.metrics[0].capped) == (5.0, 1)
    assert found.effects[0].difference == 0
    plain = trial.judged(metrics=[metric | {"cap": None}])
    assert plain.effects[0].difference == pytest.approx(9.95)
    assert plain.metrics[0].capped_at is None


def test_amounts_have_an_interval_where_enough_is_known() -> None:
    _, amount = two_arms((400, 800), (2_000, 2_000)).judged().effects
    assert amount.no_interval is None
    assert (amount.lower or 9) < 1 < (amount.upper or 0)
    _, amount = two_arms((10, 12), (50, 50)).judged().effects
    assert (amount.lower, amount.upper) == (None, None)
    assert amount.no_interval is not None
    assert "fewer than 200 customers in all" in amount.no_interval
    few = two_arms((3, 10), (10, 10)).judged().effects
    assert [one.no_test for one in few] == ["fewer than 20 customers on one side"] * 2
    assert "beyond chance" in two_arms((3, 10), (10, 10)).judged().verdict


def test_what_was_paid_back_is_no_amount() -> None:
    trial = two_arms((50, 50), (100, 100))
    for who in range(100, 150):
        trial.refunded(who, 12, 5.0)
    trial.refunded(0, 50, 5.0)
    conversion, amount = trial.judged().effects
    assert (conversion.control, conversion.each) == (0.5, 0.5)
    assert (amount.control, amount.each) == (2.5, 0.0)


def test_cuped_takes_the_variance_away_that_the_past_explains() -> None:
    rng = np.random.default_rng(4)
    before = rng.gamma(2, 10, 4_000)
    arm = rng.integers(0, 2, 4_000)
    after = before + rng.normal(0, 10, 4_000) + 2 * arm
    adjusted, reduction = cuped(after, before, arm)
    within = [np.corrcoef(after[arm == one], before[arm == one])[0, 1] ** 2 for one in (0, 1)]
    assert reduction == pytest.approx(np.mean(within), abs=0.005)
    assert adjusted.mean() == pytest.approx(after.mean())
    assert adjusted[arm == 1].var() / after[arm == 1].var() == pytest.approx(
        1 - reduction, abs=0.01
    )
    # The difference is nearer to what is true than the plain one.
    lift = adjusted[arm == 1].mean() - adjusted[arm == 0].mean()
    assert lift == pytest.approx(2, abs=0.6)
    unchanged, nothing = cuped(after, np.zeros(4_000), arm)
    assert nothing == 0
    assert (unchanged == after).all()


def test_what_happened_before_is_taken_away_and_said() -> None:
    rng = np.random.default_rng(5)
    trial = Trial()
    for who in range(300):
        trial.met(who, "AB"[who % 2], 40)
        usual = float(rng.gamma(1, 20))
        trial.bought(who, 20, usual)
        trial.bought(who, 45, usual + float(rng.normal(0, 1)))
        # Too long ago to be looked at.
        trial.bought(who, 2, 1_000 * rng.random())
    metric = {"type": "bought", "measure": "amount"}
    plain = trial.judged(metrics=[metric])
    found = trial.judged(metrics=[metric], pre_days=30)
    assert plain.metrics[0].variance_reduction is None
    assert found.metrics[0].variance_reduction == pytest.approx(1, abs=0.01)
    assert abs(found.effects[0].difference) < 0.5
    assert (found.metrics[0].detectable or 1) < (plain.metrics[0].detectable or 0) / 5


def test_false_alarms_are_as_rare_as_promised_with_several_arms_and_metrics() -> None:
    rng = np.random.default_rng(6)
    alarms = 0
    for _ in range(12):
        trial = Trial()
        for who in range(120):
            trial.met(who, "ABC"[rng.integers(3)])
            if rng.random() < 0.3:
                trial.bought(who, 11, float(rng.lognormal(2, 1)))
        alarms += any(one.is_real for one in trial.judged().effects)
    # Of 12 experiments more than 3 are false alarms by chance in 1 of 500 cases.
    assert alarms <= 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"control": "Z"}, "nobody is in the control Z; there are these arms: A, B"),
        ({"shares": {"A": 0.5, "C": 0.5}}, "shares are meant for A, C, and the arms are A, B"),
        ({"horizon_days": 366}, "A, B: there are fewer than 2 customers whose 366 days are over"),
        ({"start": "2024-03-01"}, "nobody is in the control A"),
    ],
)
def test_what_is_no_experiment_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(NoExperiment, match=said):
        two_arms((3, 3), (10, 10)).judged(**asked)


def test_published_sample_sizes_are_met() -> None:
    """Of R: `power.prop.test(p1 = .50, p2 = .75, power = .90)`, `power.t.test(delta = 1, ...)`."""
    assert customers_for_share(0.5, 0.75, power=0.9, exact=False) == pytest.approx(76.7, abs=0.05)
    assert customers_for_mean(1.0, 1.0, power=0.9) == pytest.approx(22.02110, abs=1e-4)


def test_a_plan_holds_with_the_tests_that_are_made() -> None:
    planned = plan(0.1, lift=0.5)
    rng = np.random.default_rng(7)
    drawn = rng.binomial(planned.customers, [0.1, 0.15], (300, 2))
    size = planned.customers
    found = [
        stats.fisher_exact([[x, size - x], [y, size - y]]).pvalue <= 0.05 for x, y in drawn.tolist()
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.06)
    back = plan(0.1, customers=planned.customers)
    assert back.lift == pytest.approx(0.5, abs=0.002)
    assert plan(0.1, lift=0.5, arms=4, metrics=2).level == pytest.approx(0.05 / 6)
    assert plan(0.1, lift=0.5, arms=4).customers > planned.customers
    amount = plan(12, 30, lift=0.1)
    assert amount.customers == pytest.approx(2 * (1.96 + 0.8416) ** 2 * 30**2 / 1.2**2, abs=3)
    assert plan(12, 30, customers=amount.customers).lift == pytest.approx(0.1, abs=1e-4)


@pytest.mark.parametrize(
    "asked",
    [
        {"each": 0.0, "lift": 0.1}, {"each": 1.5, "lift": 0.1}, {"each": 0.5, "lift": 1.1},
        {"each": 0.5, "lift": 0.0}, {"each": 0.5}, {"each": 0.5, "lift": 0.1, "customers": 10},
        {"each": 0.5, "lift": 0.1, "arms": 1}, {"each": 0.5, "lift": 0.1, "power": 1.0},
        {"each": 0.9, "customers": 3}, {"each": 0.5, "customers": 1}, {"each": 0.5, "lift": -1.5},
        {"each": 5, "deviation": 0.0, "lift": 0.1},
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(Unplannable):
        plan(**asked)
