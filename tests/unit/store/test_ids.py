from uuid import UUID

import pytest

from valuebox.store.ids import MAX_BLOCK, ids_from, last_of_block, new_id


def test_ids_increase_within_a_block_and_are_uuids_of_version_7() -> None:
    ids = ids_from(new_id(), 10_000)
    assert list(ids) == sorted(ids)
    assert len(set(ids)) == 10_000
    assert {one.version for one in ids} == {7}
    assert {one.variant for one in ids} == {"specified in RFC 4122"}


def test_a_later_block_comes_after_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_000_000_000)
    earlier = ids_from(new_id(), 3)
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_001_000_000)
    assert max(earlier) < min(ids_from(new_id(), 3))


def test_blocks_of_the_same_millisecond_do_not_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_000_000_000)
    blocks = [new_id() for _ in range(1_000)]
    assert len(set(blocks)) == 1_000


def test_a_block_has_an_end() -> None:
    with pytest.raises(ValueError, match="a block begins"):
        ids_from(new_id(), MAX_BLOCK)


def test_ids_follow_the_one_that_begins_their_block() -> None:
    begins = new_id()
    first, second, third = ids = ids_from(begins, 3)
    assert [one.int - begins.int for one in ids] == [1, 2, 3]
    assert ids.texts() == [str(one) for one in ids]
    assert ids.octets().tobytes() == b"".join(one.bytes for one in ids)
    assert (ids[-1], ids[1:]) == (third, [second, third])
    assert first < second < third <= last_of_block(second)
    assert last_of_block(third) == last_of_block(first) < UUID(int=begins.int + MAX_BLOCK)
    with pytest.raises(ValueError, match="begins with 0"):
        ids_from(second, 1)
