"""A worker's desk of shops: who waits for an index, and who does not."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
from support.visitors import SHOP, look_around

from valuebox.compartments.recommend import desk as desks
from valuebox.compartments.recommend.desk import RecommendDesk
from valuebox.store.engine import Store


def test_nobody_waits_for_a_shop_that_nobody_has_looked_around_in(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "_PATIENCE_SECONDS", 3600.0)
    desk = RecommendDesk(store, None)
    unknown = [f"shop {number}" for number in range(30)]
    assert desk.snapshots(unknown) == dict.fromkeys(unknown)
    look_around(store)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(desk.snapshot, SHOP)
        while SHOP not in desk.followed():
            sleep(0.01)
        desk.build(Event())
        found = waiting.result(60)
    assert found is not None
    assert found.may_be_listed("boot")
