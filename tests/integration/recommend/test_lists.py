"""Lists that visitors were shown are read back: those of a shop's old system, and ours."""

from datetime import timedelta
from typing import Any

from support.visitors import FIRST, MINUTE, SHOP, show, store_events, view

from valuebox.compartments.recommend.lists import read_lists
from valuebox.compartments.recommend.reading import read_views
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store


def listed(session: str, items: Any) -> dict[str, Any]:
    return {
        "source": SHOP,
        "id": f"list-{session}",
        "session": session,
        "type": "shown",
        "time": FIRST.isoformat(),
        "properties": {"items": items},
    }


def test_lists_have_the_numbers_of_the_sessions_of_views(store: Store) -> None:
    store_events(store, [
        view("s1", "boot", FIRST),
        view("s1", "lace", FIRST + MINUTE) | {"properties": {"item": "lace", "via": "list-s1"}},
        view("s2", "hat", FIRST),
        listed("s1", ["lace", 7, "007"]),
        listed("s2", "no list"),
        listed("s2", [{"a": "b"}, None, "boot"]) | {"id": "another"},
        listed("s1", ["of another shop"]) | {"source": "elsewhere"},
    ])  # fmt: skip
    show(store, "s2", at=FIRST + timedelta(minutes=1), items=[{"item": "glove", "score": 1.0}])
    with store.reading() as session:
        views = read_views(session, SHOP, CLOCK.moment())
        found = read_lists(session, SHOP)
    number = {
        views.item_ids[item]: key
        for key, item in zip(views.sessions.tolist(), views.items.tolist(), strict=True)
    }
    first = FIRST.timestamp()
    assert sorted(found, key=lambda one: one.items) == [
        (number["hat"], first, (), None),
        (number["hat"], first, ("boot",), None),
        (number["hat"], first + 60, ("glove",), None),
        (number["boot"], first, ("lace", "7", "007"), "lace"),
    ]
