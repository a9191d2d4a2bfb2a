"""Contributions add up to what the model says, and name what a player is known by."""

import numpy as np
import pytest
from support.offered import NOW, features_of, made_decisions

from valuebox.compartments.offers.candidates import Candidates, column_of
from valuebox.compartments.offers.decisions import Decisions
from valuebox.compartments.offers.explaining import Feature, contributions
from valuebox.compartments.offers.model import OffersModel
from valuebox.compartments.offers.reasons import reasons_of
from valuebox.compartments.offers.tables import OfferDecision
from valuebox_training.offers.learning import learn

COUNTRY = Feature(True, "country")
TYPE, PRICE = Feature(False, "offer_type"), Feature(False, "offer_price")
OFFERS = [
    {"offer_type": kind, "offer_price": price, "type_shown": 2.0}
    for kind, price in (("coins", 1.99), ("gems", 4.99), ("never seen", 9.99), ("gems", 500.0))
]


@pytest.fixture(scope="module")
def decisions() -> Decisions:
    return made_decisions()


@pytest.fixture(scope="module")
def model(decisions: Decisions) -> OffersModel:
    return learn(decisions, NOW)


def of_country(model: OffersModel, country: int) -> dict[str, dict[Feature, float]]:
    """Contributions to each offer, for a player of a country."""
    offers = OFFERS[:3]
    known = features_of(np.array([country]), np.array([4.99]))
    found = contributions(model, known, Candidates.of([offers]))
    return {
        str(one["offer_type"]): dict(zip(found.features, each.tolist(), strict=True))
        for one, each in zip(offers, found.each, strict=True)
    }


def test_contributions_and_the_average_add_up_to_the_log_odds(
    model: OffersModel, decisions: Decisions
) -> None:
    some = decisions.where(np.arange(200))
    found = contributions(model, some.features, some.candidates)
    encoded = model.encoder.encode(some.features, some.candidates)
    said = model.chance.log_odds(encoded, len(model.encoder.types))
    assert found.each.shape == (600, len(found.features))
    np.testing.assert_allclose(found.average + found.each.sum(axis=1), said, atol=1e-5)


def test_what_is_odd_or_unknown_adds_up_as_well(model: OffersModel) -> None:
    candidates = Candidates.of([OFFERS, OFFERS])
    features = {"country": column_of([None, "XX"])}
    found = contributions(model, features, candidates)
    encoded = model.encoder.encode(features, candidates)
    said = model.chance.log_odds(encoded, len(model.encoder.types))
    np.testing.assert_allclose(found.average + found.each.sum(axis=1), said, atol=1e-5)


def test_a_country_speaks_for_what_it_likes_and_against_what_it_does_not(
    model: OffersModel,
) -> None:
    german, french = of_country(model, 0), of_country(model, 1)
    assert german["coins"][COUNTRY] > 0.3 > -0.3 > german["gems"][COUNTRY]
    assert french["gems"][COUNTRY] > 0.3 > -0.3 > french["coins"][COUNTRY]


def test_a_dearer_offer_has_less_of_its_price(model: OffersModel) -> None:
    prices = [0.5, 1.99, 4.99, 9.99, 30.0]
    offers = [{"offer_type": "coins", "offer_price": one} for one in prices]
    known = features_of(np.array([0]), np.array([4.99]))
    found = contributions(model, known, Candidates.of([offers]))
    of_price = found.each[:, found.features.index(PRICE)]
    assert (np.diff(of_price) <= 1e-6).all()
    assert of_price[0] > 0 > of_price[-1]


def test_contributions_do_not_depend_on_what_is_explained_besides(
    model: OffersModel, decisions: Decisions
) -> None:
    some = decisions.where(np.arange(20))
    together = contributions(model, some.features, some.candidates)
    for row in range(20):
        one = decisions.where(np.array([row]))
        alone = contributions(model, one.features, one.candidates)
        assert (alone.features, alone.average) == (together.features, together.average)
        np.testing.assert_allclose(alone.each, together.each[3 * row : 3 * row + 3], atol=1e-9)


def test_the_strongest_reasons_and_the_others_make_up_the_chance(model: OffersModel) -> None:
    known = {"country": "DE", "prev_week.purchases_amount": 4.99}
    found = reasons_of(model, OfferDecision(features=known, candidates=OFFERS))
    logit = np.log(found.average / (1 - found.average))
    assert len(found.candidates) == len(OFFERS)
    for one in found.candidates:
        total = logit + sum(reason.contribution for reason in one.reasons) + one.others
        assert 1 / (1 + np.exp(-total)) == pytest.approx(one.chance, abs=1e-5)
        sizes = [abs(reason.contribution) for reason in one.reasons]
        assert sizes == sorted(sizes, reverse=True)
    first = {(reason.of, reason.feature): reason.value for reason in found.candidates[0].reasons}
    assert first["player", "country"] == "DE"
    assert first["offer", "offer_type"] == "coins"
