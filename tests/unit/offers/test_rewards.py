"""What came of decisions: worked out by column, and by hand."""

from random import Random
from typing import Any

import numpy as np
import pytest

from valuebox.compartments.offers.decisions import WEEK
from valuebox.compartments.offers.rewards import Chosen, Rewards, rewards_of
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.events import Events

HOUR = 3_600_000_000
NOW = 30 * 24 * HOUR
Fact = dict[str, Any]


def events_of(log: list[Fact]) -> Events:
    amount = np.array([one.get("amount", np.nan) for one in log], dtype=np.float64)
    time = np.array([one["time"] for one in log], dtype=np.int64)
    return Events(
        Coded.constant("game", len(log)),
        np.array([str(place) for place in range(len(log))], dtype=object),
        Coded.of(one["customer"] for one in log),
        Coded.of(one["session"] for one in log),
        Coded.of(one["type"] for one in log),
        time,
        time,
        amount,
        Coded.constant(None, len(log)),
        lambda name: Coded.of(one.get("properties", {}).get(name) for one in log),
    )


def worked_out(decisions: list[Fact], log: list[Fact], now: int = NOW) -> Rewards:
    people = {name: place for place, name in enumerate(sorted({d["customer"] for d in decisions}))}
    sessions = {one["session"]: place for place, one in enumerate(decisions)}
    chosen = Chosen(
        np.array([people[one["customer"]] for one in decisions]),
        np.array([sessions[one["session"]] for one in decisions]),
        np.array([one["time"] for one in decisions]),
        np.array([one["offer"] for one in decisions], dtype=object),
        np.array([one["price"] for one in decisions]),
    )
    return rewards_of(
        chosen,
        events_of(log),
        np.array([people.get(one["customer"], -1) for one in log], dtype=np.int64),
        np.array([sessions.get(one["session"], -1) for one in log], dtype=np.int64),
        now,
    )


def by_hand(decision: Fact, log: list[Fact]) -> tuple[bool, float, float]:
    shown, says_so, own, week = False, False, 0.0, 0.0
    for one in log:
        if one["customer"] != decision["customer"]:
            continue
        money = one.get("amount", 0.0)
        money = {"purchase": money, "refund": -abs(money)}.get(one["type"], 0.0)
        if decision["time"] <= one["time"] < decision["time"] + WEEK:
            week += money
        if one["session"] != decision["session"]:
            continue
        of = one.get("properties", {})
        if (
            one["type"] == "offer_shown"
            and of.get("offer_type", decision["offer"]) == (decision["offer"])
        ):
            shown = True
            says_so |= of.get("offer_purchased") == "true"
        source = of.get("purchase_source")
        is_like = of.get("sku") == decision["offer"] or abs(money - decision["price"]) < 0.005
        is_own = source == "offer" or (source is None and is_like)
        if money > 0 and one["time"] >= decision["time"] and is_own:
            own += money
            shown = True
    rest = week - own
    return shown, decision["price"] if says_so and not own else own, rest


def made_up(seed: int) -> tuple[list[Fact], list[Fact]]:
    random = Random(seed)
    decisions, log = [], []
    for session in range(random.randrange(1, 12)):
        who, time = f"p{random.randrange(3)}", random.randrange(20 * 24) * HOUR
        name, offer = f"s{session}", random.choice(["xmas", "coins"])
        price = random.choice([4.99, 9.99])
        decisions.append(
            {"customer": who, "session": name, "time": time, "offer": offer, "price": price}
        )
        for _ in range(random.randrange(6)):
            near = time + random.choice([-HOUR, 0, 1, HOUR, WEEK - 1, WEEK])
            of: Fact = {}
            if random.random() < 0.5:
                of["purchase_source"] = random.choice(["offer", "shop"])
            if random.random() < 0.5:
                of["sku"] = random.choice(["xmas", "coins", "other"])
            if random.random() < 0.3:
                of["offer_type"] = random.choice(["xmas", "coins"])
            if random.random() < 0.3:
                of["offer_purchased"] = random.choice(["true", "false"])
            fact = {
                "customer": random.choice([who, "p0", "stranger"]),
                "session": random.choice([name, name, None, "elsewhere"]),
                "time": near,
                "type": random.choice(["offer_shown", "purchase", "purchase", "refund"]),
                "properties": of,
            }
            if fact["type"] != "offer_shown" and random.random() < 0.9:
                fact["amount"] = random.choice([4.99, 9.99, 1.99, -1.0, 0.0])
            log.append(fact)
    random.shuffle(log)
    return decisions, log


@pytest.mark.parametrize("seed", range(200))
def test_what_came_of_decisions_is_what_somebody_finds_by_hand(seed: int) -> None:
    decisions, log = made_up(seed)
    # Only sessions of the player who was decided about are that decision's.
    log = [
        one
        for one in log
        if all(
            one["session"] != d["session"] or one["customer"] == d["customer"] for d in decisions
        )
    ]
    found = worked_out(decisions, log)
    for place, decision in enumerate(decisions):
        shown, own, rest = by_hand(decision, log)
        assert bool(found.shown[place]) == shown
        assert found.own[place] == pytest.approx(own, abs=1e-6)
        assert found.rest[place] == pytest.approx(rest, abs=1e-6)


def test_a_week_that_has_not_passed_is_observed_in_part() -> None:
    decision = {"customer": "p", "session": "s", "time": NOW - HOUR, "offer": "xmas", "price": 9.99}
    old = decision | {"session": "t", "time": 0}
    found = worked_out([decision, old], [])
    assert found.observed.tolist() == [HOUR, WEEK]
    assert not found.shown.any()


def test_what_is_bought_twice_within_overlapping_weeks_is_own_once_and_rest_of_both() -> None:
    first = {"customer": "p", "session": "s", "time": 0, "offer": "xmas", "price": 9.99}
    second = first | {"session": "t", "time": 24 * HOUR}
    bought = {
        "customer": "p",
        "session": "t",
        "time": 24 * HOUR,
        "type": "purchase",
        "amount": 9.99,
        "properties": {"purchase_source": "offer"},
    }
    found = worked_out([first, second], [bought])
    assert found.own.tolist() == [0.0, 9.99]
    assert found.rest.tolist() == pytest.approx([9.99, 0.0])
