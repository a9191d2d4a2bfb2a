"""What callers rely on: exclusions, fallbacks, catalogues, files of an index, and many threads."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support.clicks import MONDAY, columns, delta_of, index_of, log, visit

from valuebox.compartments.recommend.ranking.attributes import Attributes
from valuebox.compartments.recommend.ranking.ids import Ids
from valuebox.compartments.recommend.ranking.index import Index, IndexRefused
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting

SETTING = Setting()
SHOP = (
    visit(1, "a b c")
    + visit(2, "a b d", 100)
    + visit(3, "a b", 200)
    + visit(4, "e f", 300)
    + visit(5, "d", 400)
    + visit(6, "d", 500)
)


@pytest.fixture
def recommender() -> Recommender:
    return Recommender(index_of(SHOP, SETTING))


def test_neighbours_come_first_and_popular_items_fill_up(recommender: Recommender) -> None:
    found = recommender.answer(["a"], 5)
    assert found.items[0] == "b"
    assert set(found.items[:3]) == {"b", "c", "d"}
    assert (found.generator, found.filled) == ("neighbours", 2)
    assert set(found.items[3:]) == {"e", "f"}


def test_a_fresh_answer_has_not_the_item_looked_at(recommender: Recommender) -> None:
    assert "b" not in recommender.answer(["a", "b"], 6).items
    assert "a" in recommender.answer(["a", "b"], 6).items
    assert not {"a", "b"} & set(recommender.answer(["a", "b"], 6, again=False).items)
    assert {"a", "b"} <= set(recommender.answer(["a", "b"], 6, fresh=False).items)


@pytest.mark.parametrize("as_mask", [False, True])
def test_exclude_and_only_hold_for_what_is_filled_up_too(
    recommender: Recommender, as_mask: bool
) -> None:
    def given(items: list[str]) -> object:
        return recommender.mask(items) if as_mask else items

    assert set(recommender.answer(["a"], 9, exclude=given(["b", "e", "no such"])).items) == {
        "c",
        "d",
        "f",
    }
    assert recommender.answer(["a"], 9, only=given(["e", "c", "a"])).items == ("c", "e")
    assert recommender.answer(["a"], 9, only=given([])).items == ()
    assert recommender.popular(9, exclude=given(["d"]), only=given(["d", "a"])).items == ("a",)


def test_visitors_without_a_known_item_get_what_is_popular(recommender: Recommender) -> None:
    for seen in ([], ["nothing"], ["nothing"] * 30):
        found = recommender.answer(seen, 2, explain=True)
        assert found.items == ("a", "b")
        assert (found.generator, found.filled, found.reasons) == ("popular", 0, (None, None))


def test_popular_of_the_last_day_and_of_all_time() -> None:
    old, new = visit(1, "a b") + visit(2, "a"), visit(3, "c b", 3 * 86_400)
    recommender = Recommender(index_of(old + new, SETTING))
    assert set(recommender.popular(2).items) == {"c", "b"}
    assert set(recommender.popular(2, lately=False).items) == {"a", "b"}
    assert set(recommender.popular(9).items) == {"a", "b", "c"}


def test_popular_counts_sessions_and_not_clicks() -> None:
    clicks = visit(1, "a a a a a") + visit(2, "b c") + visit(3, "b", 9)
    assert Recommender(index_of(clicks, SETTING)).popular(1).items == ("b",)


def test_a_crawler_of_ten_thousand_views_changes_nothing() -> None:
    crawler = visit(9, " ".join("xyabcdef"[place % 8] for place in range(10_000)), 0, 3.0)
    calm = Recommender(index_of(SHOP, SETTING))
    index = index_of(SHOP + crawler[:9_000], SETTING)
    for other in (
        Recommender(index_of(SHOP + crawler, SETTING)),
        Recommender(index, delta_of(index, crawler[9_000:])),
    ):
        for seen in (["a"], ["d", "e"], []):
            assert other.answer(seen, 4).items == calm.answer(seen, 4).items


def test_a_view_counts_at_once_even_of_an_item_nobody_knew(recommender: Recommender) -> None:
    index = index_of(SHOP, SETTING)
    delta = delta_of(index, visit(3, "new", 260) + visit(7, "e new", 600))
    with_delta = Recommender(index, delta)
    assert with_delta.answer(["e"], 1).items[0] in ("f", "new")
    assert "new" in with_delta.answer(["e"], 2).items
    # The third session went on: it recommends the new item for what was seen before the border.
    assert "new" in with_delta.answer(["a"], 4).items
    assert "e" in with_delta.answer(["new"], 4).items
    assert recommender.answer(["new"], 4).generator == "popular"


def test_a_late_click_is_no_session_of_its_own() -> None:
    index = index_of(SHOP, SETTING)
    late = visit(2, "late", 105)
    assert "late" in Recommender(index, delta_of(index, late)).answer(["d"], 2).items


def test_catalogue_leaves_out_what_is_sold_out_and_knows_what_nobody_clicked() -> None:
    index = index_of(SHOP, SETTING)
    delta = delta_of(index, visit(7, "g a", 600))
    attributes = Attributes.of(
        index,
        ["b", "c", "new", "g", "h"],
        categories=[1, 1, 1, 2, 2],
        prices=[10.0, np.nan, 12.0, 5.0, 5.0],
        available=[False, True, True, True, True],
    )
    for of in (
        Recommender(index, None, None, attributes),
        Recommender(index, delta, None, attributes),
    ):
        assert "b" not in of.answer(["a"], 9).items
        assert of.code_of("h") >= 0
        assert of.text_of(of.code_of("h")) == "h"
        found = of.answer(["new"], 3, explain=True)
        assert found.items[0] == "c"
        assert (found.generator, found.reasons[0]) == ("alike", "new")
        codes, likeness = of.unseen.nearest(np.array([of.code_of("b")]), np.ones(1), 5)
        assert [of.text_of(code) for code in codes.tolist()] == ["new"]
        assert likeness[0] == pytest.approx(np.exp(-np.log(1.2) / 0.7))
    assert Recommender(index, delta, None, attributes).answer(["new", "g"], 1).items == ("a",)


def test_saved_and_mapped_index_is_the_same(tmp_path: Path) -> None:
    index = index_of(log(1), SETTING)
    index.save(tmp_path / "one")
    mapped = Index.open(tmp_path / "one")
    assert mapped.setting == index.setting
    assert (mapped.until, mapped.n_sessions, mapped.nbytes) == (
        index.until,
        index.n_sessions,
        index.nbytes,
    )
    assert not mapped.sessions.items.flags.writeable
    mapped.save(tmp_path / "two")
    assert {one.name: one.read_bytes() for one in (tmp_path / "one").iterdir()} == {
        one.name: one.read_bytes() for one in (tmp_path / "two").iterdir()
    }


def test_a_folder_without_a_whole_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexRefused):
        Index.open(tmp_path)
    index_of(SHOP, SETTING).save(tmp_path)
    file = tmp_path / "sessions-items.npy"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(IndexRefused):
        Index.open(tmp_path)
    (tmp_path / "index.json").write_text('{"format": 0}')
    with pytest.raises(IndexRefused, match="another version"):
        Index.open(tmp_path)


def test_columns_that_do_not_fit_are_refused() -> None:
    sessions, items, times, ids = columns(SHOP)
    for wrong in (
        (sessions[:-1], items, times, ids),
        (sessions, [len(ids), *items[1:]], times, ids),
        (sessions, [-1, *items[1:]], times, ids),
        (sessions, items, [float("nan"), *times[1:]], ids),
        (sessions, items, times, [*ids[:-1], ids[0]]),
    ):
        with pytest.raises(ValueError, match="have to"):
            Index.build(*wrong)


def test_many_threads_get_the_answers_of_one() -> None:
    recommender = Recommender(index_of(log(3, sessions=400, items=60), SETTING))
    asked = [[f"item {place % 40}", f"item {place * 7 % 60}", "x"] for place in range(400)]
    alone = [recommender.answer(one, 9) for one in asked]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: recommender.answer(one, 9), asked)) == alone


def test_ids_with_the_same_digest_are_told_apart() -> None:
    # CRC-32 gives these two the same.
    texts = ["plumless", "buckeroo", "", "7", "007", "\ud800"]
    ids = Ids.of(texts)
    assert [ids.code_of(one) for one in texts] == list(range(6))
    assert [ids.text_of(code) for code in range(6)] == texts
    assert ids.code_of("70") == -1


def test_a_session_is_split_where_nothing_happened_for_half_an_hour() -> None:
    clicks = visit(1, "a b") + visit(1, "c d", 10 + 1801)
    index = index_of(clicks, SETTING)
    assert index.n_sessions == 2
    assert "c" not in Recommender(index).answer(["b"], 1).items
    assert index.until >= MONDAY
