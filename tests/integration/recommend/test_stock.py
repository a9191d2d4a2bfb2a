"""What is known of items: as they were sent, and as views tell where nothing was."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from support.visitors import FIRST, MINUTE, SHOP, look_around, store_events, view

from valuebox.compartments.recommend import stock
from valuebox.compartments.recommend.catalogue import Known, put_items
from valuebox.compartments.recommend.listing import PERSONAL, make
from valuebox.compartments.recommend.repository import note_forgotten
from valuebox.compartments.recommend.schemas import RecommendQuestion, ShopItem
from valuebox.compartments.recommend.shop import Shop
from valuebox.compartments.recommend.stock import Stock
from valuebox.compartments.recommend.viewed import Telling, read_tellings, told_of
from valuebox.facts.tables import Event
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store


def seen(store: Store, item: str, at: timedelta = timedelta(), **told: Any) -> None:
    """Have somebody look at an item, and tell of it."""
    when = FIRST + timedelta(days=3) + at
    store_events(store, [view(f"{item}{at}", item, when, properties={"item": item, **told})])


def send(store: Store, **told: Any) -> None:
    with store.writing() as session:
        put_items(session, [ShopItem(source=SHOP, **told)])


def known(store: Store, shop: Stock | None = None) -> dict[str, Known]:
    shop = shop or Stock(SHOP)
    with store.reading() as session:
        shop.take(session, CLOCK.moment())
    return shop.items


def test_views_fill_in_what_was_not_sent_of_an_item(store: Store) -> None:
    whole = {"title": "Boot", "url": "/boot", "image": "https://shop.example/boot.jpg"}
    seen(store, "boot", category="shoes", price=49, available=False, **whole)
    send(store, id="boot", category="footwear")
    seen(store, "lace", item_name="Lace", item_category=7, in_stock=True)
    seen(store, "hat")
    found = known(store)
    assert found == {
        # What was sent says that it is available.
        "boot": Known("boot", "footwear", 49.0, *whole.values()),
        "lace": Known("lace", "7", None, "Lace"),
    }


def test_the_latest_view_counts_in_whichever_order_views_come(store: Store) -> None:
    shop = Stock(SHOP)
    seen(store, "boot", 2 * MINUTE, price=30.0)
    assert known(store, shop)["boot"].price == 30.0
    shop.look_anew()
    seen(store, "boot", MINUTE, price=20.0, category="shoes")
    seen(store, "boot", 3 * MINUTE, category="boots")
    # A clock of next year says nothing for a year.
    seen(store, "boot", timedelta(days=365 * 9), title="Of next year")
    seen(store, "boot", timedelta(days=600), title="Of today")
    for one in (shop, Stock(SHOP)):
        found = known(store, one)["boot"]
        assert (found.category, found.price) == ("boots", 30.0)
        assert found.title in ("Of next year", "Of today")


def test_a_shop_where_nothing_happens_is_not_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(*asked: Any) -> list[Telling]:
        found = read_tellings(*asked)
        read.append(len(found))
        return found

    monkeypatch.setattr(stock, "read_tellings", counted)
    monkeypatch.setattr(stock, "_EVERY_SECONDS", 0.0)
    seen(store, "boot", price=30.0)
    seen(store, "hat", MINUTE, price=10.0)
    with store.reading() as session:
        came = session.scalars(select(Event.received_at).order_by(Event.received_at)).all()[-1]
    shop = Stock(SHOP)
    for seconds in (1, 90, 95):
        with store.reading() as session:
            shop.take(session, came + timedelta(seconds=seconds))
    # Soon after a view others may still come in that are older; a minute later none does.
    assert read == [2, 2, 0]


def test_a_view_that_was_dated_before_the_last_look_and_stored_after_it_counts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "_EVERY_SECONDS", 0.0)
    seen(store, "boot", price=30.0)
    shop = Stock(SHOP)
    before = CLOCK.moment()
    known(store, shop)
    seen(store, "hat", MINUTE, price=10.0)
    with store.writing() as session:
        late = before - timedelta(seconds=20)
        session.execute(update(Event).where(Event.id.like("hat%")).values(received_at=late))
    assert set(known(store, shop)) == {"boot", "hat"}


def test_a_category_that_views_tell_is_bounded_and_an_item_out_of_stock_not_listed(
    store: Store, tmp_path: Path
) -> None:
    look_around(store)
    for item in ("lace", "sole"):
        seen(store, item, category="shoes")
    seen(store, "glove", available=False)
    shop = Shop(store, SHOP, tmp_path, None)
    shop.build()
    shop.follow()
    question = RecommendQuestion(source=SHOP, session="s", count=6)
    every, bounded = (
        [row["item"] for row in make(shop.snapshot, one, PERSONAL, ["boot"]).items]
        for one in (question, question.model_copy(update={"most_of_a_category": 1}))
    )
    assert {"lace", "sole"} < set(every)
    assert len({"lace", "sole"} & set(bounded)) == 1
    assert "glove" not in every
    # What is forgotten is not known any more; what was sent is.
    send(store, id="lace", category="shoes", title="Lace")
    with store.writing() as session:
        session.execute(delete(Event).where(Event.id.like("lace%") | Event.id.like("glove%")))
        note_forgotten(session, SHOP)
    shop.follow()
    assert shop.snapshot is not None
    assert set(shop.snapshot.items) == {"lace", "sole"}
    assert shop.snapshot.items["lace"].title == "Lace"


@pytest.mark.sqlite_alone
@pytest.mark.parametrize(
    "odd",
    [
        {"category": ""},
        {"category": "x" * 201},
        {"category": ["shoes"]},
        {"category": {"a": 1}},
        {"category": True},
        {"category": "a\0b"},
        {"price": -1},
        {"price": "49.90"},
        {"price": True},
        {"price": 1e300},
        {"price": float("nan")},
        {"title": "x" * 2_001},
        {"url": "javascript:alert(1)"},
        {"image": "data:image/png;base64,AAAA"},
        {"url": 7},
        {"available": "no"},
        {"available": 0},
        {"available": None},
    ],
)
def test_what_is_odd_in_a_view_is_as_if_it_had_not_been_told(odd: dict[str, Any]) -> None:
    assert told_of({"item": "boot", **odd}) == {}


@pytest.mark.sqlite_alone
def test_the_first_of_several_names_that_says_something_counts() -> None:
    assert told_of({"title": "", "name": "Boot", "item_name": "Other"}) == {"title": "Boot"}
