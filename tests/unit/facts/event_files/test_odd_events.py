"""Files of events as others write them: what their values mean, and what is refused."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from valuebox.facts.event_files.reading import likely_events, read_events
from valuebox.features.declared.columns import values
from valuebox.features.declared.events import Events
from valuebox.files.problems import BadFile

LINE = b'{"source": "shop", "id": "1", "customer": %s, "type": "buy", "time": "2024-01-01"}\n'


def parquet(tmp_path: Path, are_named: bool = True, **columns: list[Any]) -> Events:
    whole = {"source": "shop", "type": "buy", "time": "2024-01-01", "customer": "c"}
    table = pd.DataFrame({**whole, **columns})
    file = tmp_path / "events.parquet"
    table.assign(id=[f"e{row}" for row in table.index] if are_named else None).to_parquet(file)
    return read_events([file], ["value"])


@pytest.mark.parametrize("are_named", [True, False])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ([Decimal("9.99"), None], [9.99, None]),
        ([date(2024, 1, 2), None], ["2024-01-02", None]),
        ([datetime(2024, 1, 2, 3), None], ["2024-01-02T03:00:00", None]),
    ],
)
def test_values_of_columns_are_those_of_json(
    tmp_path: Path, are_named: bool, written: list[Any], read: list[Any]
) -> None:
    events = parquet(tmp_path, are_named, value=written)
    assert values(events.property("value"), np.arange(2)) == read


def test_amounts_may_be_decimals(tmp_path: Path) -> None:
    assert parquet(tmp_path, amount=[Decimal("9.99")]).amount.tolist() == [9.99]


def test_days_are_moments(tmp_path: Path) -> None:
    text, day = (parquet(tmp_path, time=[one]) for one in ("2024-01-02", date(2024, 1, 2)))
    assert day.time.tolist() == text.time.tolist()


@pytest.mark.parametrize("are_named", [True, False])
def test_customers_may_be_whole_floats(tmp_path: Path, are_named: bool) -> None:
    events = parquet(tmp_path, are_named, customer=[17.0, float("nan")])
    assert values(events.customer, np.arange(2)) == ["17", None]


def test_customers_who_are_no_texts_are_named_in_columns(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="customer: is no text: rows 1, 2"):
        parquet(tmp_path, customer=[17.0, 1.5])


@pytest.mark.parametrize(
    ("customer", "said"),
    [
        (b"1.5", "customer: is no text: row 1"),
        (b"[1]", "customer: is no text: row 1"),
        (b'"\xff"', "line 1 is no JSON object"),
        (b"[" * 100_000, "line 1 is no JSON object"),
    ],
)
def test_what_is_no_customer_is_named(tmp_path: Path, customer: bytes, said: str) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(LINE % customer)
    with pytest.raises(BadFile, match=said):
        read_events([file], [])


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("kind", ["jsonl", "json", "csv"])
def test_texts_may_be_compressed(tmp_path: Path, kind: str, pack: Callable[[bytes], bytes]) -> None:
    text = LINE % b'"c"'
    if kind == "json":
        text = b"[" + text + b"]"
    elif kind == "csv":
        text = b"source,id,customer,type,time\nshop,1,c,buy,2024-01-01\n"
    file = tmp_path / f"events.{kind}.packed"
    file.write_bytes(pack(text))
    assert values(read_events([file], []).customer, np.arange(1)) == ["c"]


def test_a_compressed_text_that_is_cut_off_is_named(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl.gz"
    file.write_bytes(gzip.compress(LINE % b'"c"' * 1_000)[:-20])
    with pytest.raises(BadFile, match=r"events.jsonl.gz: cannot be read"):
        read_events([file], [])


def test_more_events_are_expected_of_what_is_compressed(tmp_path: Path) -> None:
    plain, packed = tmp_path / "events.jsonl", tmp_path / "events.jsonl.gz"
    text = b"".join(LINE % b'"c%d"' % place for place in range(2_000))
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    assert likely_events([packed]) > likely_events([plain]) / 4
