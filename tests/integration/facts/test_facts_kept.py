"""Facts that go: old ones, and those of people who want to be forgotten."""

import json
from datetime import timedelta
from threading import Event as Signal

from sqlalchemy import event as sqlalchemy_event
from support.commands import only_line, valuebox
from support.facts import (
    age_facts,
    customer,
    event,
    put_customers,
    put_events,
    stored_customers,
    stored_events,
)
from support.pruning import pruning
from support.users import add_predictions, estimates, received, user

from valuebox.store.engine import Store
from valuebox.store.ids import new_id

DAY = timedelta(days=1)


def url(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def pruned(store: Store) -> dict[str, int]:
    return dict(+pruning(store, 30 * DAY, DAY).prune(Signal(), patient=True))


def test_events_go_by_when_they_were_received(store: Store) -> None:
    put_events(store, *(event(n, time="2001-01-01T00:00:00Z") for n in range(10)))
    age_facts(store, 40 * DAY, "3", "4")
    age_facts(store, 20 * DAY, "5")
    assert pruned(store) == {"events": 2}
    assert set(stored_events(store)) == {"0", "1", "2", "5", "6", "7", "8", "9"}


def test_a_customer_stays_while_there_are_events(store: Store) -> None:
    put_customers(store, *(customer(name) for name in ("gone", "busy", "same", "new")))
    put_customers(store, customer("same", source="fair"))
    put_events(store, event(1, customer="busy"), event(2, customer="same", source="fair"))
    age_facts(store, 40 * DAY, "gone", "busy", "same")
    # Of two sources with a customer of that name, one has events.
    assert pruned(store) == {"customers": 2}
    assert set(stored_customers(store)) == {"busy", "same", "new"}
    assert stored_customers(store)["same"].source == "fair"
    age_facts(store, 40 * DAY, "1")
    assert pruned(store) == {"events": 1, "customers": 1}


def test_many_old_facts_go_in_several_transactions(store: Store) -> None:
    for part in range(3):
        put_events(store, *(event(n) for n in range(part * 5_000, part * 5_000 + 5_000)))
        for n in range(part * 5_000, part * 5_000 + 5_000, 1_000):
            age_facts(store, (40 + part) * DAY, *(str(one) for one in range(n, n + 1_000)))
    commits: list[int] = []
    sqlalchemy_event.listen(store.engine, "commit", lambda _: commits.append(1))
    assert pruned(store) == {"events": 15_000}
    assert len(commits) >= 3


def exported(store: Store, *arguments: object) -> tuple[list[dict[str, object]], str]:
    output, said = valuebox("users", "export", *arguments, "--database-url", url(store))
    return [json.loads(line) for line in output.splitlines()], said


def test_everything_of_a_customer_is_exported_and_nothing_of_others(store: Store) -> None:
    put_customers(store, customer("a b"), customer("other"), customer("a b", source="fair"))
    put_events(store, event(2, customer="a b"), event(1, customer="a b"), event(3, customer="x"))
    records, said = exported(store, "a b", "nobody", "--source", "shop")
    assert said == ""
    assert [(one["table"], one["id"]) for one in records] == [
        *[("customers", "a b"), ("events", "1")],
        ("events", "2"),
    ]
    assert records[0]["attributes"] == {"campaign": "TW"}
    assert records[1].keys() >= {"time", "amount", "properties", "received_at", "session"}
    assert exported(store, "a b", "--source", "elsewhere")[0] == []


def test_a_forgotten_customer_is_gone_and_others_stay(store: Store) -> None:
    put_customers(store, customer(1), customer(2), customer(1, source="fair"))
    put_events(store, event(1, customer="1"), event(2, customer="2"))
    put_events(store, event(3, customer="1", source="fair"))
    with store.writing() as session:
        add_predictions(session, new_id(), received([user(1)]), estimates(1.0), "ltv:a")
    forget = ["users", "forget", 1, "--yes", "--database-url", url(store)]
    output, said = valuebox(*forget, "--source", "shop")
    assert only_line(output) == (
        "deleted: 1 customers, 1 events, 0 answers with features, 0 predicted responses, "
        "0 decisions, 0 lists"
    )
    assert said == ""
    assert set(stored_events(store)) == {"2", "3"}
    output, said = valuebox(*forget)
    assert only_line(output) == "deleted: 1 features, 1 predictions, 0 outcomes"
    assert "known from fair" in said
    assert set(stored_events(store)) == {"2", "3"}


def test_a_text_is_no_user(store: Store) -> None:
    for wrong in ("abc", "1.5", "9" * 19, "9" * 5000):
        _, said = valuebox("users", "export", wrong, "--database-url", url(store), exit_code=2)
        assert "--source" in only_line(said)
