"""What players used to like is forgotten once they like something else."""

from dataclasses import replace

import numpy as np
import pytest
from support.offered import NOW, features_of, made_decisions

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.decisions import DAY, Decisions
from valuebox.compartments.offers.model import OffersModel
from valuebox.features.declared.columns import Coded
from valuebox_training.offers.gating import known_at
from valuebox_training.offers.learning import Learning, learn

SHIFTED = 8
"""Days since players of both countries began to like what those of the other did."""


@pytest.fixture(scope="module")
def decisions() -> Decisions:
    before, after = made_decisions(), made_decisions(300 * SHIFTED, SHIFTED, seed=2)
    country, spent = after.features["country"], after.features["prev_week.purchases_amount"]
    assert isinstance(country, Coded)
    assert isinstance(spent, np.ndarray)
    moved = replace(
        after,
        time=after.time + 20 * DAY,
        features=features_of(1 - country.codes, spent),
        customer=after.customer + 10_000,
    )
    return Decisions.together([before, moved])


def learned(decisions: Decisions, how: Learning) -> OffersModel:
    """A model that has lived through the days since, learning every other one."""
    model = None
    for day in range(0, SHIFTED + 1, 2):
        now = NOW + day * DAY
        model = learn(known_at(decisions, now), now, model, how)
    assert model is not None
    return model


def favourites(model: OffersModel) -> list[int]:
    """The likeliest of coins and gems, in DE and in FR."""
    offers = [{"offer_type": kind, "offer_price": 4.99} for kind in ("coins", "gems")]
    both = Candidates.of([offers, offers])
    worth = model.worth(features_of(np.array([0, 1]), np.zeros(2)), both)
    likely = model.propensities(worth, both.begins)
    return likely.reshape(2, 2).argmax(axis=1).tolist()


def test_a_model_follows_players_who_have_changed(decisions: Decisions) -> None:
    assert favourites(learn(known_at(decisions, NOW), NOW)) == [0, 1]
    assert favourites(learned(decisions, Learning())) == [1, 0]


def test_who_never_forgets_goes_on_with_what_is_stale(decisions: Decisions) -> None:
    assert favourites(learned(decisions, Learning(half_lives=(10_000.0, 10_000.0)))) == [0, 1]
