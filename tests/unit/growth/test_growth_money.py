"""What purchases brought: units, refunds, margins and costs, beside sums done by hand."""

import numpy as np
import pytest
from support.growth import START, bought, made
from support.growth import facts as by_day

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import money
from valuebox.compartments.growth.loaded.refunds import apart, is_refund_type
from valuebox.compartments.growth.spending.advertising import Advertising, advertising
from valuebox.compartments.growth.spending.campaigns import Campaign
from valuebox.compartments.growth.spending.profit import profits
from valuebox.compartments.growth.value.formula import factors, formula_value
from valuebox.compartments.growth.value.holdout import holdout
from valuebox.compartments.growth.value.probabilistic import BuyerModel, learn
from valuebox.compartments.growth.value.purchases import purchases

DAY = np.timedelta64(1, "D")


def lines(times: int) -> Facts:
    """Orders of 20 by 200 customers, in as many lines of the same amount each."""
    rng = np.random.default_rng(2)
    who, days = [], []
    for customer in range(200):
        day, wait = float(rng.integers(20)), rng.gamma(1.0, 20.0)
        while day < 90:
            who += [customer] * times
            days += [int(day)] * times
            day += 1 + rng.exponential(wait) if rng.random() < 0.8 else 90
    return by_day(who, START + np.array(days) * DAY, np.full(len(who), 20.0 / times), 200)


def test_values_do_not_depend_on_how_many_lines_an_order_has() -> None:
    cut, until = START + 45 * DAY, START + 90 * DAY
    for_one, for_ten = (holdout(these, bought(these), cut, until) for these in map(lines, (1, 10)))
    assert for_ten.formula.total == pytest.approx(for_one.formula.total)
    assert for_ten.probabilistic.total == pytest.approx(for_one.probabilistic.total)
    assert for_ten.total == pytest.approx(for_one.total)
    # All orders are of 20.
    known = purchases(lines(10), bought(lines(10)), cut)
    assert known.mean == pytest.approx(20.0)
    days = known.repeats / known.observed * 45 / 7
    assert for_ten.formula.total == pytest.approx(20.0 * days.sum())
    assert for_ten.total == pytest.approx(20.0 * for_ten.purchases)


def test_without_gamma_gamma_everybody_spends_the_mean_of_a_day() -> None:
    these = lines(10)
    known = purchases(these, bought(these), START + 90 * DAY)
    model = BuyerModel(learn(known).buying, None, known.mean)
    days = model.buying.expected(known, 52)
    assert model.value(known, 52) == pytest.approx(20.0 * days)


def test_the_formula_counts_orders() -> None:
    events = [(0, "bought", 0.0, 5.0)] * 4 + [(0, "bought", 1.0, 10.0), (1, "bought", 0.0, 30.0)]
    these = made([*events, (-1, "bought", 0.0, 1.0), (-1, "bought", 0.0, 1.0)])
    brought = money(these, "bought")
    # What nobody knows who bought at one moment is two orders.
    assert (brought.is_purchase.sum(), brought.is_order.sum()) == (8, 5)
    until = np.datetime64("2024-04-01", "us")
    found = formula_value(these, factors(these, brought, until), "campaign", 5)
    everybody = found.everybody
    # Orders of 20, 10 and 30; two and one of them in a month.
    assert everybody.order_value == pytest.approx(20.0)
    assert everybody.sales_a_month == pytest.approx(1.5)
    assert everybody.value == pytest.approx(20 * 1.5 * 1)
    assert [one.order_value for one in found.customers] == [15.0, 30.0]


def with_refunds() -> Facts:
    """100 and 50 bought by customers of A, of which 100 go back; 30 go back to one of B."""
    these = made(
        [
            (0, "bought", 0.0, 100.0),
            (0, "bought", 4.0, -100.0),
            (1, "bought", 1.0, 50.0),
            (2, "bought", 2.0, -30.0),
        ],
        campaign=["A", "A", "B"],
    )
    return Facts(these.customers, apart(these.events, "bought"))


def test_refunds_are_subtracted_and_are_no_purchases() -> None:
    these = with_refunds()
    brought = money(these, "bought")
    found = profits(these, brought, "campaign", 5)
    assert (found.purchases, found.refunds, found.refunded) == (2, 2, 130.0)
    assert (found.total, found.refund_types, found.measure) == (20.0, ["(refund)"], "revenue")
    assert [(one.name, one.profit, one.buyers) for one in found.groups] == [
        ("A", 50.0, 2),
        ("B", -30.0, 0),
    ]
    assert [one.share for one in found.groups] == [1.0, None]
    assert found.top_tenth == 1.0
    assert these.per_customer(these.events.type.are("bought")).tolist() == [1, 1, 0]
    known = purchases(these, brought, START + 100 * DAY)
    assert known.customer.tolist() == [0, 1]
    assert known.repeats.tolist() == [0, 0]
    assert known.first.tolist() == [0.0, 50.0]


def test_refunds_are_taken_from_the_purchase_before_them() -> None:
    days = [0, 10, 12, 30, 40, 3]
    amounts = [10.0, 20.0, -5.0, 40.0, -40.0, -9.0]
    these = by_day([0, 0, 0, 0, 0, 1], START + np.array(days) * DAY, amounts, 2)
    these = Facts(these.customers, apart(these.events, "bought"))
    known = purchases(these, bought(these), START + 60 * DAY)
    assert (known.customer.tolist(), known.repeats.tolist()) == ([0], [2])
    assert (known.first.tolist(), known.spent.tolist()) == ([10.0], [(15.0 + 0.0) / 2])


