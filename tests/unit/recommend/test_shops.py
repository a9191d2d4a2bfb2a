"""Made-up shops: their visitors react to lists, and what they send is as dirty as it is meant."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.commands import only_line, valuebox

from valuebox_training.recommend.shops.living import Days, Lived, Page
from valuebox_training.recommend.shops.old_system import OldSystem
from valuebox_training.recommend.shops.sending import Event, Shown
from valuebox_training.recommend.shops.visits import Visit
from valuebox_training.recommend.shops.worlds import WORLDS, Shop, with_sessions

START = datetime(2026, 3, 2, tzinfo=UTC)


class Heard:
    """Remembers what it is told, and shows the same list to everybody."""

    def __init__(self, items: Sequence[int] = ()):
        self.events: list[Event] = []
        self.batches: list[list[Event]] = []
        self.items: dict[str, dict[str, Any]] = {}
        self._items = list(items)

    def morning(self, day: int, now: datetime, items: Sequence[dict[str, Any]]) -> None:
        self.items |= {one["id"]: one for one in items}

    def listed(self, page: Page, arm: str | None = None) -> tuple[Shown, str]:
        return Shown("a list", self._items, False), arm or "popular"

    def each(self, work: Callable[[Visit], None], visits: Sequence[Visit]) -> None:
        for one in visits:
            work(one)

    def hear(self, events: Sequence[Event]) -> None:
        self.events += events
        self.batches.append(list(events))


def shop_of(name: str, sessions: int = 60) -> Shop:
    return with_sessions(WORLDS[name], sessions).shop(3)


def lived(name: str, days: range = range(2), sessions: int = 60) -> tuple[Heard, Lived]:
    shop, heard = shop_of(name, sessions), Heard()
    return heard, Days(shop, 3, START, "shop").live(days, OldSystem(shop, 3, [heard]))


def test_the_same_seed_makes_the_same_days() -> None:
    first, second = (lived("dirty")[0] for _ in range(2))
    assert first.events == second.events
    assert first.items == second.items


def test_a_day_has_the_same_visitors_whether_those_before_were_lived_or_not() -> None:
    def began(days: range) -> set[str]:
        heard = Heard()
        Days(shop_of("departments"), 3, START, "shop").live(days, heard)
        return {one["id"] for one in heard.events if one["id"].startswith("s-1-")}

    both, alone = began(range(2)), began(range(1, 2))
    assert len(alone) > 50
    # What arrives late of one day is missed by whoever stops after it, and the other way round.
    assert len(both & alone) > 0.95 * len(alone)


@pytest.mark.parametrize("name", sorted(set(WORLDS) - {"long-tail"}))
def test_every_kind_of_shop_lists_views_and_sells(name: str) -> None:
    heard, found = lived(name, range(1))
    types = [one["type"] for one in heard.events]
    assert min(types.count("view"), types.count("shown")) > 50
    figures = found.came["old"].figures()
    assert 1.2 < figures.views < 6
    assert 0.2 < figures.bounces < 0.85
    ids = set(heard.items)
    assert any(one[0] == "0" and one.lstrip("0") in ids for one in ids)
    listed = {item for one in heard.events if one["type"] == "shown"
              for item in one["properties"]["items"]}  # fmt: skip
    assert listed <= ids


def test_visitors_look_at_more_and_buy_more_where_lists_are_what_they_like() -> None:
    for name in ("departments", "traits", "paths"):
        _, found = lived(name, range(1), 300)
        old, best = found.came["old"].figures(), found.oracle.figures()
        lift = best.beside(old)
        assert lift["views"] > 0.15, name
        assert lift["conversion"] > 0.2, name
        assert lift["bounces"] < -0.1, name


def test_nobody_reacts_in_the_blind_shop_and_hardly_anybody_gains_in_the_herd() -> None:
    _, blind = lived("blind", range(1), 200)
    assert blind.came["old"].figures()[1:3] == blind.oracle.figures()[1:3]
    _, herd = lived("herd", range(1), 300)
    assert herd.oracle.figures().beside(herd.came["old"].figures())["views"] < 0.15


def test_the_truth_is_that_of_all_visitors_in_either_arm() -> None:
    shop = shop_of("departments", 150)
    heard = Heard(range(10))
    days = Days(shop, 3, START, "shop", wants_truth=True)
    found = days.live(range(1), heard, ("popular", "personal"))
    popular, personal = (found.truth[arm].figures() for arm in ("popular", "personal"))
    # Both were shown the same here.
    assert popular == personal
    assert popular.sessions == found.came["popular"].figures().sessions


def test_a_dirty_shop_sends_what_shops_send() -> None:
    heard, _ = lived("dirty", range(3), 200)
    ids = [one["id"] for one in heard.events]
    assert len(set(ids)) < len(ids)
    times = [one["time"] for one in heard.events]
    assert times != sorted(times)
    assert any(one["time"] > "2027" for one in heard.events)
    views = [one for one in heard.events if one["type"] == "view"]
    assert any("item" not in one["properties"] for one in views)
    assert any(one["properties"].get("item") == "sku-gone" for one in views)
    days: dict[str, set[str]] = {}
    for one in heard.events:
        days.setdefault(one["session"], set()).add(one["time"][:10])
    assert sum(len(found) > 1 for found in days.values()) > 5
    machines = {one["session"] for one in views if one["session"].startswith("m-")}
    assert machines
    clicked = [one for one in views if "via" in one["properties"]]
    shown = {one["id"] for one in heard.events if one["type"] == "shown"}
    assert clicked
    assert {one["properties"]["via"] for one in clicked} & shown


def test_what_is_sold_out_is_told_and_new_items_come() -> None:
    heard, _ = lived("fashion", range(1))
    later = Heard()
    Days(shop_of("fashion"), 3, START, "shop").live(range(12, 13), later)
    # Whoever begins on a later day is told of what is there by then.
    assert later.items.keys() - heard.items.keys()
    assert heard.items.keys() - later.items.keys()
    two = Heard()
    Days(shop_of("fashion"), 3, START, "shop").live(range(11, 13), two)
    assert any(not one["available"] for one in two.items.values())


def test_the_command_writes_a_file_a_day_and_the_catalogue_the_same_each_time(
    tmp_path: Path,
) -> None:
    folder, again = tmp_path / "shop", tmp_path / "again"
    asked = ("--days", 2, "--sessions", 30)
    said, _ = valuebox("recommend", "simulate", folder, *asked)
    assert "events of 2 days" in said
    assert "would like best" in said
    valuebox("recommend", "simulate", again, *asked)
    names = ["2026-03-02.jsonl", "2026-03-03.jsonl", "catalogue/items.json"]
    for name in names:
        assert (again / name).read_bytes() == (folder / name).read_bytes()
    lines = [json.loads(line) for line in (folder / names[0]).read_text().splitlines()]
    assert {"view", "shown"} <= {one["type"] for one in lines}
    items = {one["id"]: one for one in json.loads((folder / names[2]).read_text())}
    assert {one["item"] for one in lines if "item" in one} <= items.keys()
    _, refused = valuebox("recommend", "simulate", folder, exit_code=2)
    assert "is there already" in only_line(refused)


def test_simulate_makes_shops_as_well_and_others_are_refused(tmp_path: Path) -> None:
    said, _ = valuebox("recommend", "simulate", tmp_path, "--world", "list")
    assert [line.split(":")[0] for line in said.splitlines()] == list(WORLDS)
    _, refused = valuebox("simulate", "--shop", tmp_path / "x", "--world", "mall", exit_code=2)
    assert "departments" in refused
    _, refused = valuebox("recommend", "simulate", tmp_path / "x", "--truth", exit_code=2)
    assert "--url" in only_line(refused)
