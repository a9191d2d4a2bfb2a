"""Columns of moments: what people and programs write is read right, or refused."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from valuebox_cli.importing.columns.arrays import of_objects
from valuebox_cli.importing.columns.moments import MomentColumn, Moments
from valuebox_cli.importing.columns.unclear import UnclearColumn

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def read(
    values: Sequence[Any] | pa.Array, zone: ZoneInfo = UTC, written: str | None = None
) -> Moments:
    """A column, as an import reads it: seen in two batches, then read."""
    array = values if isinstance(values, pa.Array) else of_objects(values)
    column = MomentColumn("at", zone, written)
    half = len(array) // 2
    column.see(array[:half])
    column.see(array[half:])
    return column.decide().read(array)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2013-05-02 18:20:13.25", "2013-05-02T18:20:13.250000"),
        ("2013-05-02", "2013-05-02T00:00:00"),
        ("2013-05-02T18:20:13Z", "2013-05-02T18:20:13"),
        ("2013-05-02T18:20:13+02:00", "2013-05-02T16:20:13"),
        ("2013-05-02 18:20:13 UTC", "2013-05-02T18:20:13"),
        ("2013-05-02T18:20:13.123456789Z", "2013-05-02T18:20:13.123456"),
        ("2013-05-02 6:20 PM", "2013-05-02T18:20"),
        ("2013/5/2 8:26", "2013-05-02T08:26"),
        ("May 2, 2013", "2013-05-02"),
        ("02-May-2013 18:20:13", "2013-05-02T18:20:13"),
        ("Thu, 02 May 2013 18:20:13 +0200", "2013-05-02T16:20:13"),
        ("12/31/2010 8:26", "2010-12-31T08:26"),
        ("31/12/2010 8:26", "2010-12-31T08:26"),
        ("31.12.10", "2010-12-31"),
        ("02.05.2013 18:20", "2013-05-02T18:20"),
        ("19970101", "1997-01-01"),
        (19970101, "1997-01-01"),
        (20130502182013, "2013-05-02T18:20:13"),
        ("1367518813", "2013-05-02T18:20:13"),
        (1_367_518_813, "2013-05-02T18:20:13"),
        (1_367_518_813.5, "2013-05-02T18:20:13.5"),
        (1_367_518_813_117, "2013-05-02T18:20:13.117"),
        (1_367_518_813_117_025, "2013-05-02T18:20:13.117025"),
        (1_367_518_813_117_025_999, "2013-05-02T18:20:13.117025"),
        (datetime(2013, 5, 2, 18), "2013-05-02T18:00:00"),
        (datetime(2013, 5, 2, 18, tzinfo=BERLIN), "2013-05-02T16:00:00"),
        (date(2013, 5, 2), "2013-05-02T00:00:00"),
        (b"2013-05-02", "2013-05-02T00:00:00"),
    ],
)
def test_moments_are_in_utc(value: Any, moment: str) -> None:
    found = read([value, None])
    assert found.values[0] == np.datetime64(moment)
    assert found.missing.tolist() == [False, True]
    assert not found.wrong.any()


@pytest.mark.parametrize(
    ("values", "choice"),
    [
        (["12/1/2010 8:26", "12/12/2010 8:26"], '"%d/%m/%Y %H:%M" or "%m/%d/%Y %H:%M"'),
        (["10-12-11"], '"%d-%m-%y" or "%m-%d-%y" or "%y-%m-%d"'),
        (["13/05/2013", "05/13/2013"], '"%d/%m/%Y" or "%m/%d/%Y"'),
        (["1367518813", "1367518813000"], '"epoch_s" or "epoch_ms"'),
        ([19_845], '"epoch_days", "excel"'),
        ([45_414.5], '"epoch_days", "excel"'),
        ([2024], '"year"'),
        (["2024"], '"year"'),
        ([True], "True"),
        (["soon"], "'soon' (row 1)"),
        (pa.array([1714643968.0], pa.float32()), "epoch_s"),
    ],
)
def test_what_may_mean_several_moments_is_refused(values: Any, choice: str) -> None:
    with pytest.raises(UnclearColumn) as refused:
        read(values)
    assert str(refused.value).startswith("at")
    assert choice in str(refused.value)
