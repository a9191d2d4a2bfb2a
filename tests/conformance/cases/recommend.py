"""Recommend: what an anonymous visitor of a shop sees next."""

from conformance.case import Case, Refused
from support.services import ROOT
from support.visitors import ITEMS, SHOP, look_around, show

from valuebox.store.engine import Store


def keep(store: Store, _tag: str, _has_drifted: bool) -> None:
    look_around(store)
    show(store, "s1")


CASE = Case(
    compartment="recommend",
    asks={
        "/v1/items": [{"source": SHOP, "id": ITEMS[0], "category": "shoes", "price": 49.9}],
        "/v1/recommend": {"source": SHOP, "session": "s1", "items": ITEMS[:2], "count": 3},
        "/v1/recommend/similar": {"source": SHOP, "item": ITEMS[0], "count": 3},
    },
    refused=Refused(
        "/v1/items",
        [{"source": SHOP, "id": "a"}, {"source": SHOP, "id": "b", "price": -1.0}],
        1,
        "price",
    ),
    person=("s1", "--source", SHOP),
    keep=keep,
    settings=("recommend_items", "recommend_experiments", "recommend_forgettings"),
    guide=ROOT / "docs" / "recommend.md",
)
