from itertools import product

import numpy as np
import pytest

from valuebox_cli.importing.ids import Ordinals, Repeats, Texts, joined

ANY = ["".join(one) for length in (1, 2, 3) for one in product("a/\\", repeat=length)]


def texts(*values: str | None) -> Texts:
    return np.array([*values, None], dtype=object)[:-1]


@pytest.mark.parametrize("count", [2, 3])
def test_different_parts_are_different_ids(count: int) -> None:
    parts = list(product(ANY[:20] if count == 3 else ANY, repeat=count))
    columns = [texts(*column) for column in zip(*parts, strict=True)]
    assert len(set(joined(columns).tolist())) == len(parts)


def test_ids_that_were_clear_stay_as_they_were() -> None:
    found = joined([texts("900001", "a b", "c:\\temp", None), texts("85123A", "x-y", "z", "1")])
    assert found.tolist() == ["900001/85123A", "a b/x-y", "c:\\temp/z", None]


def test_rows_that_share_an_id_are_found_over_batches() -> None:
    repeats = Repeats()
    for batch in (texts("a", "b", None), texts("b", None, "c"), texts("a")):
        repeats.see(batch)
    found = repeats.found()
    assert found.shared.tolist() == [True, True, False, True, False, False, True]
    other = Repeats()
    other.see(texts("c", "d"))
    assert found.in_common(other.found()) == 1


def test_equal_ids_are_told_apart_by_their_order() -> None:
    ordinals = Ordinals()
    first = ordinals.told_apart(texts("a", "a", "b"), np.array([True, True, False]))
    second = ordinals.told_apart(texts("a", None), np.array([True, True]))
    assert [*first, *second] == ["a", "a/#2", "b", "a/#3", None]
