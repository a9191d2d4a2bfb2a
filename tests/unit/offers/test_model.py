"""What a model of offers has learned, and what it says where it knows nothing."""

from dataclasses import replace

import numpy as np
import pytest
from support.offered import NOW, START, features_of, made_decisions

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.decisions import DAY, Decisions
from valuebox.compartments.offers.model import OffersModel, load
from valuebox.features.declared.columns import values
from valuebox_training.offers.learning import NothingToLearn, learn

DE_AND_FR = features_of(np.array([0, 1]), np.zeros(2))


@pytest.fixture(scope="module")
def decisions() -> Decisions:
    return made_decisions()


@pytest.fixture(scope="module")
def model(decisions: Decisions) -> OffersModel:
    return learn(decisions, NOW)


def both(*offers: tuple[str, float]) -> Candidates:
    some = [{"offer_type": kind, "offer_price": price} for kind, price in offers]
    return Candidates.of([some, some])


def test_players_are_offered_what_their_country_likes(model: OffersModel) -> None:
    candidates = both(("coins", 4.99), ("gems", 4.99), ("xmas", 4.99))
    worth = model.worth(DE_AND_FR, candidates)
    assert worth.value.reshape(2, 3).argmax(axis=1).tolist() == [0, 1]
    each = model.propensities(worth, candidates.begins).reshape(2, 3)
    assert each[0, 0] > 0.8 < each[1, 1]
    assert each.min() >= model.policy.uniform / 3


def test_a_dearer_offer_is_never_likelier(model: OffersModel) -> None:
    prices = np.linspace(0, 30, 40)
    for kind in ("coins", "gems", "never seen"):
        worth = model.worth(DE_AND_FR, both(*((kind, price) for price in prices)))
        assert (np.diff(worth.chance.reshape(2, -1), axis=1) <= 1e-9).all()


def test_a_type_that_nobody_knows_is_new(model: OffersModel) -> None:
    worth = model.worth(DE_AND_FR, both(("coins", 4.99), ("never seen", 4.99)))
    assert worth.new.tolist() == [False, True] * 2
    assert np.isfinite(worth.value).all()


def test_features_that_are_unknown_or_absent_have_values(model: OffersModel) -> None:
    worth = model.worth({}, both(("coins", 4.99), ("gems", 1.99)))
    assert np.isfinite(worth.value).all()


def test_saving_and_loading_changes_nothing(model: OffersModel) -> None:
    tag = model.save("offers-kept", {}, {"learned": {"customers": 1}})
    kept = load(tag)
    candidates = both(("coins", 4.99), ("gems", 1.99), ("never seen", 3.0))
    one, other = model.worth(DE_AND_FR, candidates), kept.worth(DE_AND_FR, candidates)
    np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(
        model.propensities(one, candidates.begins), kept.propensities(other, candidates.begins)
    )
    assert (kept.tag, kept.until, kept.tally) == (tag, NOW, model.tally)


def test_a_decision_is_worth_the_same_alone_and_among_others(
    model: OffersModel, decisions: Decisions
) -> None:
    some = decisions.where(np.arange(50))
    together = model.worth(some.features, some.candidates).value.reshape(50, 3)
    for row in range(50):
        one = decisions.where(np.array([row]))
        assert model.worth(one.features, one.candidates).value.tolist() == together[row].tolist()


def test_learning_twice_is_the_same_to_the_bit(model: OffersModel, decisions: Decisions) -> None:
    again = learn(decisions, NOW)
    worth = model.worth(decisions.features, decisions.candidates)
    np.testing.assert_array_equal(
        again.worth(decisions.features, decisions.candidates).value, worth.value
    )


def test_what_was_never_shown_teaches_nothing(decisions: Decisions) -> None:
    unseen = replace(decisions, shown=np.arange(len(decisions)) % 2 == 0)
    invented = replace(unseen, own=np.where(unseen.shown, unseen.own, 99.0))
    one, other = learn(unseen, NOW), learn(invented, NOW)
    np.testing.assert_array_equal(
        one.worth(decisions.features, decisions.candidates).value,
        other.worth(decisions.features, decisions.candidates).value,
    )


def test_without_purchases_there_is_nothing_to_learn(decisions: Decisions) -> None:
    with pytest.raises(NothingToLearn, match="0 offers were bought"):
        learn(replace(decisions, own=np.zeros(len(decisions))), NOW)


def test_weeks_cut_by_now_are_not_taken_for_poor_ones(decisions: Decisions) -> None:
    now = START + 9 * DAY
    early = decisions.where(decisions.time < now)
    observed = np.minimum(now - early.time, early.observed)
    rest = 10.0 * observed / observed.max()
    cut = replace(early, observed=observed, rest=rest)
    model = learn(cut, now)
    usual = model.later.usual_week(model.encoder.encode(cut.features, cut.candidates))
    assert usual.mean() == pytest.approx(10.0, rel=0.05)


def test_tables_of_decisions_are_put_together(decisions: Decisions) -> None:
    parts = [decisions.where(np.arange(100)), decisions.where(np.arange(100, 250))]
    whole, expected = Decisions.together(parts), decisions.where(np.arange(250))
    np.testing.assert_array_equal(whole.begins, expected.begins)
    np.testing.assert_array_equal(whole.price, expected.price)
    np.testing.assert_array_equal(whole.chosen, expected.chosen)
    kinds = [[one.type.values[code] for code in one.type.codes] for one in (whole, expected)]
    assert kinds[0] == kinds[1]


def test_rows_are_worth_what_columns_are(model: OffersModel, decisions: Decisions) -> None:
    some = decisions.where(np.arange(60))
    names = list(some.features)
    columns = [values(some.features[name], np.arange(60)) for name in names]
    known = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    kinds = values(some.type, np.arange(180))
    offers = [
        {"offer_type": "pearls" if place % 7 == 0 else kind, "offer_price": price}
        for place, (kind, price) in enumerate(zip(kinds, some.price.tolist(), strict=True))
    ]
    lists = [offers[start : start + 3] for start in range(0, 180, 3)]
    found = model.worth_of_rows(known, lists)
    for one, other in zip(found, model.worth(some.features, Candidates.of(lists)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    for row in range(60):
        alone = model.worth_of_rows(known[row : row + 1], lists[row : row + 1])
        for one, other in zip(alone, found, strict=True):
            np.testing.assert_array_equal(one, other[3 * row : 3 * row + 3])
