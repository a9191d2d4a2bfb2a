"""How many sessions a margin takes."""

import numpy as np
import pytest
from scipy import stats

from valuebox.compartments.recommend.proof.planning import Plan, Unplannable, plan
from valuebox.statistics.rates import quotient_interval, wilson


def test_a_conversion_of_3_6_percent_takes_132_000_sessions_an_arm() -> None:
    found = plan(0.036, 0.05, sessions_a_day=8_000, holdback=0.05)
    assert found.sessions == pytest.approx(132_000, rel=0.01)
    z = stats.norm.ppf(0.95) + stats.norm.ppf(0.8)
    assert found.sessions == pytest.approx(2 * (1 - 0.036) / 0.036 * (z / 0.05) ** 2, abs=1)
    assert found.sessions_in_all == pytest.approx(2 * found.sessions / 0.95, abs=1)
    assert found.days == -(-found.sessions_in_all // 8_000)
    assert plan(0.036, 0.05).days is None


def test_a_mean_needs_its_deviation_and_twice_the_margin_a_quarter() -> None:
    first, second = plan(4.0, 0.05, deviation=6.0), plan(4.0, 0.1, deviation=6.0)
    assert first.sessions == pytest.approx(4 * second.sessions, abs=4)
    with pytest.raises(Unplannable, match="deviation"):
        plan(4.0, 0.05)


def test_so_many_sessions_prove_it_in_four_of_five_experiments() -> None:
    found, draw = plan(0.2, 0.1), np.random.default_rng(2)
    n = found.sessions
    proven = worse = 0
    for _ in range(500):
        control = int(draw.binomial(n, 0.2))
        for share, is_same in ((0.2, True), (0.18, False)):
            arm = int(draw.binomial(n, share))
            low, _ = quotient_interval(
                (arm / n, *wilson(arm, n)), (control / n, *wilson(control, n))
            )
            proven += is_same and low > 0.9
            worse += not is_same and low > 0.9
    assert proven >= 375
    # 5 of 100, and three standard errors.
    assert worse <= 40


@pytest.mark.parametrize(
    "asked",
    [{"margin": 0}, {"margin": 1}, {"each": 0}, {"each": 1.2}, {"power": 1}, {"power": 0.2},
     {"arms": 1}, {"deviation": 0}, {"holdback": 1}, {"sessions_a_day": 0}],
)  # fmt: skip
def test_what_no_number_of_sessions_meets_is_refused(asked: dict[str, float]) -> None:
    options: dict[str, float] = {"each": 0.1, "margin": 0.05, **asked}
    with pytest.raises(Unplannable):
        plan(options.pop("each"), options.pop("margin"), **options)  # type: ignore[arg-type]


def test_a_plan_is_told_to_programs() -> None:
    assert Plan.model_validate_json(plan(0.1, 0.05).model_dump_json()).arms == 2
