"""Visitors whom nobody knows are handed out and forgotten by their session, and lists lose them."""

import json
from pathlib import Path

from support.commands import valuebox
from support.visitors import FIRST, MINUTE, SHOP, look_around, show, store_events, view

from valuebox.compartments.recommend.reading import read_views
from valuebox.compartments.recommend.shop import Shop
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store


def test_a_session_is_forgotten_with_its_views_and_lists(store: Store, database_url: str) -> None:
    look_around(store)
    show(store, "s1")
    show(store, "s2")
    # Of a customer who is known a session does not stand for all that was done.
    store_events(store, [view("s1", "hat", FIRST, customer="somebody", id="known")])
    whose = ("s1", "--source", SHOP, "--database-url", database_url)
    said, _ = valuebox("users", "export", *whose)
    tables = [json.loads(line)["table"] for line in said.splitlines()]
    assert sorted(tables) == ["events", "recommend_exposures"]
    said, _ = valuebox("users", "forget", *whose, "--yes")
    assert "1 events" in said
    assert "1 lists" in said
    assert valuebox("users", "export", *whose)[0] == ""
    with store.reading() as session:
        left = read_views(session, SHOP, CLOCK.moment())
    assert left.item_ids.count("hat") == 1


def test_an_index_is_built_anew_without_whoever_was_forgotten(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    look_around(store)
    odd = [view("odd", one, FIRST + step * MINUTE) for step, one in enumerate(("boot", "yacht"))]
    store_events(store, odd)
    shop = Shop(store, SHOP, tmp_path / "indexes", None)
    assert shop.build()
    shop.follow()
    assert not shop.build()

    def listed() -> set[str]:
        assert shop.snapshot is not None
        return set(shop.snapshot.fresh.answer(["boot"], 20).items)

    assert "yacht" in listed()
    valuebox("users", "forget", "odd", "--source", SHOP, "--database-url", database_url, "--yes")
    shop.follow()
    assert shop.build()
    shop.follow()
    assert "yacht" not in listed()
    assert "lace" in listed()
    assert not shop.build()


def test_the_newest_views_lose_whoever_was_forgotten_before_an_index_is_built(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    shop = Shop(store, SHOP, tmp_path / "indexes", None)
    assert shop.build()
    store_events(store, [view("odd", one, FIRST) for one in ("boot", "yacht")])
    shop.follow()
    assert shop.snapshot is not None
    assert "yacht" in shop.snapshot.fresh.answer(["boot"], 20).items
    valuebox("users", "forget", "odd", "--source", SHOP, "--database-url", database_url, "--yes")
    shop.follow()
    assert shop.snapshot.fresh.answer(["boot"], 20).items == ()


def test_another_process_takes_the_index_that_one_has_built(store: Store, tmp_path: Path) -> None:
    look_around(store)
    indexes = tmp_path / "indexes"
    first, second = (Shop(store, SHOP, indexes, None) for _ in range(2))
    assert first.build()
    second.follow()
    assert second.snapshot is not None
    assert not second.build()
    unfinished = next(indexes.iterdir()) / "unfinished-1"
    unfinished.mkdir()
    (unfinished / "index.json").write_text("{")
    second.follow()
    assert second.snapshot.fresh.answer(["boot"], 2).items
