"""Off-policy estimates against numbers worked out by hand."""

import numpy as np
import pytest

from valuebox.compartments.offers.evaluation.estimates import Evaluated, evaluate
from valuebox.compartments.offers.evaluation.replay import (
    Choices,
    PolicyRefused,
    Replay,
    Seen,
    replay,
)

COPIES = 100
"""So many of each decision below: the estimates are those of one, and the log can tell."""


def log(**changed: object) -> tuple[Seen, Choices, np.ndarray]:
    """Four decisions over two offers: rewards 2, 0, 6, 1, propensities .5, .25, .75, .5."""
    chosen = np.tile([0, 1, 0, 1], COPIES)
    n = len(chosen)
    model = np.tile([[1.0, 2.0], [3.0, 1.0], [4.0, 0.0], [2.0, 1.0]], (COPIES, 1))
    begins = np.arange(n + 1) * 2
    choices = Choices(begins, begins[:-1] + chosen, np.tile([0.5, 0.25, 0.75, 0.5], COPIES))
    seen = Seen(np.arange(n), np.tile([2.0, 0.0, 6.0, 1.0], COPIES), model[np.arange(n), chosen])
    return seen, choices, model.ravel()


def by_policy(first: float) -> Evaluated:
    """What the log says of whoever shows the first offer with this probability."""
    seen, choices, model = log()
    likely = np.tile([first, 1 - first], len(seen.reward))
    return evaluate(seen, {"it": replay(choices, likely, model)}).policies[1]


def test_estimates_are_those_worked_out_by_hand() -> None:
    found = by_policy(0.75)
    # Weights .75/.5, .25/.25, .75/.75, .25/.5; the model expects 1.25, 2.5, 3 and 1.75.
    weights = np.array([1.5, 1.0, 1.0, 0.5])
    weighted = weights * [2, 0, 6, 1]
    direct = np.array([1.25, 2.5, 3.0, 1.75])
    robust = direct + weights * (np.array([2, 0, 6, 1]) - [1, 1, 4, 1])
    assert found.ips is not None
    assert found.ips.value == pytest.approx(weighted.mean())
    assert found.snips is not None
    assert found.snips.value == pytest.approx(9.5 / 4)
    assert found.direct is not None
    assert found.direct.value == pytest.approx(2.125)
    assert found.doubly_robust is not None
    assert found.doubly_robust.value == pytest.approx(robust.mean()) == pytest.approx(2.75)
    assert found.difference is not None
    assert found.difference.value == pytest.approx(2.75 - 2.25)


def test_the_direct_method_has_no_interval_and_the_others_hold_their_estimate() -> None:
    found = by_policy(0.75)
    assert found.direct is not None
    assert found.direct.lower is found.direct.upper is None
    for one in (found.ips, found.snips, found.doubly_robust, found.difference):
        assert one is not None
        assert one.lower is not None
        assert one.upper is not None
        assert one.lower < one.value < one.upper


def test_what_was_served_is_the_mean_of_the_rewards() -> None:
    seen, _, _ = log()
    served = evaluate(seen, {}).policies[0]
    assert served.policy == "served"
    for one in (served.ips, served.snips, served.doubly_robust):
        assert one is not None
        assert one.value == pytest.approx(2.25)


def test_where_every_propensity_is_known_the_served_policy_is_judged_by_the_model_too() -> None:
    seen, choices, model = log()
    propensity = np.tile([0.5, 0.5, 0.75, 0.25, 0.75, 0.25, 0.5, 0.5], COPIES)
    expected = choices.sums(propensity * model)
    known = Seen(seen.cluster, seen.reward, seen.predicted, expected)
    served = evaluate(known, {}).policies[0].doubly_robust
    assert served is not None
    assert served.value == pytest.approx((expected + seen.reward - seen.predicted).mean())


def test_without_a_model_there_are_estimates_by_inverse_propensities_alone() -> None:
    seen, choices, _ = log()
    plain = Seen(seen.cluster, seen.reward)
    likely = np.tile([0.75, 0.25], len(seen.reward))
    found = evaluate(plain, {"it": replay(choices, likely, None)}).policies[1]
    assert found.direct is found.doubly_robust is None
    assert found.ips is not None
    assert found.difference is not None
    assert found.difference.value == pytest.approx(found.ips.value - 2.25)


