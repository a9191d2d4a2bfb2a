import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from valuebox_cli.importing.values import as_amount, as_json, as_moments, as_text

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (7.0, "7"),
        (Decimal("7.00"), "7"),
        (2**60 + 1, str(2**60 + 1)),
        (" a b ", "a b"),
        ("007", "007"),
        ("  ", None),
        (None, None),
        (math.nan, None),
        (7.5, "7.5"),
        (math.inf, "inf"),
    ],
)
def test_ids_are_texts(value: Any, text: str | None) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2013-05-02 18:20:13.25", "2013-05-02T18:20:13.250000"),
        ("2013-05-02", "2013-05-02T00:00:00"),
        ("2013-05-02T18:20:13Z", "2013-05-02T18:20:13"),
        ("2013-05-02T18:20:13+02:00", "2013-05-02T16:20:13"),
        (datetime(2013, 5, 2, 18), "2013-05-02T18:00:00"),
        (datetime(2013, 5, 2, 18, tzinfo=BERLIN), "2013-05-02T16:00:00"),
        (date(2013, 5, 2), "2013-05-02T00:00:00"),
        (1_367_518_813, "2013-05-02T18:20:13"),
        (1_367_518_813.5, "2013-05-02T18:20:13.5"),
    ],
)
def test_moments_are_in_utc(value: Any, moment: str) -> None:
    (found,) = as_moments([value], UTC)
    assert found == np.datetime64(moment)


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "soon", "2013", "20130502", "2013-13-01", "02/05/2013", "1969-01-01"),
        *("2201-01-01", 1e13, 1e300, math.nan, b"x", True),
    ],
)
def test_what_is_no_moment_is_none(value: Any) -> None:
    assert np.isnat(as_moments([value], UTC)[0])
    assert np.isnat(as_moments([value, "2013-05-02"], BERLIN)[0])


def test_moments_without_a_zone_are_on_the_clock_of_the_mapping() -> None:
    values = ["2013-07-01 12:00", "2013-01-01 12:00", "2013-07-01 12:00Z", None]
    values += ["2013-10-27 02:30", "2013-03-31 02:30"]
    found = as_moments(values, BERLIN)
    expected = ["2013-07-01T10:00", "2013-01-01T11:00", "2013-07-01T12:00", "NaT"]
    # A clock that shows an hour twice, and one that leaves an hour out.
    expected += ["2013-10-27T00:30", "2013-03-31T01:00"]
    np.testing.assert_array_equal(found, np.array(expected, dtype="datetime64[us]"))


@pytest.mark.parametrize(
    ("value", "amount", "currency", "plain"),
    [
        (7, 7.0, None, True),
        ("7", 7.0, None, True),
        ("-7.50", -7.5, None, True),
        (Decimal("9.99"), 9.99, None, True),
        ("$7", 7.0, "USD", False),
        ("7 $", 7.0, "USD", False),
        ("7.00 usd", 7.0, "USD", False),
        ("7,5 €", 7.5, "EUR", False),
        ("1,234.50", 1234.5, None, False),
        ("1.234,50", 1234.5, None, False),
        ("1,234", 1234.0, None, False),
        ("1,234,567.25 GBP", 1234567.25, "GBP", False),
        ("1 234,5", 1234.5, None, False),
    ],
)
def test_amounts_are_read(value: Any, amount: float, currency: str | None, plain: bool) -> None:
    assert as_amount(value) == (amount, currency, plain)


@pytest.mark.parametrize("value", ["eleven", "7 - 9", "$7 €", "1.2.3", "inf", "nan", True, 1e13])
def test_what_is_no_amount_is_not_guessed(value: Any) -> None:
    found = as_amount(value)
    assert math.isnan(found.value)
    assert not found.plain


@pytest.mark.parametrize("value", [None, "", "  ", math.nan])
def test_no_amount_is_none(value: Any) -> None:
    found = as_amount(value)
    assert math.isnan(found.value)
    assert found.plain


def test_values_become_what_json_has() -> None:
    values = [None, "a", 7, 7.5, math.nan, Decimal("7.5"), date(2013, 5, 2), True, [math.inf]]
    assert [as_json(one) for one in values] == [
        *(None, "a", 7, 7.5, None, 7.5, "2013-05-02", True),
        [None],
    ]
