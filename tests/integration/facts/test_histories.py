"""Events of some customers are read in another way than those of all: the same comes of it."""

import numpy as np
from support.facts import FIRST, customer, event, put_customers, put_events

from valuebox.facts.reading import Choice, FactColumns, read_facts
from valuebox.schemas.names import REFUND
from valuebox.store.engine import Store

CATEGORIES = ["thai", "a,b", 'quo"ted', 7, 7.5, True, None, ["x", 1], "zwölf\n"]


def rows(facts: FactColumns) -> set[tuple[object, ...]]:
    """Customer, type, category and moment of each event."""
    events, customers = facts.events, facts.customers
    names = (*events.category.names, None)
    return {
        (customers.id[who], events.type.names[kind], names[code], str(when))
        for who, kind, code, when in zip(
            events.customer.tolist(),
            events.type.codes.tolist(),
            events.category.codes.tolist(),
            events.time,
            strict=True,
        )
    }


def test_some_customers_are_read_as_all_are(store: Store) -> None:
    put_customers(store, *(customer(f"c{number}") for number in range(7)))
    put_events(
        store,
        *(
            event(
                number,
                type=("bought", "lik,ed")[number % 2],
                properties={"category": CATEGORIES[number % len(CATEGORIES)]},
            )
            for number in range(100)
        ),
    )
    some = [("shop", "c1"), ("shop", "c5"), ("shop", "c9")]
    choice = Choice(before=FIRST.replace(hour=1), amounts=False)
    found = rows(read_facts(store, Choice(before=choice.before, customers=some, amounts=False)))
    assert found == {one for one in rows(read_facts(store, choice)) if one[0] in {"c1", "c5"}}
    assert len(found) == 17


def test_what_takes_money_back_is_no_purchase(store: Store) -> None:
    put_customers(store, customer("c1"))
    amounts = {1: 9.5, 2: -9.5, 3: 0.0, 4: None}
    put_events(store, *(event(n, customer="c1", amount=paid) for n, paid in amounts.items()))
    for whom in (None, [("shop", "c1")]):
        found = read_facts(store, Choice(customers=whom, amounts=False)).events
        types = [found.type.names[code] for code in found.type.codes[np.argsort(found.time)]]
        assert types == ["bought", REFUND, "bought", "bought"]