def test_decisions_of_a_player_tell_less_than_those_of_many() -> None:
    seen, choices, model = log()
    held = {"it": replay(choices, np.tile([0.75, 0.25], len(seen.reward)), model)}
    # All rewards of 6 are one player's, and so on.
    few = Seen(np.arange(len(seen.reward)) % 40, seen.reward, seen.predicted)
    many, clustered = (evaluate(one, held).policies[1].ips for one in (seen, few))
    assert many is not None
    assert clustered is not None
    assert many.lower is not None
    assert clustered.lower is not None
    assert clustered.value == pytest.approx(many.value)
    assert clustered.value - clustered.lower > 2 * (many.value - many.lower)


def test_one_player_alone_has_no_interval() -> None:
    seen, choices, model = log()
    held = {"it": replay(choices, np.tile([0.75, 0.25], len(seen.reward)), model)}
    one = Seen(np.zeros(len(seen.reward), dtype=np.intp), seen.reward, seen.predicted)
    found = evaluate(one, held).policies[1].doubly_robust
    assert found is not None
    assert found.lower is found.upper is None


def test_a_policy_that_the_log_hardly_ever_followed_is_refused() -> None:
    seen, choices, model = log()
    n = len(seen.reward)
    rare = Choices(choices.begins, choices.chosen, np.where(np.arange(n) < 150, 1.0, 1e-4))
    found = evaluate(seen, {"it": replay(rare, np.tile([1.0, 0.0], n), model)}).policies[1]
    assert found.refused is not None
    assert "takes 200" in found.refused
    assert found.ips is found.snips is found.direct is found.doubly_robust is None


def test_a_log_in_which_one_decision_carries_a_twentieth_of_the_weight_is_refused() -> None:
    weight = np.ones(1_000)
    weight[7] = 60.0
    seen = Seen(np.arange(1_000), np.ones(1_000))
    found = evaluate(seen, {"it": Replay(weight, None, np.zeros(1_000))}).policies[1]
    assert found.overlap.effective_decisions > 200
    assert found.refused is not None
    assert "6% of the weight" in found.refused


def test_choices_that_the_log_could_not_make_are_told() -> None:
    n = 3_000
    begins = np.arange(n + 1) * 3
    possible = np.tile([True, True, False], n)
    chosen = np.random.default_rng(0).integers(0, 2, n)
    choices = Choices(begins, begins[:-1] + chosen, np.full(n, 0.5), possible)
    seen = Seen(np.arange(n), np.ones(n))
    held = replay(choices, np.tile([0.4, 0.2, 0.4], n), None)
    found = evaluate(seen, {"it": held}).policies[1].overlap
    assert found.unsupported == pytest.approx(0.4)
    assert [line for line in found.warnings if "40.0% of its choices" in line] == found.warnings


def test_propensities_that_are_not_those_of_the_log_are_told() -> None:
    n = 3_000
    begins = np.arange(n + 1) * 2
    chosen = (np.random.default_rng(0).random(n) < 0.2).astype(np.intp)
    seen = Seen(np.arange(n), np.ones(n))
    for propensity, wrong in ((np.where(chosen, 0.2, 0.8), False), (np.full(n, 0.5), True)):
        choices = Choices(begins, begins[:-1] + chosen, propensity)
        held = replay(choices, np.tile([0.1, 0.9], n), None)
        warnings = evaluate(seen, {"it": held}).policies[1].overlap.warnings
        assert any("propensities are not those" in line for line in warnings) is wrong


def test_rewards_without_a_variance_have_no_interval_until_they_are_capped() -> None:
    rng = np.random.default_rng(0)
    reward = (rng.random(8_000) < 0.3) * (1 - rng.random(8_000)) ** (-1 / 1.3)
    plain = evaluate(Seen(np.arange(8_000), reward), {})
    capped = evaluate(Seen(np.arange(8_000), np.minimum(reward, 20.0)), {}, cap=20.0)
    for found, without in ((plain, True), (capped, False)):
        served = found.policies[0]
        assert served.ips is not None
        assert (served.ips.lower is None) is without
        assert (served.no_interval is not None) is without
    assert plain.tail_index is not None
    assert plain.tail_index < 2
    assert capped.cap == 20.0


@pytest.mark.parametrize("likely", [[0.7, 0.7], [1.2, -0.2], [np.nan, 1.0]])
def test_what_is_no_probability_is_refused(likely: list[float]) -> None:
    seen, choices, model = log()
    with pytest.raises(PolicyRefused):
        replay(choices, np.tile(likely, len(seen.reward)), model)
