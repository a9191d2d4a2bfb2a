"""Recommend: what an anonymous visitor of a shop sees next."""

import pytest
from conformance.case import Case, Refused
from support.services import ROOT
from support.visitors import FIRST, ITEMS, SHOP, look_around, show

from valuebox.compartments.recommend.catalogue import put_items
from valuebox.compartments.recommend.model import Learned, RecommendModel
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.compartments.recommend.reporting import BY_MONTH, make_report
from valuebox.compartments.recommend.repository import note_forgotten
from valuebox.compartments.recommend.schemas import ShopItem
from valuebox.compartments.recommend.tables import Experiment
from valuebox.store.engine import Store


def learn(_request: pytest.FixtureRequest, _store: Store) -> str:
    shops = {SHOP: Learned(Setting(rules=0.3))}
    return RecommendModel(shops).save("recommend-of-conformance", {}, {})


def keep(store: Store, _tag: str, _has_drifted: bool) -> None:
    look_around(store)
    show(store, "s1")
    show(store, "s2")
    make_report(store, SHOP, BY_MONTH)
    with store.writing() as session:
        put_items(session, [ShopItem(source=SHOP, id=ITEMS[0], category="shoes")])
        note_forgotten(session, SHOP)
        session.add(
            Experiment(
                source=SHOP,
                name="first",
                shares={"personal": 0.5, "popular": 0.5},
                plan={},
                begins=FIRST,
            )
        )


CASE = Case(
    compartment="recommend",
    asks={
        "/v1/items": [{"source": SHOP, "id": "slipper", "category": "shoes", "price": 49.9}],
        "/v1/recommend": {"source": SHOP, "session": "s1", "items": ITEMS[:2], "count": 3},
        "/v1/recommend/batch": {"questions": [{"source": SHOP, "session": "s3", "count": 2}]},
        "/v1/recommend/model": {},
        "/v1/recommend/similar": {"source": SHOP, "item": ITEMS[0], "count": 3},
    },
    refused=Refused(
        "/v1/items",
        [{"source": SHOP, "id": "a"}, {"source": SHOP, "id": "b", "price": -1.0}],
        1,
        "price",
    ),
    person=("s1", "--source", SHOP),
    model=learn,
    keep=keep,
    settings=(
        "recommend_items",
        "recommend_experiments",
        "recommend_forgettings",
        "recommend_reports",
    ),
    guide=ROOT / "docs" / "recommend.md",
)