@pytest.mark.parametrize("sign", [1, -1])
def test_refunds_have_types_of_their_own(sign: int) -> None:
    these = made(
        [(0, "bought", 0.0, 100.0), (0, "zurück", 1.0, sign * 30.0), (1, "refunded", 1.0, 5.0)]
    )
    assert money(these, "bought").amount.sum() == 95.0
    asked = money(these, "bought", refunds=["zurück"])
    assert (asked.amount.sum(), asked.is_refund.sum()) == (70.0, 1)
    at_one = money(these, "bought", 1.0, ["zurück", "refunded"])
    assert at_one.amount.tolist() == [1.0, -1.0, -1.0]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("refund", True),
        ("Refunded", True),
        ("order_refunded", True),
        ("orderRefunded", True),
        ("partial-refund", True),
        ("RETURN", True),
        ("item returned", True),
        ("order.cancelled", True),
        ("canceled", True),
        ("chargeback", True),
        ("goods returned", True),
        ("refund.created", True),
        ("Reimbursement", True),
        ("refund requested", False),
        ("returning visitor", False),
        ("cancel button clicked", False),
        ("bought", False),
        ("like", False),
    ],
)
def test_types_say_that_they_are_refunds(name: str, is_one: bool) -> None:
    assert is_refund_type(name) is is_one


def test_without_any_money_nothing_is_refunded() -> None:
    these = made([(0, "bought", 0.0, 10.0), (0, "cancelled", 1.0, None)])
    assert money(these, "bought").is_refund.tolist() == [False, False]
    # A purchase is one, whatever it is called.
    assert money(made([(0, "returned", 0.0, 10.0)]), "returned").amount.tolist() == [10.0]


def test_what_goes_back_in_a_month_that_is_not_over_is_taken_from_the_months_before() -> None:
    these = made([(0, "bought", 0.0, 10.0), (1, "bought", 0.0, 10.0), (1, "refund", 25.0, 10.0)])
    until = np.datetime64("2024-04-05", "us")
    found = formula_value(these, factors(these, money(these, "bought"), until), "campaign", 5)
    assert (found.last_month, found.everybody.order_value) == ("2024-03", 5.0)


def test_where_refunds_leave_nothing_there_are_no_shares() -> None:
    these = made([(0, "bought", 0.0, 10.0), (1, "refund", 1.0, 30.0)], campaign=["A", "B", "B"])
    found = profits(these, money(these, "bought"), "campaign", 5)
    assert (found.total, found.top_tenth) == (-20.0, None)
    assert [one.share for one in found.groups] == [None, None]


def campaigns(*amounts: float) -> Facts:
    """30 customers of each campaign, A, B and so on, a third of whom pay these amounts."""
    names = "ABCD"[: len(amounts)]
    campaign = [name for name in names for _ in range(30)]
    events = [
        (n, "bought", 15.0, amounts[names.index(name)] * (1 + n % 2))
        for n, name in enumerate(campaign)
        if n % 3 == 0
    ]
    return made(events, customers=len(campaign), campaign=campaign)


def advised(
    these: Facts, spend: dict[str, float], margin: float | None = None
) -> tuple[Advertising, dict[str, Campaign]]:
    until = START + 130 * DAY
    brought = money(these, "bought", margin=margin)
    found = advertising(these, brought, "campaign", spend, until=until)
    return found, {one.name: one for one in found.campaigns}


def test_nothing_more_is_put_on_a_campaign_that_loses() -> None:
    these = campaigns(40.0, 4.0, 3.0)
    found, by_name = advised(these, {"A": 6_000.0, "B": 6_000.0, "C": 6_000.0})
    assert by_name["A"].returned == pytest.approx(0.1)
    assert found.advice == (
        "Spend less: no campaign earns back what it costs. A leads with 0.10 a unit of spend."
    )
    pays, _ = advised(these, {"A": 60.0, "B": 60.0, "C": 60.0})
    assert pays.advice.startswith("Put more on A: 10.00 a unit of spend")
    assert pays.advice.endswith("It pays with a margin above 10%: `--margin` says yours.")
    # What is left of 600 at a margin of a tenth is what was spent.
    even, _ = advised(these, {"A": 60.0, "B": 60.0, "C": 60.0}, margin=0.1)
    assert "does not surely earn back what it costs" in even.advice


def test_a_spend_of_nothing_is_a_spend() -> None:
    found, by_name = advised(campaigns(40.0, 40.0), {"A": 0.0, "B": 300.0})
    assert found.by == "net"
    assert (by_name["A"].net, by_name["A"].spend, by_name["A"].returned) == (600.0, 0.0, None)
    assert (by_name["A"].worth, by_name["B"].worth) == (pytest.approx(20.0), pytest.approx(10.0))
    assert by_name["A"].cac == 0.0


def test_customers_cost_what_was_spent_on_new_ones_and_pay_it_back() -> None:
    these = campaigns(40.0, 4.0)
    _, by_name = advised(these, {"A": 600.0, "B": 600.0})
    a = by_name["A"]
    assert (a.new_customers, a.cac) == (30, 20.0)
    # They have brought 20 each in the 60.5 days since 10 March: 20 are back after these.
    assert a.payback_months == pytest.approx(60.5 * 12 / 365.25)
    since = advertising(
        these, money(these, "bought"), "campaign", {"A": 600.0}, since=np.datetime64("2024-05-01")
    )
    assert [(one.new_customers, one.cac) for one in since.campaigns] == [(0, None), (0, None)]


def test_profit_is_what_is_left_after_costs() -> None:
    these = made([(0, "bought", 0.0, 10.0), (1, "bought", 0.0, 20.0), (1, "refund", 1.0, 5.0)])
    brought = money(these, "bought", margin=0.3, unit_cost=1.0)
    found = profits(these, brought, "campaign", 5)
    assert (found.revenue, found.total, found.measure) == (25.0, pytest.approx(5.5), "profit")
    assert found.groups[0].revenue == 25.0
