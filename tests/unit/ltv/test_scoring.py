"""Batches for `valuebox score` are checked as other files are."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.readers import read

from valuebox.compartments.ltv.files import BadFile, checked
from valuebox_cli.ltv.scoring.source import source

GOOD = {
    "user_id": "7",
    "join_date": "2019-08-01 00:00:21",
    "hidden": "0",
    "STV": "16.277625",
    "credit_card_level": "standard",
    "is_lp": "1",
    "aff_type": "PPS",
    "is_cancelled": "0",
    "country_segment": "US",
}
ODD = {
    "user_id": f",NA,-1,+1,007,0x1F, 7,1.0,1e3,{2**63 - 1},{2**63},{'9' * 18},{'1' * 30},\u0667",
    "join_date": ",2019-08-01,2019-08-01T00:00:21Z,2019-08-01 02:00:21+02:00,2019-02-29,2019-08,"
    "2199-12-31 23:59:59,2200-01-01,1969-12-31,1970-01-01,soon,2019-08-01 00:00:21.5,20190801,"
    "2019-08-01 24:00,2019-08-01 00,1564617600,2019-08-01 00:00:60, 2019-08-01",
    "hidden": ",NA,1,1.0,true,2,-0,0.5,nan,inf, 1",
    "STV": ",NA,0,-0.01,1000000,1000000.01,1e3,nan,-inf,x,0x10",
    "aff_type": f',NA,{"x" * 100},{"x" * 101},{"é" * 100},a\0b,",never seen',
}
CASES = [(name, value) for name, values in ODD.items() for value in values.split(",")]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_csv_files_are_taken_or_refused_alike(tmp_path: Path, name: str, value: str) -> None:
    quoted = '"' + value.replace('"', '""') + '"'
    rows = [",".join(GOOD), *[",".join(GOOD.values())] * 3]
    rows.insert(3, ",".join((GOOD | {name: quoted}).values()))
    file = tmp_path / "users.csv"
    file.write_text("\n".join(rows) + "\n")
    # The readers agree, or this fails.
    read(file, batch_size=2)


def test_other_columns_may_hold_anything_and_marks_are_no_part_of_names(tmp_path: Path) -> None:
    file = tmp_path / "users.csv"
    note = '"over\ntwo lines, quoted"'
    file.write_text(f"\ufeffuser_id,note,join_date,STV\n7,{note},2019-08-01,1.5\n", "utf-8")
    (users,) = source(file).batches(10)
    ids, columns, problems = checked(users, 0)
    assert (ids.tolist(), columns["STV"].tolist(), bool(problems)) == ([7], [1.5], False)
    assert "note" not in columns


@pytest.mark.parametrize(
    ("name", "values", "kind", "told"),
    [
        ("user_id", [1, 2], pa.int32(), None),
        ("user_id", [1, 2], pa.uint64(), None),
        ("user_id", [1, 2**63], pa.uint64(), "user_id is no whole number"),
        ("user_id", [1, -2], pa.int64(), "user_id is no whole number"),
        ("user_id", [1, None], pa.int64(), "user_id is missing: row 12"),
        ("user_id", [1, 2], pa.float64(), None),
        ("user_id", [1, 2.5], pa.float64(), "user_id is no whole number"),
        ("user_id", [True, False], pa.bool_(), "user_id is no whole number"),
        ("user_id", ["1", "2"], pa.large_string(), None),
        ("join_date", [date(2019, 8, 1)] * 2, pa.date32(), None),
        ("join_date", [datetime(2019, 8, 1)] * 2, pa.timestamp("ns"), None),
        ("join_date", [datetime(2019, 8, 1, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC"), None),
        ("join_date", [datetime(1960, 8, 1)] * 2, pa.timestamp("s"), "join_date is no date"),
        ("join_date", [1_564_617_600, 1], pa.int64(), "join_date is no date"),
        ("STV", [1.5, None], pa.float32(), None),
        ("STV", [1.5, float("nan")], pa.float64(), None),
        ("STV", [1.5, float("inf")], pa.float64(), "STV is no amount"),
        ("STV", [None, None], pa.null(), None),
        ("STV", [["1"], ["2"]], pa.list_(pa.string()), "STV is of the type list"),
        ("hidden", [True, None], pa.bool_(), None),
        ("hidden", [1, 2], pa.int8(), "hidden is neither 0 nor 1: row 12"),
        ("aff_type", ["PPS", None], pa.dictionary(pa.int8(), pa.string()), None),
        ("aff_type", ["PPS", "x" * 101], pa.dictionary(pa.int8(), pa.string()), "is longer than"),
        ("aff_type", [1, 2], pa.int64(), None),
    ],
)
def test_parquet_columns_of_many_types(
    tmp_path: Path, name: str, values: list[Any], kind: pa.DataType, told: str | None
) -> None:
    columns = {
        "user_id": pa.array([1, 2]),
        "join_date": pa.array([datetime(2019, 8, 1)] * 2),
        name: pa.array(values, kind),
    }
    file = tmp_path / "users.parquet"
    pq.write_table(pa.table(columns), file)
    (users,) = source(file).batches(10)
    ids, found, problems = checked(users, 10)
    if told:
        with pytest.raises(BadFile, match=told):
            problems.raise_for(file)
    else:
        problems.raise_for(file)
        assert ids.dtype == np.int64
        assert ids.tolist() == [1, 2]
        if name not in ("user_id", "join_date"):
            assert len(found[name]) == 2
