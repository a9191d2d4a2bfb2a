"""Indexes on disk: built by one process at a time, and built anew where one cannot be read."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from threading import Barrier

import pytest
from sqlalchemy import update
from support.visitors import SHOP, look_around

from valuebox.compartments.recommend import building
from valuebox.compartments.recommend.repository import note_forgotten
from valuebox.compartments.recommend.shop import Shop
from valuebox.compartments.recommend.stock import SETTLED
from valuebox.facts.tables import Event
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.worker.apart import NotDone


def cut_in_half(index: Path) -> None:
    file = index / "sessions-items.npy"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def without_its_end(index: Path) -> None:
    (index / "index.json").unlink()


def without_its_note(index: Path) -> None:
    (index / "forgotten.txt").unlink()


def empty(index: Path) -> None:
    for file in index.iterdir():
        file.unlink()


def settle(store: Store) -> None:
    """Have all views been received before the newest ones, as indexes have them."""
    with store.writing() as session:
        session.execute(update(Event).values(received_at=CLOCK.moment() - 2 * SETTLED))


def listed(shop: Shop) -> tuple[str, ...]:
    assert shop.snapshot is not None
    return shop.snapshot.fresh.answer(["boot"], 2).items


@pytest.mark.parametrize("spoil", [cut_in_half, without_its_end, without_its_note, empty])
def test_an_index_that_is_half_written_is_built_anew(
    store: Store, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    look_around(store)
    settle(store)
    before = Shop(store, SHOP, tmp_path / "indexes", None)
    assert before.build()
    before.follow()
    (index,) = (one for one in next((tmp_path / "indexes").iterdir()).iterdir() if one.is_dir())
    spoil(index)
    begun = Shop(store, SHOP, tmp_path / "indexes", None)
    begun.follow()
    assert begun.snapshot is None
    assert begun.build()
    begun.follow()
    assert set(listed(begun)) == {"lace", "sole"}
    # Whoever had mapped the other one takes the new one, and answers the same.
    before.follow()
    assert listed(before) == listed(begun)


def test_of_two_builders_one_builds_and_the_other_takes_what_it_has_built(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_around(store)
    settle(store)
    both, met = [Shop(store, SHOP, tmp_path / "indexes", None) for _ in range(2)], Barrier(2)
    read = building.read_views

    def reads_while_the_other_tries(*asked: object) -> object:
        assert not both[1].build()
        return read(*asked)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(building, "read_views", reads_while_the_other_tries)
        assert both[0].build()
    (shelf,) = (tmp_path / "indexes").iterdir()
    assert len([one for one in shelf.iterdir() if one.is_dir()]) == 1

    def follows(shop: Shop) -> tuple[str, ...]:
        met.wait(10)
        assert not shop.build()
        shop.follow()
        return listed(shop)

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(follows, both)
    assert first == second
    assert set(first) == {"lace", "sole"}


@pytest.mark.sqlite_alone
def test_an_index_of_many_views_is_built_by_a_process_of_its_own_that_says_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_around(store)
    settle(store)
    here, apart = (Shop(store, SHOP, tmp_path / name, None) for name in ("here", "apart"))
    assert here.build()
    monkeypatch.setattr(building, "_MANY", 1)
    before = getrusage(RUSAGE_CHILDREN).ru_utime
    assert apart.build()
    assert getrusage(RUSAGE_CHILDREN).ru_utime > before
    for shop in (here, apart):
        shop.follow()
    assert listed(apart) == listed(here)


@pytest.mark.sqlite_alone
def test_a_process_that_cannot_build_an_index_leaves_the_one_before(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_around(store)
    settle(store)
    shop = Shop(store, SHOP, tmp_path, None)
    assert shop.build()
    shop.follow()
    known = listed(shop)
    monkeypatch.setattr(building, "_MANY", 1)
    with store.writing() as session:
        note_forgotten(session, SHOP)
    shop.follow()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(NotDone, match="build_index has failed: status 1"):
        shop.build()
    shop.follow()
    assert listed(shop) == known
    monkeypatch.undo()
    assert shop.build()
