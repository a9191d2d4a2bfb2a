"""What came of decisions: worked out by column, and by hand."""

from random import Random
from typing import Any

import numpy as np
import pytest

from valuebox.compartments.offers.buying import Chosen
from valuebox.compartments.offers.decisions import WEEK
from valuebox.compartments.offers.rewards import Rewards, rewards_of
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


def whose(one: Fact, decisions: list[Fact]) -> Fact | None:
    """The decision whose offer was bought; None where it was of none."""
    of, money = one.get("properties", {}), one.get("amount", 0.0)
    source, sku = of.get("purchase_source"), of.get("sku")
    if one["type"] != "purchase" or money <= 0 or source == "shop":
        return None
    within = [
        d
        for d in decisions
        if d["customer"] == one["customer"] and d["time"] <= one["time"] < d["time"] + WEEK
    ]
    newest_first = sorted(within, key=lambda d: d["time"])[::-1]
    here = next((d for d in within if d["session"] == one["session"]), None)
    named = next((d for d in newest_first if d["offer"] == sku), None)
    alike = [d for d in newest_first if abs(money - d["price"]) < 0.005]
    if here is not None and here["offer"] == sku:
        return here
    if source == "offer":
        return named or here or next(iter(alike), None)
    return here if here in alike else named if named in alike else None


def by_hand(decision: Fact, decisions: list[Fact], log: list[Fact]) -> tuple[bool, float, float]:
    shown, says_so, own, week = False, False, 0.0, 0.0
    for one in log:
        if one["customer"] != decision["customer"]:
            continue
        money = one.get("amount", 0.0)
        money = {"purchase": money, "refund": -abs(money)}.get(one["type"], 0.0)
        if decision["time"] <= one["time"] < decision["time"] + WEEK:
            week += money
        if whose(one, decisions) is decision:
            own += money
            shown = True
        if one["session"] != decision["session"]:
            continue
        of = one.get("properties", {})
        if (
            one["type"] == "offer_shown"
            and of.get("offer_type", decision["offer"]) == (decision["offer"])
        ):
            shown = True
            says_so |= of.get("offer_purchased") == "true"
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
        shown, own, rest = by_hand(decision, decisions, log)
        assert bool(found.shown[place]) == shown
        assert found.own[place] == pytest.approx(own, abs=1e-6)
        assert found.rest[place] == pytest.approx(rest, abs=1e-6)


def test_a_week_that_has_not_passed_is_observed_in_part() -> None:
    decision = {"customer": "p", "session": "s", "time": NOW - HOUR, "offer": "xmas", "price": 9.99}
    old = decision | {"session": "t", "time": 0}
    found = worked_out([decision, old], [])
    assert found.observed.tolist() == [HOUR, WEEK]
    assert not found.shown.any()


LATER = {
    "customer": "p",
    "session": "later",
    "time": 48 * HOUR,
    "type": "purchase",
    "amount": 9.99,
    "properties": {"purchase_source": "offer", "sku": "xmas"},
}


@pytest.mark.parametrize(
    ("bought", "own"),
    [
        ({}, [0.0, 9.99, 0.0]),
        ({"session": None}, [0.0, 9.99, 0.0]),
        # Another session's decision was about coins.
        ({"session": "c"}, [0.0, 9.99, 0.0]),
        ({"time": 30 * HOUR}, [0.0, 9.99, 0.0]),
        ({"time": 12 * HOUR}, [9.99, 0.0, 0.0]),
        ({"time": 24 * HOUR + WEEK}, [0.0, 0.0, 0.0]),
        # What is not called like a type is known by its price.
        ({"properties": {"purchase_source": "offer", "sku": "pack-4"}}, [0.0, 9.99, 0.0]),
        ({"properties": {"purchase_source": "offer"}, "amount": 4.99}, [0.0, 0.0, 4.99]),
        ({"properties": {"purchase_source": "offer"}, "amount": 7.0}, [0.0, 0.0, 0.0]),
        # Without a source it has to be alike in both.
        ({"properties": {"sku": "xmas"}}, [0.0, 9.99, 0.0]),
        ({"properties": {"sku": "xmas"}, "amount": 4.99}, [0.0, 0.0, 0.0]),
        ({"properties": {"sku": "pack-4"}}, [0.0, 0.0, 0.0]),
        ({"properties": {"purchase_source": "shop", "sku": "xmas"}}, [0.0, 0.0, 0.0]),
        ({"customer": "somebody else"}, [0.0, 0.0, 0.0]),
    ],
)
def test_an_offer_may_be_bought_in_a_later_session(bought: Fact, own: list[float]) -> None:
    first = {"customer": "p", "session": "a", "time": 0, "offer": "xmas", "price": 9.99}
    second = first | {"session": "b", "time": 24 * HOUR}
    coins = first | {"session": "c", "time": 40 * HOUR, "offer": "coins", "price": 4.99}
    found = worked_out([first, second, coins], [LATER | bought])
    assert found.own.tolist() == own
    assert found.shown.tolist() == [one > 0 for one in own]
    # What belongs to one decision is in the rest of the others.
    amount = (LATER | bought)["amount"] if "customer" not in bought else 0.0
    for place, one in enumerate((first, second, coins)):
        is_within = one["time"] <= (LATER | bought)["time"] < one["time"] + WEEK
        assert found.own[place] + found.rest[place] == pytest.approx(amount * is_within)


def test_what_came_is_the_same_to_the_bit_in_whatever_order_it_came() -> None:
    decision = {"customer": "p", "session": "s", "time": 0, "offer": "xmas", "price": 0.1}
    log = [
        {
            "customer": "p",
            "session": "s",
            "time": HOUR,
            "type": "purchase",
            "amount": amount,
            "properties": {"purchase_source": source},
        }
        for amount in (0.1, 0.2, 0.3, 1e9, 0.7)
        for source in ("offer", "shop")
    ]
    found = set()
    for seed in range(20):
        Random(seed).shuffle(log)
        came = worked_out([decision], log)
        found.add((came.own[0], came.rest[0]))
    assert found == {(1_000_000_001.3, 1_000_000_001.3)}


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
