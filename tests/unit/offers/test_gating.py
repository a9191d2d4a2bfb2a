"""What was learned is judged by days that it has not seen."""

from dataclasses import replace

import numpy as np
import pytest
from support.offered import NOW, START, made_decisions

from valuebox.compartments.offers.decisions import DAY, WEEK, Decisions
from valuebox.compartments.offers.evaluation.gate import Mode
from valuebox.compartments.offers.evaluation.stored import NothingToJudge
from valuebox_training.offers.gating import judge, known_at
from valuebox_training.offers.learning import NothingToLearn


@pytest.fixture(scope="module")
def decisions() -> Decisions:
    return made_decisions()


def test_what_was_learned_beats_uniform_choices(decisions: Decisions) -> None:
    found = judge(decisions, NOW, mode=Mode.BETTER)
    assert found.passed
    assert found.difference is not None
    assert found.difference > 0.1 * found.served


def test_what_was_learned_from_wrong_answers_is_stopped(decisions: Decisions) -> None:
    # Until a week ago every purchase was taken for one of the offer that nobody likes.
    dear = decisions.price[decisions.chosen]
    wrong = np.where(decisions.choice == 2, dear, 0.0)
    before = decisions.time < NOW - 7 * DAY
    broken = replace(decisions, own=np.where(before, wrong, decisions.own))
    found = judge(broken, NOW)
    assert not found.passed
    assert not found.proven
    assert "earns less" in found.why


def test_what_happened_since_is_not_known_to_the_twin(decisions: Decisions) -> None:
    cut = START + 10 * DAY
    known = known_at(decisions, cut)
    assert len(known) == int((decisions.time < cut).sum())
    assert (known.time + known.observed <= cut).all()
    assert known.observed.max() == WEEK
    whole = known.time + WEEK <= cut
    assert (known.rest[whole] == decisions.rest[: len(known)][whole]).all()
    assert known.rest[~whole].sum() < decisions.rest[: len(known)][~whole].sum()


def test_a_log_that_is_too_young_is_not_judged(decisions: Decisions) -> None:
    young = decisions.where(decisions.time < START + 7 * DAY)
    with pytest.raises(NothingToLearn):
        judge(young, START + 7 * DAY)
    old = decisions.where(decisions.time < START + 9 * DAY)
    with pytest.raises(NothingToJudge):
        judge(old, NOW)
