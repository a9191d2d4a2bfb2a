"""Retention, churn and lifetime value beside plain SQL; predictions and spend joined in."""

import time
from datetime import timedelta

import pytest
from support.campaigns import Campaigns
from support.facts import customer, event, put_customers, put_events
from support.users import estimates, received, user

from valuebox.compartments.growth.building import report
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.ltv.repository import new_predictions
from valuebox.store.engine import Store
from valuebox.store.ids import new_id


def test_cohorts_are_what_sql_counts(campaigns: Campaigns) -> None:
    found = campaigns.report(sources=["workshop-1"]).retention
    assert found is not None
    joined = campaigns.plain(
        "workshop-1",
        'SELECT strftime(\'%Y-%m\', "Created_Date"), count(*) FROM "Users" GROUP BY 1',
    )
    assert {one.joined: one.customers for one in found.cohorts} == joined
    active = campaigns.plain(
        "workshop-1",
        "SELECT strftime('%Y-%m', u.\"Created_Date\") AS joined, strftime('%Y-%m', joined.date), "
        'count(DISTINCT who) FROM joined JOIN "Users" u ON u.id = who GROUP BY 1, 2',
    )
    counted = {}
    for one in found.cohorts:
        year, month = map(int, one.joined.split("-"))
        for later, count in enumerate(one.active):
            at = f"{year + (month - 1 + later) // 12}-{1 + (month - 1 + later) % 12:02}"
            counted[one.joined, at] = count
            assert one.rates[later] == pytest.approx(count / one.customers)
    assert {key: n for key, n in counted.items() if n} == {
        key: n for key, n in active.items() if key[0] <= key[1]
    }
    assert found.average[0] == pytest.approx(
        sum(one.active[0] for one in found.cohorts) / sum(joined.values())
    )


def test_churn_is_what_sql_counts(campaigns: Campaigns) -> None:
    asked = campaigns.report(sources=["workshop-1"], churn_days=60)
    found = asked.churn
    assert found is not None
    since = (asked.span.until - timedelta(days=60)).isoformat(" ")[:26]
    gone = campaigns.plain(
        "workshop-1",
        "SELECT campaign, count(*), sum(last < "
        f"'{since}') FROM (SELECT campaign, who, max(date) AS last FROM joined WHERE there "
        "GROUP BY 1, 2) GROUP BY 1",
    )
    assert {(one.name, one.active): one.churned for one in found.groups} == gone
    may = next(one for one in found.months if one.month == "2024-05")
    in_month = "SELECT DISTINCT who FROM joined WHERE there AND strftime('%Y-%m', date) = '2024-{}'"
    (lost,) = campaigns.plain(
        "workshop-1",
        f"SELECT 1, count(*) FROM ({in_month.format('05')} EXCEPT {in_month.format('06')})",
    ).values()
    assert may.lost == lost
    assert may.rate_lower < may.rate == may.lost / may.active < may.rate_upper


def test_the_formula_is_the_product_of_factors_that_sql_finds(campaigns: Campaigns) -> None:
    found = campaigns.report(sources=["workshop-1"]).formula
    assert found is not None
    assert found.categories == 7
    by_user = (
        "SELECT campaign, who, count(*) AS n, sum(amount) AS amount, "
        "count(DISTINCT strftime('%Y-%m', date)) AS months FROM joined "
        "WHERE there AND type = 'bought' GROUP BY 1, 2"
    )
    factors = campaigns.plain(
        "workshop-1",
        "SELECT campaign, 1.0 * sum(amount) / sum(n), avg(1.0 * n / months), avg(months), 1 "
        f"FROM ({by_user}) GROUP BY 1",
    )
    for name, order, sales, months in factors:
        (one,) = [group for group in found.groups if group.name == name]
        told = (one.order_value, one.sales_a_month, one.months_active)
        assert told == pytest.approx((order, sales, months))
        assert one.value == pytest.approx(order * sales * months)
        assert one.text_value == pytest.approx(7 * sales * months)
        assert one.value_of_customer == pytest.approx(one.value * one.buyers / one.customers)
    values = [one.value for one in found.customers]
    assert values == sorted(values, reverse=True)
    for one in found.customers:
        assert one.value == pytest.approx(one.order_value * one.sales_a_month * one.months_active)


def test_the_most_profitable_demographic_is_found_by_any_attribute(store: Store) -> None:
    ages = [20 + n for n in range(40)]
    people = [
        customer(f"c{n}", attributes={"age": age, "vip": age >= 50, "note": ["no group"]})
        for n, age in enumerate(ages)
    ]
    put_customers(store, *people)
    bought = [event(f"{n}", customer=f"c{n}", amount=float(age)) for n, age in enumerate(ages)]
    put_events(store, *bought)
    asked = GrowthQuestion(attribute="age", attribute_is="ranges")
    found = report(store, asked).demographics
    assert [(one.attribute, one.name, one.customers) for one in found] == [("vip", "false", 30)]
    assert found[0].each == pytest.approx(sum(ages[:30]) / 30)
    young = {"age": 21, "vip": False}
    put_customers(store, *(customer(f"d{n}", attributes=young) for n in range(60)))
    found = report(store, asked).demographics
    assert [(one.attribute, one.name, one.customers) for one in found] == [
        ("age", "above 34.25", 25),
        ("vip", "false", 90),
        ("age", "up to 21", 62),
    ]


def test_predictions_of_users_are_joined_in(store: Store) -> None:
    people = [customer(n, source="site") for n in (7, 8, 9, "08", "x")]
    put_customers(store, *people, customer(7, source="elsewhere"))
    put_events(store, event(1, source="site", customer="7"), event(2, source="site", customer="9"))
    for said in (1.0, 3.0):
        # Ids of the same millisecond would be in no order.
        time.sleep(0.002)
        sent = received([user(7), user(8), user(10)])
        said_of = estimates(said, 5.0, 7.0)
        ids = [new_id() for _ in sent.user_id]
        store.insert(new_predictions(ids, new_id(), sent, said_of, "ltv:a"))
    found = report(store, GrowthQuestion(users_source="site")).predicted
    assert found is not None
    assert (found.customers, found.matched) == (5, 2)
    (group,) = found.groups
    # The newest of user 7, and the only one of user 8, of whom no purchase is known.
    assert (group.predicted, group.brought) == ((3.0 + 5.0) / 2, 9.5 / 2)
    without = report(store, GrowthQuestion(sources=["site"], users_source="elsewhere"))
    assert without.predicted is None
    assert "no customer of elsewhere" in without.left_out["predicted"]
