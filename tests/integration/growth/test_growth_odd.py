"""The growth report on data as people have them: strange names, wrong dates, refunds."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from support.commands import only_line, valuebox
from support.facts import customer, event, put_customers, put_events

from valuebox.compartments.growth.building import report
from valuebox.compartments.growth.report import GrowthReport
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.store.engine import Store

NOW = datetime(2013, 9, 1, tzinfo=UTC)


def told(store: Store, **asked: Any) -> GrowthReport:
    return report(store, GrowthQuestion.model_validate(asked), now=NOW)


def test_groups_of_ours_and_of_the_users_are_kept_apart(store: Store) -> None:
    names = ["(unknown)", "(unknown)", None, "TW", "(nobody)", ""]
    people = [
        customer(f"c{n}", attributes=None if name is None else {"campaign": name})
        for n, name in enumerate(names)
    ]
    put_customers(store, *people)
    amounts = {"c0": 100.0, "c2": 1.0, "c3": 10.0, "zz": 1_000.0}
    put_events(
        store,
        *(
            event(n, customer=one, amount=amount, properties={"category": "(others)"})
            for n, (one, amount) in enumerate(amounts.items())
        ),
    )
    found = told(store, spend={"(unknown)": 5.0, "TW": 7.0, '"(unknown)"': 9.0})
    assert {one.name: (one.customers, one.profit) for one in found.profits.groups} == {
        '"(unknown)"': (2, 100.0),
        "(unknown)": (1, 1.0),
        "TW": (1, 10.0),
        '"(nobody)"': (1, 0.0),
        '""': (1, 0.0),
        "(nobody)": (0, 1_000.0),
    }
    assert [one.name for one in found.profits.categories] == ['"(others)"']
    assert found.unmatched == {"responses": ["like", "share"]}
    assert found.advertising is not None
    assert {one.name: one.spend for one in found.advertising.campaigns} == {
        '"(unknown)"': 9.0,
        "TW": 7.0,
        '"(nobody)"': None,
        '""': None,
    }


def test_groups_of_a_baseline_are_those_of_the_report(store: Store) -> None:
    for source, ages in (("one", range(20, 60)), ("two", range(30, 70))):
        put_customers(
            store, *(customer(age, source=source, attributes={"age": age}) for age in ages)
        )
        put_events(store, *(event(age, source=source, customer=str(age)) for age in ages))
    asked = {"attribute": "age", "attribute_is": "ranges", "sources": ["two"]}
    found = told(store, **asked, baseline={"sources": ["one"]})
    assert found.comparison is not None
    segments = {one.segment for one in found.comparison.lifts}
    assert segments == {None, *(one.name for one in found.users)}
    assert len(segments) == 5


def test_an_event_of_2099_churns_nobody(store: Store) -> None:
    put_customers(store, *(customer(f"c{n}") for n in range(7)))
    put_events(store, *(event(n) for n in range(60)))
    before = told(store)
    put_events(store, event(999, customer="c1", type="like", time="2099-05-02"))
    found = told(store)
    assert found.churn == before.churn
    assert (found.span.events, found.span.until) == (60, before.span.until)
    (one,) = found.span.set_aside
    assert (one.why, one.count, one.customers) == ("later than now", 1, ["c1"])
    assert one.first == datetime(2099, 5, 2, tzinfo=UTC)


def test_refunds_are_no_responses(store: Store) -> None:
    put_customers(store, *(customer(f"c{n}", source=s) for s in ("a", "b") for n in range(40)))
    for source in ("a", "b"):
        put_events(
            store, *(event(n, source=source, customer=f"c{n}", amount=10.0) for n in range(30))
        )
    back = [event(100 + n, source="b", customer=f"c{n + 20}", amount=-4.0) for n in range(20)]
    put_events(store, *back)
    found = told(store, sources=["b"], baseline={"sources": ["a"]})
    assert (found.profits.total, found.profits.purchases) == (300.0 - 80.0, 30)
    assert found.comparison is not None
    lifts = {one.measure: one for one in found.comparison.lifts if one.segment is None}
    assert (lifts["bought"].current.total, lifts["profit"].current.total) == (30, 220.0)
    assert found.probabilistic is not None
    assert (found.probabilistic.buyers, found.probabilistic.repeaters) == (30, 0)


def test_purchases_have_costs_of_their_own(store: Store) -> None:
    put_customers(store, customer("c1"), customer("c2"))
    costs: list[Any] = [4.0, 3, "7", None, True]
    put_events(
        store,
        *(
            event(n, customer="c1", amount=10.0, properties={"cost": one})
            for n, one in enumerate(costs)
        ),
        event(9, customer="c2", type="refunded", amount=10.0, properties={"cost": 2.5}),
    )
    found = told(store, cost_property="cost", baseline={"end": "2013-05-02"}).profits
    assert (found.revenue, found.total) == (40.0, 40.0 - 7.0 + 2.5)
    assert (found.measure, found.uncosted) == ("profit", 3)
    assert told(store).profits.measure == "revenue"


def test_money_that_is_in_no_figure_is_told(store: Store) -> None:
    put_customers(store, customer("c1"))
    put_events(
        store,
        event(1, customer="c1", amount=10.0, properties={"cost": 4}),
        event(2, customer="c1", amount=7.0, currency="EUR"),
        event(3, customer="c1", amount=3.0, type="Gutschrift"),
        event(4, customer="c1", amount=0.0, type="view"),
    )
    url = store.engine.url.render_as_string(hide_password=False)
    asked = ["--currency", "USD", "--cost-property", "cost"]
    said, _ = valuebox("growth", "report", *asked, "--database-url", url)
    assert "amounts of 1 events of type Gutschrift are in no figure" in said
    assert "1 of 2 purchases bring nothing, as they have no amount in USD" in said
    assert "1 of 2 purchases cost nothing, as they have no cost" in said
    said, _ = valuebox(
        "growth", "report", *asked, "--refund", "Gutschrift", "--price", "2", "--database-url", url
    )
    assert "in no figure" not in said
    assert "bring nothing" not in said


def test_the_command_takes_them_all(store: Store) -> None:
    put_customers(store, *(customer(n, attributes={"campaign": 20190800 + n}) for n in range(60)))
    put_events(
        store,
        event(1, customer="1", amount=20.0, time="2013-05-31T23:30:00Z"),
        event(2, customer="1", type="storniert", amount=5.0, time="2013-06-02"),
        event(3, customer="2", amount=10.0, time="2013-07-15"),
        event(4, customer="2", amount=None, type="view", time="2013-07-31T22:00:00Z"),
    )
    url = store.engine.url.render_as_string(hide_password=False)
    asked = ["--by", "campaign:name", "--refund", "storniert", "--margin", "0.5", "--cost", "1"]
    zone = ["--timezone", "Europe/Berlin", "--cohorts", "first_purchase"]
    said, _ = valuebox("growth", "report", *asked, *zone, "--json", "--database-url", url)
    found = json.loads(said)
    assert (found["profits"]["measure"], found["profits"]["total"]) == ("profit", 12.5 - 2)
    assert found["users"][0]["name"] == "(others)"
    assert found["span"]["first"] == "2013-06-01T01:30:00+02:00"
    assert [one["joined"] for one in found["retention"]["cohorts"]] == ["2013-06", "2013-07"]
    printed, _ = valuebox("growth", "report", *asked, *zone, "--database-url", url)
    assert "2013-06-01 to 2013-08-01, profit 10.50" in printed
    assert "refunds took back 5.00, in 1 events of type storniert" in printed


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--timezone", "Mars/Olympus"], "timezone: Input should be a time zone such as"),
        (["--margin", "1.5"], "margin: Input should be less than or equal to 1"),
        (["--refund", "bought"], "The type of purchases should not be a refund's"),
    ],
)
def test_what_makes_no_sense_is_refused(asked: list[str], said: str) -> None:
    _, error = valuebox("growth", "report", *asked, exit_code=2)
    assert said in only_line(error)
