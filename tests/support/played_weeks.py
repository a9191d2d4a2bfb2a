"""Weeks of a small game: players of two countries are shown offers, and a model learns weekly."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from support.offers import event, stored
from valuebox.compartments.offers.deciding import Case, weigh
from valuebox.compartments.offers.features import declared
from valuebox.compartments.offers.model import OffersModel, load
from valuebox.compartments.offers.promoting import newest_promotion
from valuebox.compartments.offers.repository import New, rows_of
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import put_events
from valuebox.store.engine import Store
from valuebox.store.writing import write
from valuebox_cli.offers.learning import learn_and_promote

OFFERS: Final = [
    {"offer_type": "coins", "offer_price": 4.99},
    {"offer_type": "gems", "offer_price": 3.99},
    {"offer_type": "skin", "offer_price": 7.99},
    {"offer_type": "bundle", "offer_price": 14.99},
]
_LIKED: Final[dict[str, dict[str, float]]] = {
    "DE": {"coins": 0.3, "gems": 0.05, "skin": 0.04, "bundle": 0.03},
    "US": {"coins": 0.05, "gems": 0.12, "skin": 0.16, "bundle": 0.03},
    "BR": {"coins": 0.08, "gems": 0.2, "skin": 0.02, "bundle": 0.01},
}
_PLAYERS_A_DAY: Final = 120


def play_weeks(store: Store, end: datetime, weeks: int = 7) -> None:
    """Play until a moment; from the second week on a model decides that was learned every week.

    Args:
        store: Where decisions, events, and which models have decided are stored.
        end: Moment of the last day.
        weeks: How many are played.
    """
    random, model, begin = Random(11), None, end - timedelta(weeks=weeks)
    for day in range(7 * weeks):
        at = begin + timedelta(days=day)
        if day and day % 7 == 0:
            learn_and_promote(store, at, "offers")
            model = _deciding(store)
        _play_day(store, random, model, at)


def _deciding(store: Store) -> OffersModel:
    with store.reading() as session:
        newest = newest_promotion(session)
    assert newest is not None
    return load(newest.model)


def _play_day(store: Store, random: Random, model: OffersModel | None, at: datetime) -> None:
    events = []
    with store.writing() as session:
        for number in range(_PLAYERS_A_DAY):
            moment = at + timedelta(days=number / _PLAYERS_A_DAY)
            player = random.randrange(900)
            country = ("DE", "US", "BR")[player % 3]
            name, games = f"{moment:%j} {number}", float(random.randrange(9))
            features: dict[str, Any] = dict.fromkeys(declared().features)
            features |= {"country": country, "last_session.games_played": games}
            weighed = weigh(model, [Case(features, OFFERS, [None] * 4, random.getrandbits(60))])[0]
            place = weighed.choice or 0
            asked, decision = stored(
                moment,
                place,
                name,
                candidates=OFFERS,
                features=features,
                propensities=weighed.propensities,
                worths=weighed.worths,
                model=None if model is None else model.tag,
                explored=weighed.explored,
            )
            asked = asked.model_copy(update={"customer": f"player {player}"})
            write(session, rows_of([New(asked, decision, weighed.chance)]))
            offer = OFFERS[place]
            kind, price = str(offer["offer_type"]), float(str(offer["offer_price"]))
            whose = asked.customer, name, moment
            events.append(event("offer_shown", *whose, None, offer))
            # Who has played much buys more.
            if random.random() < _LIKED[country][kind] * (0.6 + games / 10):
                of = {"sku": kind, "purchase_source": "offer"}
                events.append(event("purchase", *whose, price, of))
            if random.random() < 0.05:
                shop = event("purchase", *whose, 2.99, {"sku": "pack", "purchase_source": "shop"})
                events.append(shop.model_copy(update={"id": f"{name} shop"}))
        put_events(session, ArrivingEvents.of(events))
