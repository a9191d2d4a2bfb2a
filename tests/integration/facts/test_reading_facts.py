"""Facts by column, as analyses read them, beside plain SQL over the same tables."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from support.facts import FIRST, customer, event, put_customers, put_events

from valuebox.facts.reading import Choice, FactColumns, SeveralCurrencies, read_facts
from valuebox.store.engine import Store

KINDS = ["bought", "like", "share", "nothing"]


@pytest.fixture
def filled(store: Store) -> Store:
    """Two sources with the same ids, hanging events, gaps everywhere."""
    for source in ("shop", "fair"):
        put_customers(
            store,
            *(customer(n, source=source, attributes={"campaign": f"{n % 3}"}) for n in range(40)),
            customer("new", source=source, created=None, attributes=None),
        )
        put_events(
            store,
            *(
                event(
                    n,
                    source=source,
                    customer=None if n % 11 == 0 else str(n % 50),
                    type=KINDS[n % 4],
                    amount=n / 4 if n % 4 == 0 else None,
                    properties={"category": f"{'ü' * (n % 3)}", "n": n} if n % 5 else None,
                )
                for n in range(400)
            ),
        )
    return store


def rows(facts: FactColumns) -> list[tuple[Any, ...]]:
    """Every event as plain values."""
    customers, events = facts
    found = []
    for at in range(len(events)):
        who = events.customer[at]
        key = None
        if who >= 0:
            key = (customers.source.names[customers.source.codes[who]], customers.id[who])
        category = events.category.codes[at]
        found.append(
            (
                key,
                events.type.names[events.type.codes[at]],
                events.time[at].item().replace(tzinfo=UTC),
                None if np.isnan(events.amount[at]) else float(events.amount[at]),
                None if category < 0 else events.category.names[category],
            )
        )
    return sorted(found, key=str)


def test_events_are_read_as_they_were_sent(filled: Store) -> None:
    expected = []
    for source in ("shop", "fair"):
        for n in range(400):
            who = None if n % 11 == 0 or n % 50 >= 40 else (source, str(n % 50))
            moment = datetime.fromisoformat(event(n)["time"])
            amount = n / 4 if n % 4 == 0 else None
            expected.append((who, KINDS[n % 4], moment, amount, "ü" * (n % 3) if n % 5 else None))
    assert rows(read_facts(filled, Choice())) == sorted(expected, key=str)


def test_customers_are_read_with_what_is_known_of_them(filled: Store) -> None:
    customers = read_facts(filled, Choice()).customers
    assert len(customers) == 82
    assert customers.source.names == ["fair", "shop"]
    at = int(np.flatnonzero((customers.id == "7") & (customers.source.codes == 1))[0])
    assert customers.attributes[at] == {"campaign": "1"}
    assert customers.created[at].item().replace(tzinfo=UTC) == FIRST
    new = int(np.flatnonzero(customers.id == "new")[0])
    assert customers.attributes[new] is None
    assert np.isnat(customers.created[new])


def test_counts_are_those_of_plain_sql(filled: Store) -> None:
    facts = read_facts(filled, Choice())
    customers, events = facts
    campaign = np.array([None if one is None else one["campaign"] for one in customers.attributes])
    joined = events.customer >= 0
    pairs = list(
        zip(
            campaign[events.customer[joined]],
            np.array(events.type.names)[events.type.codes[joined]],
            strict=True,
        )
    )
    # Text on SQLite, where JSON's own functions say what PostgreSQL's operator does.
    path = "c.attributes ->> 'campaign'"
    counted = text(
        f"SELECT {path}, e.type, count(*) FROM events e JOIN customers c "
        "ON c.source = e.source AND c.id = e.customer GROUP BY 1, 2"
    )
    with filled.reading() as session:
        expected = {(one, kind): count for one, kind, count in session.execute(counted)}
    assert {pair: pairs.count(pair) for pair in set(pairs)} == expected


def test_a_source_or_a_period_is_read_alone(filled: Store) -> None:
    facts = read_facts(filled, Choice(sources=["fair"]))
    assert len(facts.customers) == 41
    assert len(facts.events) == 400
    period = Choice(
        since=datetime.fromisoformat(event(100)["time"]),
        before=datetime.fromisoformat(event(150)["time"]),
    )
    facts = read_facts(filled, period)
    assert (len(facts.customers), len(facts.events)) == (82, 100)
    assert read_facts(filled, Choice(sources=[])).events.customer.shape == (0,)


def test_another_property_can_be_the_category(filled: Store) -> None:
    names = read_facts(filled, Choice(category="n")).events.category.names
    assert sorted(map(int, names)) == [n for n in range(400) if n % 5]
    assert read_facts(filled, Choice(category='it\'s "odd" 100%')).events.category.names == []


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("thai", "thai"),
        ("true", "true"),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (1.0, "1"),
        (-0.0, "0"),
        (1.1, "1.1"),
        ("1.10", "1.10"),
        (10**20, "100000000000000000000"),
        (1e22, "1e+22"),
        (2**53 + 1, "9007199254740993"),
        ("", ""),
        (None, None),
        ([1, 2], "[1, 2]"),
        ({"a": [True, None]}, '{"a": [true, null]}'),
    ],
)
def test_a_category_has_one_name_in_both_databases(
    store: Store, value: Any, name: str | None
) -> None:
    put_events(store, event(1, properties={"category": value, 'a"b': 1}), event(2, properties=None))
    found = read_facts(store, Choice()).events.category
    assert found.names == [name] * (name is not None)
    assert sorted(found.codes.tolist()) == [-1, 0 if name is not None else -1]


def test_currencies_are_not_added(store: Store) -> None:
    put_events(store, event(1), event(2, currency="EUR", amount=2.0), event(3, amount=None))
    put_events(store, event(4, currency="EUR", amount=None))
    with pytest.raises(SeveralCurrencies, match="EUR, USD"):
        read_facts(store, Choice())
    amounts = read_facts(store, Choice(currency="EUR")).events.amount
    assert sorted(amounts[~np.isnan(amounts)]) == [2.0]
    put_events(store, event(5, currency=None))
    with pytest.raises(SeveralCurrencies, match="EUR, USD, no currency"):
        read_facts(store, Choice())


def test_nothing_is_read_of_nothing(store: Store) -> None:
    facts = read_facts(store, Choice())
    assert (len(facts.customers), len(facts.events)) == (0, 0)
    assert facts.events.type.names == facts.customers.source.names == []


def test_some_customers_are_read_alone(filled: Store) -> None:
    wanted = [("fair", "7"), ("shop", "new"), ("shop", "3"), ("nobody", "1")]
    found = read_facts(filled, Choice(customers=wanted, amounts=False))
    assert found.customers.id.tolist() == ["7", "3", "new"]
    everything = rows(read_facts(filled, Choice()))
    theirs = [(*row[:3], None, row[4]) for row in everything if row[0] in wanted]
    assert sorted(rows(found), key=str) == sorted(theirs, key=str)
    assert len(theirs) > 4
    assert len(read_facts(filled, Choice(customers=[])).customers) == 0


@pytest.mark.parametrize("each", [1, 2])
def test_customers_may_be_of_many_sources(store: Store, each: int) -> None:
    keys = [(f"source {n // each:04}", str(n % each)) for n in range(1_000)]
    put_customers(store, *(customer(one, source=source) for source, one in keys))
    found = read_facts(store, Choice(customers=keys[1:], amounts=False)).customers
    sources = [found.source.names[code] for code in found.source.codes]
    assert list(zip(sources, found.id, strict=True)) == keys[1:]


def test_several_currencies_do_not_matter_where_no_amounts_are_read(filled: Store) -> None:
    put_events(filled, event("euro", currency="EUR"))
    with pytest.raises(SeveralCurrencies):
        read_facts(filled, Choice())
    assert np.isnan(read_facts(filled, Choice(amounts=False)).events.amount).all()
