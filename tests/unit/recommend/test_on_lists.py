"""Items that a visitor would not find alone count more on lists, as do those that are alike."""

import numpy as np
import pytest

from valuebox.compartments.recommend.ranking.attributes import Attributes
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.on_lists import USUAL, Counting
from valuebox.compartments.recommend.ranking.recommender import Recommender

ITEMS = ["boot", "lace", "hat", "clog", "shoe", "cap"]
KINDS = [0, 1, 1, 0, 0, 1]
PRICES = [80.0, 5.0, 20.0, 70.0, 500.0, np.nan]


def shop(counting: Counting, prices: list[float] = PRICES, available: str = "") -> Recommender:
    """Boots lead to hats and laces; clogs, shoes and caps are looked at by themselves."""
    sessions = [["boot", "lace"]] * 4 + [["boot", "hat"]] * 3
    sessions += [["clog", "cap"]] * 5 + [["shoe", "cap"]] * 4
    flat = [(number, ITEMS.index(item)) for number, one in enumerate(sessions) for item in one]
    keys, items = zip(*flat, strict=True)
    index = Index.build(keys, items, 60.0 * np.arange(len(flat)), ITEMS)
    there = [item != available for item in ITEMS]
    return Recommender(
        index, None, None, Attributes.of(index, ITEMS, KINDS, prices, there), counting=counting
    )


def test_items_of_the_category_are_listed_though_no_session_leads_there() -> None:
    assert set(shop(Counting()).answer(["boot"], 2).items) == {"lace", "hat"}
    found = shop(Counting(likeness=9.0)).answer(["boot"], 4, explain=True)
    # The clog has almost the price of the boot; nothing else but the boot speaks for it.
    assert found.items[0] == "clog"
    assert found.reasons[0] == "boot"
    assert set(found.items) == {"clog", "shoe", "lace", "hat"}


def test_what_is_sold_out_or_left_out_does_not_join_for_its_category() -> None:
    assert "clog" not in shop(Counting(likeness=9.0), available="clog").answer(["boot"], 3).items
    assert "clog" not in shop(USUAL).answer(["boot"], 3, exclude=["clog"]).items
    assert "boot" not in shop(USUAL).answer(["boot"], 6).items


@pytest.mark.parametrize("price", [np.nan, 0.0])
def test_an_item_without_a_price_is_less_alike_than_one_of_the_price(price: float) -> None:
    prices = [80.0, 5.0, 20.0, price, 80.0, 1.0]
    found = shop(Counting(likeness=9.0), prices).answer(["boot"], 2)
    assert found.items == ("shoe", "clog")
    assert np.isfinite(found.scores).all()


def test_without_a_catalogue_nothing_is_alike() -> None:
    plain, alike = (
        shop(one, [np.nan] * 6)
        for one in (Counting(), Counting(likeness=3.0))
    )  # fmt: skip
    assert plain.answer(["who knows"], 3) == alike.answer(["who knows"], 3)


def test_what_is_seen_next_counts_less_the_smaller_its_power() -> None:
    sure = shop(Counting(strength=1.0, discount=0.2)).answer(["boot"], 2)
    open_ = shop(Counting(strength=0.01, discount=0.2)).answer(["boot"], 2)
    # More sessions lead to laces, so that these are found by more, too.
    assert sure.items == ("lace", "hat")
    assert open_.items == ("hat", "lace")
    assert min(open_.scores) > 0
