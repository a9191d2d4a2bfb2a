"""`valuebox offers train`: the first model, of what the game has shown by its own rule."""

from datetime import datetime, timedelta
from random import Random

import numpy as np
import pytest
from sqlalchemy import true
from support.commands import only_line, valuebox
from support.offers import FIRST, LIKED, OFFERS, event, stored

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.model import load
from valuebox.compartments.offers.past import past_decisions
from valuebox.compartments.offers.promoting import newest_promotion
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.repository import New, rows_of
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import put_events
from valuebox.store.engine import Store

DAYS = 20
END = FIRST + timedelta(days=DAYS)


def shown(store: Store) -> list[tuple[datetime, int, str]]:
    """Store what a game has shown, and to whom; return when, which offer and in which session."""
    random, events, when = Random(3), [], []
    for number in range(60 * DAYS):
        at = FIRST + timedelta(days=number / 60)
        player, session, choice = f"player {number % 200}", f"s{number}", random.randrange(3)
        offer = OFFERS[choice]
        when.append((at, choice, session))
        events.append(event("app_launched", player, session, at, None, {"country": "DE"}))
        # What comes a little later in the same session is not a second decision.
        for minutes, what in ((1, offer), (5, OFFERS[0])):
            one = event("offer_shown", player, session, at + timedelta(minutes=minutes), None, what)
            events.append(one.model_copy(update={"id": f"{session} {minutes}"}))
        if random.random() < LIKED[str(offer["offer_type"])]:
            of = {"sku": offer["offer_type"], "purchase_source": "offer"}
            then = at + timedelta(minutes=2)
            events.append(event("purchase", player, session, then, offer["offer_price"], of))
    with store.writing() as session:
        put_events(session, ArrivingEvents.of(events))
    return when


def test_the_first_model_is_learned_from_what_a_game_has_shown(
    store: Store, database_url: str
) -> None:
    shown(store)
    asked = ["offers", "train", "--at", END.isoformat(), "--name", "of-the-past"]
    said, _ = valuebox(*asked, "--database-url", database_url)
    assert "decides: learned from 1,200 offers that were shown before" in only_line(said)
    with store.reading() as session:
        newest = newest_promotion(session)
    assert newest is not None
    model = load(newest.model)
    worth = model.worth({}, Candidates.of([OFFERS]))
    assert int(worth.value.argmax()) == 1
    np.testing.assert_allclose(
        worth.chance, [LIKED[str(one["offer_type"])] for one in OFFERS], atol=0.1
    )
    likely = model.propensities(worth, np.array([0, 3]))
    assert 0.5 < likely[1] < 1
    assert "last_session.games_played" in {one.name for one in model.encoder.numbers}
    _, refused = valuebox(*asked, "--database-url", database_url, exit_code=2)
    assert f"{newest.model} decides already" in refused


def test_rewards_of_the_past_are_those_of_decisions(store: Store) -> None:
    when = shown(store)
    with store.reading() as session:
        past = past_decisions(session.connection(), END)
    assert len(past) == len(when)
    in_order = np.argsort(past.time, kind="stable")
    types = [past.type.values[code] for code in past.type.codes[past.chosen][in_order]]
    assert types == [OFFERS[choice]["offer_type"] for _, choice, _ in when]
    # Others that the week has shown could have been chosen.
    assert set(np.diff(past.begins).tolist()) == {3}
    history = past.properties["type_shown"]
    assert history.min() == 0
    assert history.max() >= 2
    # Sessions that were decided about are read with their decisions, and left out here.
    new = []
    some = [number for number in range(len(when)) if number % 200 < 20]
    for number in some:
        at, choice, name = when[number]
        asked, decision = stored(at + timedelta(minutes=1), choice, name)
        asked = asked.model_copy(update={"customer": f"player {number % 200}"})
        new.append(New(asked, decision, None))
    store.insert(rows_of(new))
    with store.reading() as session:
        decided = read(session.connection(), END, true()).decisions
        left = past_decisions(session.connection(), END)
    assert len(left) == len(when) - len(some)
    for name in ("time", "own", "rest", "observed", "shown"):
        np.testing.assert_array_equal(
            getattr(past, name)[in_order[some]], getattr(decided, name), err_msg=name
        )


@pytest.mark.usefixtures("store")
def test_without_a_past_there_is_nothing_to_learn(database_url: str) -> None:
    _, err = valuebox("offers", "train", "--database-url", database_url, exit_code=2)
    assert "0 offers were bought, and it takes 20" in err
