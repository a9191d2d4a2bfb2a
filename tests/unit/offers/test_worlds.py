"""Made-up games are the same for everybody who plays them, and the oracle is never beaten."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.offers.contenders import BestFixed, Ours, Spy
from benchmarks.offers.playing import EPOCH, Playing

from valuebox.compartments.offers.decisions import DAY, WEEK
from valuebox_training.offers.games.archetypes import TYPES, Archetypes
from valuebox_training.offers.games.game import Game
from valuebox_training.offers.games.players import Setting, Trouble
from valuebox_training.offers.games.valuers import TYPES as PACKS
from valuebox_training.offers.games.valuers import Valuers

SHORT = Setting(9, 2_500, TYPES[:5], trouble=Trouble(late=0.5, lost=0.1, missing=0.1, bots=2))


def short() -> Playing:
    return Playing(Game(Archetypes(SHORT, 1), 1), 1)


def packs() -> Playing:
    return Playing(Game(Valuers(Setting(3, 3_000, PACKS[:8]), 2), 2), 2)


def test_who_learns_does_better_than_chance_and_worse_than_the_oracle() -> None:
    spy = Spy()
    assert short().run(spy).over(slice(None)) == pytest.approx(1)
    for learner in (BestFixed(spy), Ours()):
        assert 0 < short().run(learner).over(slice(-2, None)) < 1


def test_a_game_is_the_same_to_the_bit_when_it_is_played_again() -> None:
    one, other = packs(), packs()
    regrets = [game.run(Spy()) for game in (one, other)]
    np.testing.assert_array_equal(regrets[0].policy, regrets[1].policy)
    decisions = one.decisions(EPOCH + 3 * DAY)
    np.testing.assert_array_equal(decisions.own, other.decisions(EPOCH + 3 * DAY).own)
    assert set(np.diff(decisions.begins)) <= set(range(12, 17))


def test_what_is_not_known_yet_is_learned_later_and_never_forgotten() -> None:
    game = short()
    game.run(Spy())
    early, late = game.decisions(EPOCH + 9 * DAY), game.decisions(EPOCH + 30 * DAY)
    assert early.own.sum() < late.own.sum()
    assert (late.own >= early.own).all()
    assert (early.observed < WEEK).any()
    assert (late.observed == WEEK).all()
    # Money is spent once, whatever part of it is an offer's own.
    whole = replace(late, own=np.zeros(len(late)), rest=late.own + late.rest)
    assert (whole.rest >= -1e-6).all()
