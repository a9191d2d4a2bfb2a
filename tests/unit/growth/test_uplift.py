from dataclasses import replace

import numpy as np
import pytest
from support.growth import START

from valuebox.compartments.growth.experiments.exposure import NoExperiment
from valuebox.compartments.growth.loaded.frames import Customers, Events, Facts
from valuebox.compartments.growth.uplift.judging import judge_uplift
from valuebox.compartments.growth.uplift.qini import effects, qini
from valuebox.compartments.growth.uplift.schemas import UpliftQuestion
from valuebox.facts.labels import Labels

DAY = np.timedelta64(1, "D")
UNTIL = START + 60 * DAY
QUESTION = UpliftQuestion(attribute="arm", control="A", metrics=[{"type": "bought"}])


def trial(n: int, seed: int, extra: float, share: float = 0.5) -> Facts:
    """Customers of two arms, of two regions; in the north the treatment adds `extra` to the rate.

    Whoever is old buys more often, whatever the arm.
    """
    rng = np.random.default_rng(seed)
    arm = (rng.random(n) < share).astype(np.int32)
    north, old = (rng.integers(0, 2, n).astype(np.int32) for _ in range(2))
    did = rng.random(n) < 0.1 + 0.2 * old + extra * arm * north
    buyers = np.append(np.flatnonzero(did), -1).astype(np.int32)
    times = np.full(len(buyers), START + 3 * DAY)
    times[-1] = UNTIL
    source = Labels(np.zeros(n, dtype=np.int32), ["shop"])
    return Facts(
        Customers(
            source,
            np.arange(n).astype(str).astype(object),
            np.full(n, START),
            {
                "arm": Labels(arm, ["A", "B"]),
                "region": Labels(north, ["south", "north"]),
                "age": Labels(old, ["young", "old"]),
                "source": source,
            },
        ),
        Events(
            buyers,
            Labels(np.zeros(len(buyers), dtype=np.int32), ["bought"]),
            times,
            np.ones(len(buyers)),
            Labels(np.full(len(buyers), -1, dtype=np.int32), []),
        ),
    )


def test_the_curve_is_what_is_counted_by_hand() -> None:
    score = np.repeat([2.0, 1.0], 100)
    treated = np.tile([True, False], 100)
    outcome = np.zeros(200)
    outcome[:40:2] = 1  # 20 of the 50 treated with the better score.
    outcome[1:20:2] = 1  # 10 of the 50 others.
    outcome[101:111:2] = 1  # 5 of the 50 others with the worse one.
    found = qini(score, treated, outcome)
    half = np.searchsorted(found.shares, 0.5)
    assert found.gains[half] == pytest.approx((20 - 10) / 100)
    assert found.gains[-1] == pytest.approx((20 - 15) / 100)
    part = np.repeat([0, 1], 100)
    assert effects(part, treated, outcome, 2) == pytest.approx([0.2, -0.1])
    assert found.coefficient > 0
    # Turned around, the curve lies below that of chance.
    assert qini(-score, treated, outcome).coefficient < 0


def test_scores_that_say_nothing_gain_nothing() -> None:
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(12):
        treated = rng.random(600) < 0.5
        outcome = (rng.random(600) < 0.2 + 0.1 * treated).astype(float)
        alarms += qini(rng.random(600), treated, outcome).interval[0] > 0
    # Of 12 more than 3 are false alarms by chance in 1 of 500 cases.
    assert alarms <= 3


def test_it_is_found_on_whom_a_treatment_works() -> None:
    found = judge_uplift(trial(6_000, 1, 0.25), QUESTION, UNTIL)
    assert (found.control, found.treated, found.customers) == ("A", "B", 6_000)
    assert found.is_proven
    assert found.verdict.startswith("Treat the best scores first")
    assert found.effect_lower < 0.125 < found.effect_upper
    best, worst = found.parts[0], found.parts[-1]
    assert best.effect == pytest.approx(0.25, abs=0.08)
    assert worst.effect == pytest.approx(0, abs=0.08)
    assert best.predicted == pytest.approx(0.25, abs=0.08)
    middle = next(one for one in found.curve if one.share == pytest.approx(0.5))
    # Those of the north are half of all, and bring all that is gained.
    assert middle.gain == pytest.approx(found.effect, abs=0.03)
    assert middle.by_chance == pytest.approx(found.effect / 2)
    assert "region north" in found.features
    assert not any(name.startswith("arm") for name in found.features)


def test_where_all_respond_alike_nothing_is_proven() -> None:
    found = judge_uplift(trial(3_000, 3, 0.0), QUESTION, UNTIL)
    assert not found.is_proven
    assert found.verdict.startswith("Nothing is proven")


def test_arms_that_are_not_alike_are_not_learned_from() -> None:
    with pytest.raises(NoExperiment, match="not as large as meant"):
        judge_uplift(trial(3_000, 4, 0.2, share=0.3), QUESTION, UNTIL)
    meant = QUESTION.model_copy(update={"shares": {"A": 0.7, "B": 0.3}})
    assert judge_uplift(trial(3_000, 4, 0.2, share=0.3), meant, UNTIL).customers == 3_000


def test_where_nobody_is_left_to_compare_with_nothing_is_gained() -> None:
    # Those with the best scores are all treated, such as where the score is the arm.
    score = np.repeat([3.0, 2.0, 1.0], 100)
    treated = np.arange(300) % 2 == 0
    treated[:100] = True
    found = qini(score, treated, treated.astype(float))
    assert found.gains[np.searchsorted(found.shares, 1 / 3) - 1] == 0


def test_attributes_that_tell_the_arm_are_no_features() -> None:
    # Whoever was treated may have opened it: that is known of nobody before.
    facts = trial(4_000, 7, 0.0)
    arm = facts.customers.attributes["arm"].codes
    opened = arm * (np.random.default_rng(6).random(4_000) < 0.5).astype(np.int32)
    attributes = facts.customers.attributes | {
        "coupon": Labels(arm, ["no", "yes"]),
        "opened": Labels(opened, ["no", "yes"]),
    }
    told = Facts(replace(facts.customers, attributes=attributes), facts.events)
    found = judge_uplift(told, QUESTION, UNTIL)
    assert found.told_by_arm == ["coupon", "opened"]
    assert not found.is_proven
    assert found.features == judge_uplift(facts, QUESTION, UNTIL).features


def test_what_cannot_be_learned_is_refused() -> None:
    with pytest.raises(NoExperiment, match="fewer than 200"):
        judge_uplift(trial(300, 5, 0.2), QUESTION, UNTIL)
    with pytest.raises(NoExperiment, match="nobody is in the arm C"):
        judge_uplift(trial(900, 5, 0.2), QUESTION.model_copy(update={"treated": "C"}), UNTIL)
