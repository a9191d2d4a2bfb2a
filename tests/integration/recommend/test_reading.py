"""Views are read alike from both databases, whatever shops call them."""

from datetime import UTC, datetime, timedelta

import numpy as np
from support.visitors import FIRST, ITEMS, MINUTE, SHOP, look_around, store_events, view, views

from valuebox.compartments.recommend.reading import read_newest, read_views, read_visited
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store


def test_every_view_is_read_with_its_session_item_and_time(store: Store) -> None:
    look_around(store)
    with store.reading() as session:
        found = read_views(session, SHOP, CLOCK.moment())
    sent = [*views(), view("s1", "boot", FIRST + timedelta(days=2))]
    assert len(found) == len(sent)
    read = zip(
        found.sessions.tolist(),
        (found.item_ids[code] for code in found.items.tolist()),
        found.times.tolist(),
        strict=True,
    )
    keys: dict[str, int] = {}
    expected = {(one["session"], one["properties"]["item"], one["time"]) for one in sent}
    by_time = {time: (key, item) for key, item, time in read}
    for name, item, time in sorted(expected):
        key, read_item = by_time[datetime.fromisoformat(time).astimezone(UTC).timestamp()]
        assert read_item == item
        assert keys.setdefault(name, key) == key
    assert len(set(keys.values())) == len(keys) == len({one["session"] for one in sent})


def test_types_and_names_of_items_may_be_those_of_others(store: Store) -> None:
    told = [
        view("a", "x", FIRST, type="page_view", properties={"item_id": 7}),
        view("a", "y", FIRST + MINUTE, type="click", properties={"product_id": "007"}),
        view("a", "z", FIRST + 2 * MINUTE, type="click", properties={"sku": 7.0}),
        view("b", "w", FIRST, properties={"product": "w"}) | {"session": None, "customer": "b"},
        view("b", "bought", FIRST, type="bought"),
        view("b", "nothing", FIRST, properties={"page": "/help"}),
        view("b", "none", FIRST, properties=None),
    ]
    store_events(store, told)
    with store.reading() as session:
        found = read_views(session, SHOP, CLOCK.moment())
    items = [found.item_ids[code] for code in found.items.tolist()]
    assert sorted(items) == ["007", "7", "7", "w"]
    of = dict(zip(items, found.sessions.tolist(), strict=True))
    assert of["7"] == of["007"] != of["w"]


def test_the_newest_views_have_the_numbers_of_sessions_that_all_have(store: Store) -> None:
    before = CLOCK.moment()
    look_around(store)
    with store.reading() as session:
        found = read_views(session, SHOP, CLOCK.moment())
        newest = list(read_newest(session, SHOP, before - timedelta(seconds=1)))
        assert list(read_newest(session, SHOP, CLOCK.moment())) == []
        assert list(read_newest(session, "another shop", before - timedelta(days=1))) == []
    assert sorted(one.session for one in newest) == sorted(found.sessions.tolist())
    assert np.isclose(sorted(one.time for one in newest), sorted(found.times.tolist())).all()


def test_a_shop_without_views_has_none(store: Store) -> None:
    look_around(store)
    with store.reading() as session:
        assert len(read_views(session, "another shop", CLOCK.moment())) == 0
        assert len(read_views(session, SHOP, FIRST)) == 0


def test_a_visitor_has_seen_views_in_order_and_what_was_bought_is_known(store: Store) -> None:
    store_events(
        store,
        [
            view("s", ITEMS[1], FIRST + MINUTE),
            view("s", ITEMS[0], FIRST),
            view("s", ITEMS[2], FIRST + 2 * MINUTE, type="bought"),
            view("t", ITEMS[3], FIRST),
            view("u", ITEMS[4], FIRST) | {"session": None, "customer": "s"},
        ],
    )
    with store.looking() as connection:
        visited = read_visited(connection, SHOP, "s")
        assert read_visited(connection, SHOP, "nobody") == ([], frozenset())
    assert sorted(visited.seen) == sorted([ITEMS[0], ITEMS[4], ITEMS[1]])
    assert visited.seen[-1] == ITEMS[1]
    assert visited.bought == {ITEMS[2]}
