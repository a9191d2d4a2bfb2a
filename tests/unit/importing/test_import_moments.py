"""Columns of moments: what people and programs write is read right, or refused."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.columns import array, decided

from valuebox_cli.importing.columns.moment_reader import Moments
from valuebox_cli.importing.columns.moments import MomentColumn
from valuebox_cli.importing.columns.unclear import UnclearColumn

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def read(
    values: Sequence[Any] | pa.Array, zone: ZoneInfo = UTC, written: str | None = None
) -> Moments:
    """A whole column."""
    return decided(MomentColumn("at", zone, written), values).read(array(values))


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
        ("02-May-13", "2013-05-02"),
        ("2-MAY-13 6:20 PM", "2013-05-02T18:20:00"),
        ("2 May 70", "1970-05-02"),
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


@pytest.mark.parametrize(
    ("written", "value", "moment"),
    [
        ("excel", 45_414.75, "2024-05-02T18:00"),
        ("excel", "45414", "2024-05-02"),
        ("epoch_days", 19_845, "2024-05-02"),
        ("year", 2024, "2024-01-01"),
        ("epoch_s", "5", "1970-01-01T00:00:05"),
        ("epoch_ms", 1_500, "1970-01-01T00:00:01.5"),
        ("epoch_s", pa.array([1714643968.0], pa.float32()), "2024-05-02T09:59:28"),
        ("%d/%m/%Y", "03/04/2013", "2013-04-03"),
        ("%m/%d/%Y %I:%M %p", "3/4/2013 6:20 PM", "2013-03-04T18:20"),
        ("%Y%m", 201305, "2013-05-01"),
        ("%Y%m%d", "19970101", "1997-01-01"),
        ("%d.%m.%y %H:%M:%S%z", "31.12.10 08:26:00+0100", "2010-12-31T07:26"),
        ("iso", "2013-05-02", "2013-05-02"),
        ("excel", datetime(2013, 5, 2), "2013-05-02"),
    ],
)
def test_the_mapping_says_how_moments_are_written(written: str, value: Any, moment: str) -> None:
    found = read(value if isinstance(value, pa.Array) else [value], written=written)
    assert found.values[0] == np.datetime64(moment)


@pytest.mark.parametrize("written", ["epoch", "%Q", "YYYY-MM-DD", "", "%"])
def test_a_format_that_nobody_knows_is_refused(written: str) -> None:
    with pytest.raises(UnclearColumn, match="no format"):
        MomentColumn("at", UTC, written)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        (["2013-05-02", "soon", "2013-13-01", "1969-01-01", "2201-01-01", "2015-02-29"], 5),
        (["2013-05-02", "0000-00-00", "2013-05-02 24:01", "2013-05-02 23:59:60"], 3),
        (["2013-05-02", "infinity", "0044-03-15 BC", "294276-01-01"], 3),
        # What is rare besides the year first is not guessed.
        (["2013-05-02", "2013-05-03", "05/02/2013"], 1),
        (["31/12/2013"] * 200 + ["12/31/2013"], 1),
        # Zero stands for a moment that is not known, and a date's digits are no seconds.
        ([1_367_518_813, 0, 20_130_502, 1_367_518_814], 2),
        ([1_367_518_813_000, 1_367_518_813, 1_367_518_814_000], 1),
        (pa.array([10**13, -1, 1_367_518_813, None], pa.timestamp("s")), 2),
        (pa.array([19_845, 10**6, None], pa.date32()), 1),
    ],
)
def test_what_is_no_moment_in_a_column_of_moments_is_wrong(values: Any, wrong: int) -> None:
    found = read(values)
    assert found.wrong.sum() == wrong
    np.testing.assert_array_equal(np.isnat(found.values), found.missing | found.wrong)
    assert not found.wrong[0] or isinstance(values, pa.Array)


@pytest.mark.parametrize("values", [[], [None], [""], [None, " ", float("nan")]])
def test_a_column_without_values_is_missing(values: list[Any]) -> None:
    assert read(values).missing.tolist() == [True] * len(values)


def test_moments_without_a_zone_are_on_the_clock_of_the_mapping() -> None:
    values = ["2013-07-01 12:00", "2013-01-01 12:00", "2013-07-01 12:00Z", None]
    values += ["2013-10-27 02:30", "2013-03-31 02:30"]
    expected = ["2013-07-01T10:00", "2013-01-01T11:00", "2013-07-01T12:00", "NaT"]
    # A clock that shows an hour twice, and one that leaves an hour out.
    expected += ["2013-10-27T00:30", "2013-03-31T01:00"]
    found = read(values, BERLIN).values
    np.testing.assert_array_equal(found, np.array(expected, dtype="datetime64[us]"))


@pytest.mark.parametrize("zone", [UTC, BERLIN, NEW_YORK, ZoneInfo("Pacific/Kiritimati")])
@pytest.mark.parametrize(
    "value", ["2024-06-01", date(2024, 6, 1), 20240601, "1.6.2024", "June 1, 2024"]
)
def test_a_bare_day_is_on_that_day_in_utc_and_in_the_zone(zone: ZoneInfo, value: Any) -> None:
    (found,) = read([value], zone).values.tolist()
    in_utc = found.replace(tzinfo=UTC)
    assert in_utc.date() == in_utc.astimezone(zone).date() == date(2024, 6, 1)
    # No earlier moment is.
    assert {in_utc.time(), in_utc.astimezone(zone).time()} & {time(0)}


def test_the_note_says_how_a_column_was_read() -> None:
    def note(values: list[Any], zone: ZoneInfo = UTC) -> str:
        return decided(MomentColumn("at", zone), values).note

    assert note(["12/31/2010 8:26", None]) == "%m/%d/%Y %H:%M"
    assert note([1_367_518_813_000]) == "milliseconds since 1970"
    assert note([1_367_518_813_000], BERLIN) == "milliseconds since 1970"
    assert note(["2013-05-02 18:20"], BERLIN).endswith("on the clock of Europe/Berlin")
    assert note([19970101], BERLIN).startswith("days such as 20130502, days by themselves")


FORMATS = {
    "%Y-%m-%d %H:%M:%S.%f": None,
    "%Y-%m-%dT%H:%M:%SZ": None,
    "%Y/%m/%d %H:%M:%S": None,
    "%b %d, %Y %I:%M:%S %p": None,
    "%a, %d %b %Y %H:%M:%S +0000": None,
    "%d-%B-%Y %H:%M:%S": None,
    "%m/%d/%Y %H:%M:%S": "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %I:%M:%S %p": "%d/%m/%Y %I:%M:%S %p",
    "%d.%m.%y %H:%M:%S": None,
    "%Y%m%d%H%M%S": None,
}


@pytest.mark.parametrize("written", FORMATS)
@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2060, 1, 1)), min_size=1
    )
)
def test_moments_come_back_from_every_format(written: str, moments: list[datetime]) -> None:
    texts = [one.strftime(written) for one in moments]
    found = read(texts, written=FORMATS[written])
    exact = "%f" in written
    expected = [one if exact else one.replace(microsecond=0) for one in moments]
    assert found.values.tolist() == expected


@pytest.mark.parametrize(("unit", "per_second"), [("s", 1), ("ms", 10**3), ("us", 10**6)])
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(631_152_000_000_000, 4_102_444_799_999_999), min_size=1, max_size=9))
def test_epochs_come_back_in_every_unit(unit: str, per_second: int, micros: list[int]) -> None:
    counted = [one * per_second // 1_000_000 for one in micros]
    expected = np.array(counted, dtype=f"datetime64[{unit}]").astype("datetime64[us]")
    for values in (counted, [str(one) for one in counted]):
        np.testing.assert_array_equal(read(values).values, expected)
