"""What a report may call real, however few customers a group has and however heavy the tail is."""

import numpy as np
import pytest
from support.growth import START, bought, facts, halves

from valuebox.compartments.growth.change.claims import adjusted, shares
from valuebox.compartments.growth.change.lift import lifts
from valuebox.compartments.growth.loaded.frames import grouped
from valuebox.compartments.growth.spending.advertising import Advertising, advertising
from valuebox.statistics import shuffling
from valuebox.statistics.amounts import Amounts, amounts


def apart(first: np.ndarray, second: np.ndarray) -> Amounts:
    return Amounts(
        (len(first), len(second)), (first[first != 0], second[second != 0]), np.zeros((0, 2))
    )


def heavy(rng: np.random.Generator, tail: str, n: int) -> np.ndarray:
    amount = np.exp(2 * rng.standard_normal(n))
    if tail == "lognormal":
        return amount
    if tail == "pareto":
        return (1 - rng.random(n)) ** (-1 / 1.5)
    return np.where(rng.random(n) < 0.1, -amount, amount)


def by_campaign(amount: np.ndarray, campaign: np.ndarray) -> Advertising:
    n = len(amount)
    these = facts(np.arange(n), np.full(n, START), amount, n, campaign)
    return advertising(these, bought(these), "campaign", {})


@pytest.mark.parametrize("tail", ["lognormal", "pareto", "refunds"])
@pytest.mark.parametrize("size", [20, pytest.param(300, marks=pytest.mark.slow)])
def test_a_small_group_of_anybody_is_seldom_called_different(tail: str, size: int) -> None:
    rng = np.random.default_rng(1)
    runs = 60
    alarms = 0
    for run in range(runs):
        amount = heavy(rng, tail, 6_000 + size)
        found = shuffling.p_value(apart(amount[size:], amount[:size]), run)
        alarms += found is not None and found <= 0.05
    assert alarms / runs <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


def test_nothing_is_concluded_from_one_customer() -> None:
    rng = np.random.default_rng(2)
    campaign = np.append(np.arange(2_100) % 2, [2, 3])
    amount = np.append(rng.gamma(4.0, 5.0, 2_100), [500.0, 0.5])
    found = by_campaign(amount, campaign)
    first, last = found.campaigns[0], found.campaigns[-1]
    assert (first.name, last.name) == ("C", "D")
    for one in (first, last):
        assert (one.p_adjusted, one.best, one.is_different) == (None, None, False)
        assert one.no_test == "fewer than 20 customers"
    assert not found.is_clear
    assert found.advice.startswith("No campaign differs")
    assert sum(one.best or 0.0 for one in found.campaigns) == pytest.approx(1)


def test_a_few_customers_are_not_advised_on() -> None:
    found = by_campaign(np.array([5.0, 1.0, 2.0]), np.array([0, 1, 2]))
    advice = "There are no two campaigns of at least 20 customers to choose between."
    assert found.advice == advice


def test_where_nothing_varies_nothing_differs() -> None:
    for amount in (5.0, 0.1, 0.0, 1e9 / 3):
        found = by_campaign(np.full(60, amount), np.arange(60) % 2)
        assert [one.p_adjusted for one in found.campaigns] == [1.0, 1.0]
        assert [one.best for one in found.campaigns] == [0.5, 0.5]


def test_what_varies_between_groups_only_does_differ() -> None:
    found = by_campaign(np.repeat([5.0, 7.0], 30), np.repeat([0, 1], 30))
    assert [one.p_adjusted for one in found.campaigns] == [pytest.approx(1e-4, rel=0.01)] * 2
    assert found.advice.startswith("Put more on B: 7.00 a customer")


def test_two_groups_ask_one_question() -> None:
    rng = np.random.default_rng(3)
    amount, campaign = rng.gamma(4.0, 5.0, 400), np.arange(400) % 2
    found = by_campaign(amount, campaign)
    alone = shuffling.p_value(apart(amount[campaign == 1], amount[campaign == 0]))
    assert [one.p_adjusted for one in found.campaigns] == [alone, alone]


def test_a_permutation_is_as_likely_as_counted() -> None:
    # One of 60 customers has money, and is among the 20.
    amount = np.zeros(60)
    amount[0] = 10.0
    found = shuffling.p_value(apart(amount[20:], amount[:20]))
    # That is so in a third of all ways; either side counts.
    assert found == pytest.approx(2 / 3, abs=0.05)


@pytest.mark.parametrize("n", [200, 20_000])
def test_shuffles_and_the_normal_tail_agree(n: int) -> None:
    rng = np.random.default_rng(4)
    amount = rng.gamma(4.0, 5.0, 2 * n)
    amount[:n] += 2.5 * np.sqrt(2 * 100 / n)
    found = shuffling.p_value(apart(amount[n:], amount[:n]))
    assert found is not None
    first, second = amount[n:], amount[:n]
    t = (second.mean() - first.mean()) / np.sqrt((first.var() + second.var()) / n)
    # Twice the tail of the normal distribution, from its series.
    tail = 2 * np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi) / t * (1 - 1 / t**2 + 3 / t**4)
    assert found == pytest.approx(tail, rel=0.35)


def test_amounts_of_the_same_customers_are_swapped() -> None:
    rng = np.random.default_rng(5)
    everybody = np.ones(3_000, dtype=bool)
    before = heavy(rng, "lognormal", 3_000)
    alarms = [
        shuffling.p_value(amounts(before, rng.permutation(before), everybody, everybody), run)
        for run in range(40)
    ]
    assert sum(p is not None and p <= 0.05 for p in alarms) <= 5
    more = shuffling.p_value(amounts(before, before * 1.5, everybody, everybody))
    assert more is not None
    assert more < 0.001


def test_lifts_of_a_few_customers_are_not_tested() -> None:
    n = 60
    these = facts(np.arange(n), np.full(n, START), np.full(n, 5.0), n, np.arange(n) // 50)
    found = lifts(
        these, *halves(these, np.arange(n) % 2 == 0), ["bought"], bought(these),
        grouped(these.customers.attributes["campaign"]),
    )  # fmt: skip
    untested = {(one.measure, one.segment) for one in found if one.p_value is None}
    assert untested == {("bought", "B"), ("profit", "B")}
    assert {one.no_test for one in found} == {None, "fewer than 20 customers on one side"}
    assert not any(one.is_real for one in found)


def test_parts_share_what_a_report_may_err() -> None:
    n = 80
    these = facts(np.arange(n), np.full(n, START), np.full(n, 5.0), n, np.arange(n) % 2)
    for is_compared in (False, True):
        shared = shares(these, "campaign", is_compared)
        assert sum(shared.values()) == pytest.approx(1 if is_compared else 3)
    assert shares(these, "colour", is_compared=False)["segments"] == 1
    assert adjusted([0.01, None, 0.04], 0.5) == [pytest.approx(0.04), None, pytest.approx(0.08)]
