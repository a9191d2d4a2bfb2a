"""The analyses of the growth report that need no database."""

from datetime import UTC, datetime

import numpy as np
import pytest
from support.growth import DAY, DAYS, made, named

from valuebox.compartments.growth.activity.months import MOST_MONTHS, activity
from valuebox.compartments.growth.activity.retention import retention
from valuebox.compartments.growth.change.samples import joined_before, together
from valuebox.compartments.growth.change.segments import discover
from valuebox.compartments.growth.loaded.attributes import MOST_GROUPS, by_name, limited
from valuebox.compartments.growth.loaded.frames import labels
from valuebox.compartments.growth.loaded.money import money
from valuebox.compartments.growth.schemas import Baseline, GrowthQuestion
from valuebox.compartments.growth.spending.advertising import advertising
from valuebox.schemas.names import NOBODY, OTHERS


def test_attributes_become_groups() -> None:
    shared = {"campaign": "TW", "vip": True, "age": 3.5, "tags": ["a"]}
    rows = [shared, shared, None, {"campaign": "FB", "vip": False, "age": 4}, {"campaign": None}]
    found = by_name(rows, 3)
    assert set(found) == {"campaign", "vip", "age"}
    assert named(found["campaign"]) == ["TW", "TW", None, "FB", None]
    assert named(found["vip"]) == ["true", "true", None, "false", None]
    assert named(found["age"]) == ["3.5", "3.5", None, "4", None]


def test_many_numbers_become_ranges_that_hold_as_many() -> None:
    found = by_name([{"age": age} for age in range(100)] + [{"age": "old"}, {"age": True}], 1)[
        "age"
    ]
    counts = np.bincount(found.codes[found.codes >= 0])
    assert counts.tolist() == [25, 25, 25, 25, 1, 1]
    assert named(found)[-2:] == ["old", "true"]
    assert named(found)[0] == "up to 24.75"


def test_rare_groups_share_one() -> None:
    texts = [f"g{n}" for n in range(200) for _ in range(200 - n)]
    few = limited(labels(texts), kept=["g199"])
    assert len(few.names) == MOST_GROUPS + 1
    assert named(few)[0] == "g0"
    assert named(few)[-1] == "g199"
    assert OTHERS in few.names
    assert int((few.codes == few.names.index(OTHERS)).sum()) == sum(range(2, 152))


def test_one_wrong_date_makes_no_century() -> None:
    facts = made([(0, "bought", -20_000.0, 1.0), (1, "bought", 0.0, 1.0)])
    until = DAY + DAYS
    found = activity(facts, np.ones(2, dtype=bool), until)
    assert found.active.shape == (3, MOST_MONTHS)
    assert found.name(MOST_MONTHS - 1) == "2024-03"
    assert found.active.sum() == 1


def test_cohorts_leave_out_who_joined_nobody_knows_when() -> None:
    facts = made([(0, "like", 1.0, None), (1, "like", 40.0, None)], joined=[0.0, 0.0, None])
    until = DAY + 60 * DAYS
    found = retention(facts.customers.created, activity(facts, np.ones(2, dtype=bool), until))
    (march,) = found.cohorts
    assert (march.joined, march.customers, march.active) == ("2024-03", 2, [1, 1, 0])
    assert found.average == [0.5, 0.5]
    assert (found.left_out, found.last_is_partial) == (1, True)


def test_of_cohorts_from_before_the_report_it_is_not_known_who_stayed() -> None:
    facts = made([(0, "like", 40.0, None), (1, "like", 45.0, None)], joined=[0.0, 35.0, 36.0])
    acted = activity(facts, np.ones(2, dtype=bool), DAY + 60 * DAYS)
    found = retention(facts.customers.created, acted, DAY + 31 * DAYS)
    (april,) = found.cohorts
    assert (april.joined, april.active) == ("2024-04", [1, 0])
    assert (found.average, found.left_out) == ([0.5], 1)


def test_two_samples_share_the_customers_that_they_share() -> None:
    before = made([(0, "like", 0.0, None), (-1, "x", 0.0, None)], campaign=["TW", "TW", None])
    now = made(
        [(1, "bought", 9.0, 2.0), (0, "like", 9.0, None)],
        customers=4,
        campaign=[None, "FB", "PI", "PI"],
    )
    found = together(before, now)
    customers = found.facts.customers
    assert len(customers) == 4
    assert named(customers.attributes["campaign"]) == [None, "FB", "PI", "PI"]
    assert found.baseline.customers.tolist() == [True, True, True, False]
    assert found.current.customers.all()
    likes = found.facts.events.type.are("like")
    assert found.facts.per_customer(found.baseline.events & likes).tolist() == [1, 0, 0, 0]
    assert found.facts.per_customer(found.current.events & likes).tolist() == [1, 0, 0, 0]
    assert found.facts.per_customer(found.baseline.events).sum() == 1
    other = together(made([(0, "like", 0.0, None)], source="elsewhere", country=["C"] * 3), now)
    assert len(other.facts.customers) == 7
    assert named(other.facts.customers.attributes["country"])[-1] == "C"
    assert named(other.facts.customers.attributes["campaign"])[-1] is None


