"""Players of a made-up game who are shown offers: what the game sends, and what it asks."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np

from valuebox.compartments.offers.candidates import Candidates, column_of
from valuebox.compartments.offers.deciding import Case, weigh
from valuebox.compartments.offers.decisions import DAY, WEEK, Decisions
from valuebox.compartments.offers.features import declared, named
from valuebox.compartments.offers.ledger import REFERENCE
from valuebox.compartments.offers.model import OffersModel
from valuebox.compartments.offers.repository import Decided, New, rows_of
from valuebox.compartments.offers.schemas import DecideQuestion
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import put_events
from valuebox.facts.schemas import Event
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox.store.writing import write
from valuebox_training.offers.learning import learn
from valuebox_training.offers.reference import reference_of

FIRST = datetime(2017, 8, 1, tzinfo=UTC)
OFFERS = [
    {"offer_type": "xmas", "offer_price": 9.99},
    {"offer_type": "coins", "offer_price": 4.99},
    {"offer_type": "gems", "offer_price": 1.99},
]
LIKED = {"xmas": 0.05, "coins": 0.6, "gems": 0.1}
"""How likely each offer is bought when it is shown."""


def question(player: str, session: str, at: datetime, **others: Any) -> dict[str, Any]:
    """What the game asks when a player shows up."""
    moment = at.isoformat()
    return {"customer": player, "session": session, "candidates": OFFERS, "at": moment} | others


def raw(what: str, player: str, session: str, at: datetime, **others: Any) -> dict[str, Any]:
    """An event as the game sends it: everything is text."""
    named = {"event_id": what, "customer_identifier": player, "session_id": session}
    moment = at.replace(tzinfo=None).isoformat()
    return named | {"event_time": moment} | {name: str(one) for name, one in others.items()}


def reaction(
    random: Random, offer: dict[str, Any], player: str, session: str, at: datetime
) -> list[dict[str, Any]]:
    """Events of a player who is shown an offer, and perhaps buys it."""
    events = [raw("offer_shown", player, session, at, **offer)]
    if random.random() < LIKED[offer["offer_type"]]:
        bought = {"sku": offer["offer_type"], "txn_amount": offer["offer_price"]}
        then = at + timedelta(seconds=5)
        events.append(raw("purchase", player, session, then, purchase_source="offer", **bought))
    return events


def known(random: Random) -> dict[str, Any]:
    """Features of a player, by name."""
    found: dict[str, Any] = dict.fromkeys(declared().features)
    return found | {
        "country": random.choice(["DE", "US"]),
        "last_session.games_played": float(random.randrange(6)),
        "prev_week.purchases_amount": random.choice([0.0, 0.0, 4.99]),
    }


def learned(days: int, seed: int) -> tuple[OffersModel, Decisions]:
    """A model that has seen 100 players a day, each of whom was shown an offer at random."""
    random, count = Random(seed), 100 * days
    choice = [random.randrange(len(OFFERS)) for _ in range(count)]
    bought = [random.random() < LIKED[OFFERS[place]["offer_type"]] for place in choice]
    players = [known(random) for _ in choice]
    offers = Candidates.of([OFFERS] * count)
    prices = [OFFERS[place]["offer_price"] for place in choice]
    decisions = Decisions(
        customer=np.array([random.randrange(300) for _ in range(count)]),
        time=np.arange(count) * DAY // 100,
        features={name: column_of([one[name] for one in players]) for name in declared().features},
        begins=offers.begins,
        type=offers.type,
        price=offers.price,
        propensity=np.full(len(offers), 1 / len(OFFERS)),
        choice=np.array(choice),
        shown=np.ones(count, dtype=bool),
        own=np.where(bought, prices, 0.0),
        rest=np.zeros(count),
        observed=np.full(count, float(WEEK)),
    )
    return learn(decisions, days * DAY), decisions


def saved(name: str, days: int) -> str:
    """Tag of such a model, which was saved."""
    model, decisions = learned(days, 0)
    reference = reference_of(model, decisions).model_dump(mode="json")
    return model.save(name, {}, {REFERENCE: reference})


def play(store: Store, model: OffersModel, factor: float, days: int = 28) -> None:
    """Store what a service would have: 60 players a day are decided about, and react.

    Args:
        store: Where to.
        model: The model that decides.
        factor: By which offers are bought as often as when the model learned.
        days: That end where the model began to be asked.
    """
    random, rows, events = Random(3), [], []
    players = [(known(random), random.random()) for _ in range(60 * days)]
    cases = [Case(of, OFFERS, [None] * len(OFFERS), seed) for seed, (of, _) in enumerate(players)]
    for number, weighed in enumerate(weigh(model, cases)):
        at = FIRST + timedelta(days=number / 60)
        player, named_ = f"player {number % 400}", f"played {number}"
        features, drawn = players[number]
        asked = DecideQuestion.model_validate(question(player, named_, at))
        _, decision = stored(
            at,
            weighed.choice or 0,
            named_,
            features=features,
            propensities=weighed.propensities,
            worths=weighed.worths,
            model=model.tag,
            explored=weighed.explored,
        )
        rows.append(New(asked, decision, weighed.chance))
        offer = OFFERS[weighed.choice or 0]
        events.append(event("offer_shown", player, named_, at, None, offer))
        if drawn < factor * LIKED[offer["offer_type"]]:
            of = {"sku": offer["offer_type"], "purchase_source": "offer"}
            events.append(event("purchase", player, named_, at, offer["offer_price"], of))
    with store.writing() as session:
        write(session, rows_of(rows))
        put_events(session, ArrivingEvents.of(events))


def event(
    what: str, player: str, session: str, at: datetime, amount: float | None, of: dict[str, Any]
) -> Event:
    """An event as it is stored."""
    return Event.model_validate(
        {
            "source": "game",
            "id": f"{session} {what}",
            "customer": player,
            "session": session,
            "type": what,
            "time": at,
            "amount": amount,
            "properties": of,
        }
    )


def stored(
    at: datetime, choice: int, session: str, **others: Any
) -> tuple[DecideQuestion, Decided]:
    """A decision for the player p, and what was asked; before there was a model."""
    asked = question("p", session, at)
    decision = Decided(
        id=new_id(),
        at=at,
        candidates=OFFERS,
        choice=choice,
        propensities=[1 / len(OFFERS)] * len(OFFERS),
        worths=None,
        left_out=None,
        features={},
        declaration=named(),
        model=None,
        seed=1,
        explored=True,
    )
    return DecideQuestion.model_validate(asked), decision._replace(**others)
