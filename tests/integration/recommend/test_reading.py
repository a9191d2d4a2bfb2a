"""Views are read alike from both databases, whatever shops call them."""

from datetime import UTC, datetime, timedelta

import numpy as np
from support.visitors import FIRST, ITEMS, MINUTE, SHOP, look_around, store_events, view, views

from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.reading import read_newest, read_views, read_visited
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store

DAY = timedelta(days=1)


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


def test_a_clock_that_is_ahead_is_taken_back_by_hours_and_keeps_the_order(store: Store) -> None:
    now = CLOCK.moment()
    ahead = {"year": 365 * DAY, "zone": timedelta(hours=2), "minutes": 5 * MINUTE, "right": -MINUTE}
    store_events(
        store,
        [
            view(name, item, now + by + step * timedelta(seconds=20))
            for name, by in ahead.items()
            for step, item in enumerate(ITEMS[:3])
        ],
    )
    with store.reading() as session:
        found = read_views(session, SHOP, CLOCK.moment() + MINUTE)
        newest = list(read_newest(session, SHOP, now - MINUTE))
    rows = sorted(zip(found.sessions.tolist(), found.times.tolist(), found.items, strict=True))
    assert rows == sorted((one.session, one.time, found.item_ids.index(one.item)) for one in newest)
    latest = now.timestamp() + 10 * 60 + 60
    assert latest - 3_600 - 60 < min(found.times) < max(found.times) < latest
    in_order = [found.item_ids.index(item) for item in ITEMS[:3]]
    for begin in range(0, len(rows), 3):
        (_, first, one), (_, second, two), (_, third, three) = rows[begin : begin + 3]
        assert [one, two, three] == in_order
        assert np.allclose([second - first, third - second], 20)
    # A clock that is hardly off is believed.
    assert np.isclose(found.times, now.timestamp() + 300, atol=1).any()


def test_a_click_of_another_age_moves_nothing_that_is_known_of_the_others(store: Store) -> None:
    """One view a year ahead, and one of 1970: popular items stay those of the last day."""
    now = CLOCK.moment()
    told = [view("old", item, now - timedelta(days=9)) for item in ITEMS[:2]]
    told += [
        view(f"v{n}", item, now - timedelta(hours=1) + n * MINUTE + step * timedelta(seconds=30))
        for n in range(5)
        for step, item in enumerate(ITEMS[2:4])
    ]

    def index_of_all() -> Index:
        with store.reading() as session:
            return Index.build(*read_views(session, SHOP, CLOCK.moment() + MINUTE))

    store_events(store, told)
    before = index_of_all()
    odd = [datetime(year, 1, 1, tzinfo=UTC) for year in (1970, now.year + 2, 2199)]
    store_events(store, [view(f"odd-{at.year}", "glove", at) for at in odd])
    after = index_of_all()
    assert abs(after.until - before.until) < 2 * 3_600
    shared = [after.ids.code_of(item) for item in ITEMS[:4]]
    was = [before.ids.code_of(item) for item in ITEMS[:4]]
    assert after.counts.day[shared].tolist() == before.counts.day[was].tolist() == [0, 0, 5, 5]
    ages = [
        (one.until - one.origin) - one.counts.last[codes].astype(float)
        for one, codes in ((before, was), (after, shared))
    ]
    assert np.allclose(*ages, atol=2 * 3_600)
    assert np.allclose(after.prior(30.0)[-5:], before.prior(30.0)[-5:], rtol=0.01)


def test_views_of_one_moment_are_in_the_order_of_their_items_on_both_databases(
    store: Store,
) -> None:
    told = [
        view(f"v{number}", item, FIRST) | {"id": f"{number}-{(7 * place + number) % 5}"}
        for number in range(4)
        for place, item in enumerate(ITEMS[:4])
    ]
    store_events(store, told)
    with store.reading() as session:
        index = Index.build(*read_views(session, SHOP, CLOCK.moment()))
    ids = [index.ids.text_of(code) for code in range(len(index.ids))]
    assert ids == sorted(ITEMS[:4])
    assert [ids[code] for code in index.sessions.items.tolist()] == 4 * sorted(ITEMS[:4])


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