def test_who_joined_later_is_not_there_and_their_events_are_nobodys() -> None:
    facts = made(
        [(0, "like", 0.0, None), (1, "like", 0.0, None), (2, "like", 0.0, None)],
        joined=[0.0, 5.0, None],
    )
    found = joined_before(facts, datetime(2024, 3, 12, tzinfo=UTC))
    assert found.customers.id.tolist() == ["0", "2"]
    assert found.events.customer.tolist() == [0, -1, 1]
    assert found.event_groups("campaign").names == ["(unknown)", NOBODY]


def test_money_goes_where_it_pays_beyond_chance() -> None:
    rng = np.random.default_rng(3)
    campaign = [("A", "B", "C")[n % 3] for n in range(900)]
    events = [
        (n, "bought", 0.0, float(rng.gamma(2, 5)))
        for n in range(900)
        if rng.random() < (0.5 if campaign[n] == "B" else 0.2)
    ]
    facts = made(events, customers=900, campaign=campaign)
    brought = money(facts, "bought")
    found = advertising(facts, brought, "campaign", {})
    assert (found.by, found.is_clear) == ("customer", True)
    assert found.advice.startswith("Put more on B: ")
    assert found.campaigns[0].best > 0.99
    dear = advertising(facts, brought, "campaign", {"A": 10.0, "B": 1_000.0, "C": 10.0})
    assert dear.by == "spend"
    assert (dear.campaigns[-1].name, dear.campaigns[-1].is_different) == ("B", True)
    assert dear.campaigns[-1].best == 0
    part = advertising(facts, brought, "campaign", {"B": 1_000.0})
    assert part.by == "customer"
    (b,) = [one for one in part.campaigns if one.name == "B"]
    assert (b.net, b.cost_of_customer) == (pytest.approx(b.profit - 1_000), pytest.approx(10 / 3))


def test_money_leaves_what_does_not_pay() -> None:
    events = [(n, "bought", 0.0, 5.0) for n in range(1_000) if n % 5 and n % 3]
    facts = made(events, customers=1_000, campaign=[f"{n % 5}" for n in range(1_000)])
    found = advertising(facts, money(facts, "bought"), "campaign", {})
    assert found.advice.startswith("Put less on 0: 0.00 a customer")


def test_without_a_difference_money_is_spread() -> None:
    campaign = ["A" if n % 2 else "B" for n in range(400)]
    facts = made(
        [(n, "bought", 0.0, 5.0) for n in range(0, 400, 4)]
        + [(n, "bought", 0.0, 5.0) for n in range(1, 400, 4)],
        customers=400,
        campaign=campaign,
    )
    found = advertising(facts, money(facts, "bought"), "campaign", {})
    assert not found.is_clear
    assert "Keep spreading" in found.advice
    nothing = advertising(facts, money(facts, "sold"), "campaign", {})
    assert [one.best for one in nothing.campaigns] == [0.5, 0.5]
    alone = made([(0, "bought", 0.0, 5.0)], campaign=["A"] * 3)
    advice = advertising(alone, money(alone, "bought"), "campaign", {}).advice
    assert advice == "There are no two campaigns to choose between."


def test_a_planted_segment_of_two_attributes_is_found_first() -> None:
    rng = np.random.default_rng(5)
    one = rng.choice(["a", "b", "c"], 3_000)
    other = rng.choice(["x", "y"], 3_000)
    planted = (one == "b") & (other == "y")
    did = rng.random(3_000) < np.where(planted, 0.5, 0.1)
    facts = made([], customers=3_000, one=one.tolist(), other=other.tolist())
    everybody = np.ones(3_000, dtype=bool)
    found = discover(facts.customers, ["one", "other"], {"bought": did}, everybody, top=3)
    assert found.looked_at == 3 + 2 + 6
    assert found.segments[0].attributes == {"one": "b", "other": "y"}
    assert found.segments[0].is_real
    assert found.segments[0].lift > 2
    chance = discover(
        facts.customers, ["one", "other"], {"bought": rng.random(3_000) < 0.2}, everybody, top=3
    )
    assert chance.real == 0


def test_a_baseline_and_a_period_end_after_they_start() -> None:
    for model in (Baseline, GrowthQuestion):
        with pytest.raises(ValueError, match="end after it starts"):
            model.model_validate({"start": "2024-01-02", "end": "2024-01-02"})
