"""Rows as COPY takes them, in parts."""

import pytest
from sqlalchemy import JSON, BigInteger, Double, String

from valuebox.store import copying
from valuebox.store.texts import Written


@pytest.mark.parametrize("longest", [0, 3, 50_000])
def test_rows_are_the_same_in_parts_of_any_size(
    longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [None, "", "é", "x" * longest] * 500
    columns = [
        (BigInteger(), range(2_000)),
        (String(), texts),
        (Double(), [None, 0.5] * 1_000),
        (String(), "same"),
    ]
    found = b"".join(copying.binary(columns, 2_000))
    monkeypatch.setattr(copying, "_MOST_BYTES", 1)
    one_by_one = list(copying.binary(columns, 2_000))
    assert len(one_by_one) == 2_000 + 2
    assert found == b"".join(one_by_one)
    number = bytes([0, 4, 0, 0, 0, 8]) + bytes(8)
    assert one_by_one[1] == number + b"\xff" * 8 + b"\0\0\0\4same"


def test_json_that_is_written_already_is_copied_as_it_is() -> None:
    written = Written(['{"a": 1}', None, "[]"])
    copied = copying.binary([(JSON(), written)], 3)
    assert b"".join(copied) == b"".join(copying.binary([(JSON(), [{"a": 1}, None, []])], 3))
