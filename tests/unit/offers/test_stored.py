"""Stored decisions held against policies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.offers import LIKED, OFFERS, learned

from valuebox.compartments.offers.decisions import DAY, WEEK, Decisions
from valuebox.compartments.offers.evaluation.estimates import Estimate, Evaluated
from valuebox.compartments.offers.evaluation.gate import Mode, gate
from valuebox.compartments.offers.evaluation.parts import Part
from valuebox.compartments.offers.evaluation.replay import PolicyRefused
from valuebox.compartments.offers.evaluation.stored import (
    HeldLog,
    NothingToJudge,
    evaluate_stored,
)
from valuebox.compartments.offers.model import OffersModel

EARNS = {one["offer_type"]: LIKED[one["offer_type"]] * one["offer_price"] for one in OFFERS}
RANDOM = float(np.mean(list(EARNS.values())))


@pytest.fixture(scope="module")
def world() -> tuple[OffersModel, Decisions]:
    return learned(30, 0)


@pytest.fixture(scope="module")
def decisions(world: tuple[OffersModel, Decisions]) -> Decisions:
    return replace(world[1], observed=np.full(len(world[1]), float(WEEK)))


def robust(found: Evaluated) -> Estimate:
    assert found.doubly_robust is not None
    return found.doubly_robust


def test_policies_earn_about_what_they_do_in_truth(
    world: tuple[OffersModel, Decisions], decisions: Decisions
) -> None:
    def by_price(context: pd.DataFrame, candidates: pd.DataFrame) -> np.ndarray:
        assert len(context) == len(decisions)
        dearest = candidates.groupby("decision")["offer_price"].transform("max")
        return (candidates["offer_price"] == dearest).to_numpy(float)

    functions = {"random": None, "best-fixed": None, "dearest": by_price}
    found = evaluate_stored(HeldLog.of(decisions), functions, [world[0]])
    by = {one.policy: one for one in found.policies}
    assert robust(by["random"]).value == pytest.approx(RANDOM, abs=0.15)
    assert robust(by["best-fixed"]).value == pytest.approx(EARNS["coins"], abs=0.2)
    assert by["best-fixed"].told == "first coins, then xmas, then gems"
    assert robust(by["dearest"]).value == pytest.approx(EARNS["xmas"], abs=0.2)
    learned_from = by[world[0].tag]
    assert robust(learned_from).value > 1.5 * RANDOM
    assert learned_from.told is not None
    assert "100% of these decisions" in learned_from.told


def test_what_a_rule_left_out_is_left_out_of_every_policy(decisions: Decisions) -> None:
    # Coins were left out wherever another offer was chosen.
    coins = decisions.type.codes == list(decisions.type.values).index("coins")
    chosen = np.repeat(coins[decisions.chosen], np.diff(decisions.begins))
    propensity = np.where(chosen, coins, ~coins / 2.0)
    held = HeldLog.of(replace(decisions, propensity=propensity))
    fixed, _ = held.best_fixed()
    assert fixed.unsupported.max() == 0
    assert set(np.unique(fixed.weight).round(6)) <= {0.0, 1.0, 2.0}
    only_coins = held.replay(coins.astype(float))
    assert only_coins.weight == pytest.approx(np.ones(len(only_coins.weight)))


def test_decisions_that_are_too_young_or_were_never_shown_are_not_judged(
    decisions: Decisions,
) -> None:
    observed = np.where(np.arange(len(decisions)) < 100, float(DAY), 0.0)
    observed[:40] = WEEK
    young = replace(decisions, observed=observed)
    assert len(HeldLog.of(young).decisions) == 100
    assert len(HeldLog.of(young, Part.WEEK).decisions) == 40
    hidden = replace(young, shown=np.arange(len(decisions)) >= 90)
    assert len(HeldLog.of(hidden).decisions) == 10
    with pytest.raises(NothingToJudge):
        HeldLog.of(replace(hidden, observed=np.zeros(len(decisions))))


def test_the_week_holds_the_rest_up_to_a_cap(decisions: Decisions) -> None:
    richer = replace(decisions, rest=np.full(len(decisions), 3.0))
    own, week = HeldLog.of(richer), HeldLog.of(richer, Part.WEEK)
    assert week.seen.reward == pytest.approx(own.seen.reward + 3)
    capped = HeldLog.of(richer, Part.WEEK, 4.0)
    assert capped.seen.reward.max() == 4.0


def test_a_model_passes_the_gate_that_random_does_not(
    world: tuple[OffersModel, Decisions],
) -> None:
    model, _ = world
    _, later = learned(20, 1)
    held = HeldLog.of(replace(later, observed=np.full(len(later), float(WEEK))))
    better = gate(held.seen, held.by_model(model), mode=Mode.BETTER)
    assert better.passed
    assert better.proven
    back = gate(held.seen, held.random(), than=held.by_model(model))
    assert not back.passed


def test_a_function_that_answers_too_little_is_refused(decisions: Decisions) -> None:
    held = HeldLog.of(decisions)
    with pytest.raises(PolicyRefused, match="3 probabilities of"):
        held.by_function("mine", lambda context, candidates: np.ones(3))
    with pytest.raises(PolicyRefused, match="sum to 3"):
        held.by_function("mine", lambda context, candidates: np.ones(len(candidates)))
