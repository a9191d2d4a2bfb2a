"""The A/B tests that valuebox is compared with do what one would do by hand."""

import numpy as np
from benchmarks.offers.ab_tests import ABTest
from support.offered import START, features_of, made_decisions

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.decisions import DAY
from valuebox_training.offers.gating import known_at

PAIRS = Candidates.of([[{"offer_type": one, "offer_price": 4.99} for one in ("coins", "gems")]] * 2)
DE_AND_FR = features_of(np.array([0, 1]), np.zeros(2))


def shown(test: ABTest) -> list[list[float]]:
    """How likely coins and gems are shown, in DE and in FR."""
    likely = test.propensities(DE_AND_FR, PAIRS, np.zeros(4))
    return likely.reshape(2, 2).tolist()


def test_it_is_chance_until_it_is_over_and_stays_with_its_winners() -> None:
    decisions = made_decisions()
    test = ABTest(14, by_country=True, by_own=True)
    test.learn(known_at(decisions, START + 9 * DAY), START + 9 * DAY)
    assert shown(test) == [[0.5, 0.5]] * 2
    test.learn(known_at(decisions, START + 16 * DAY), START + 16 * DAY)
    assert shown(test) == [[1.0, 0.0], [0.0, 1.0]]
    winners = test.winners
    test.learn(decisions, START + 20 * DAY)
    assert test.winners is winners


def test_one_winner_is_shown_to_everybody() -> None:
    test = ABTest(14, by_own=True)
    test.learn(made_decisions(), START + 20 * DAY)
    german, french = shown(test)
    assert german == french
    assert sorted(german) == [0.0, 1.0]
