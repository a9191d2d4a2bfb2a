"""Columns of amounts: separators, signs and currencies are read right, or refused."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.columns import array, decided

from valuebox_cli.importing.columns.amounts import AmountColumn, Amounts
from valuebox_cli.importing.columns.money import Separator
from valuebox_cli.importing.columns.unclear import UnclearColumn

POINT, COMMA = ["7.50", "9.99"], ["7,50", "9,99"]


def read(values: Sequence[Any] | pa.Array, **said: Any) -> Amounts:
    """A whole column."""
    return decided(AmountColumn("price", **said), values).read(array(values))


@pytest.mark.parametrize(
    ("beside", "written", "value", "currency"),
    [
        (POINT, "7", 7.0, None),
        (POINT, "1.234", 1.234, None),
        (POINT, "1,234", 1234.0, None),
        (POINT, "1,234.50", 1234.5, None),
        (POINT, "1,234,567.25 GBP", 1234567.25, "GBP"),
        (POINT, "1,00,000.50", 100000.5, None),
        (POINT, "1\u2019234.50", 1234.5, None),
        (POINT, "1'234'567", 1234567.0, None),
        (POINT, "1 234.5", 1234.5, None),
        (POINT, ".5", 0.5, None),
        (POINT, "5.", 5.0, None),
        (POINT, "1e3", 1000.0, None),
        (POINT, "+7.5", 7.5, None),
        (POINT, "$7", 7.0, "USD"),
        (POINT, "7 $", 7.0, "USD"),
        (POINT, "US$ 7.50", 7.5, "USD"),
        (POINT, "7.00 usd", 7.0, "USD"),
        (POINT, "EUR7.50", 7.5, "EUR"),
        (POINT, "£7.50", 7.5, "GBP"),
        (POINT, "Rs. 100", 100.0, "INR"),
        (POINT, "CHF 7.-", 7.0, "CHF"),
        (POINT, "7.--", 7.0, None),
        (POINT, "12.-", 12.0, None),
        (POINT, "-12.-", -12.0, None),
        (POINT, "1,234.\u2013", 1234.0, None),
        (POINT, "-7.50", -7.5, None),
        (POINT, "\u22127.50", -7.5, None),
        (POINT, "7.50-", -7.5, None),
        (POINT, "7-", -7.0, None),
        (POINT, "(7.50)", -7.5, None),
        (POINT, "($7.50)", -7.5, "USD"),
        (POINT, "-$7.50", -7.5, "USD"),
        (POINT, "$-7.50", -7.5, "USD"),
        (POINT, "- 7.50 EUR", -7.5, "EUR"),
        (POINT, "١٢", 12.0, None),
        (COMMA, "1,234", 1.234, None),
        (COMMA, "0,500", 0.5, None),
        (COMMA, "1.234", 1234.0, None),
        (COMMA, "1.234 €", 1234.0, "EUR"),
        (COMMA, "1.234,-", 1234.0, None),
        (COMMA, "12,- €", 12.0, "EUR"),
        (COMMA, "12,50-", -12.5, None),
        (COMMA, "1.234.567", 1234567.0, None),
        (COMMA, "€ 1.234,56", 1234.56, "EUR"),
        (COMMA, "1\u00a0234,50 €", 1234.5, "EUR"),
        (COMMA, "1\u202f234,50 €", 1234.5, "EUR"),
        (COMMA, "R$ 7,50", 7.5, "BRL"),
        (COMMA, "7,50 zł", 7.5, "PLN"),
        (COMMA, "-7,5", -7.5, None),
        # What has one meaning alone has it among others, too.
        (POINT * 99, "7,5 €", 7.5, "EUR"),
        (POINT * 99, "1.234,50", 1234.5, None),
        (COMMA * 99, "(7.50)", -7.5, None),
        ([], "0,500", 0.5, None),
        ([], "1,234.50", 1234.5, None),
        ([], "1.234,50", 1234.5, None),
        ([], "1,2345", 1.2345, None),
    ],
)
def test_the_column_tells_what_an_amount_is(
    beside: list[str], written: str, value: float, currency: str | None
) -> None:
    found = read([*beside, written])
    assert (found.value[-1], found.currency[-1]) == (value, currency)
    assert not found.wrong.any()
    assert set(found.value[: len(beside)].tolist()) <= {7.5, 9.99}


@pytest.mark.parametrize(
    "written",
    [
        *("eleven", "7 - 9", "$7 €", "7.5.0", "12,345,6", "1_000", "inf", "nan", "0x10", "7%"),
        *("7 pcs", "XYZ 7", "7 kr", "--7", "(-7)", "(7", "12 34", "1 23,4", "-", "N/A", "1e13"),
        # Thousands or not, it contradicts the others.
        *("0,500", "1.234.567"),
    ],
)
def test_what_is_no_amount_is_not_guessed(written: str) -> None:
    found = read([*POINT * 100, written])
    assert math.isnan(found.value[-1])
    assert found.wrong.tolist() == [False] * 200 + [True]
    assert found.currency[-1] is None
    assert not found.understood[-1]


@pytest.mark.parametrize("values", [["1,234"], ["1.234", "12"], ["12.500 €"], ["7,5", "7.5"]])
def test_a_column_that_does_not_tell_its_separator_is_refused(values: list[str]) -> None:
    with pytest.raises(UnclearColumn) as refused:
        read(values)
    said = str(refused.value)
    assert said.startswith("price can be read in several ways: ")
    assert f"{values[0]!r} (row 1)" in said
    assert 'decimal = "." or decimal = ","' in said


@pytest.mark.parametrize(("decimal", "value"), [(".", 1234.0), (",", 1.234)])
def test_the_mapping_may_say_the_separator(decimal: Separator, value: float) -> None:
    assert read(["1,234"], decimal=decimal).value.tolist() == [value]


def test_where_both_separators_are_used_nothing_is_read_that_either_may_mean() -> None:
    found = read(["7,50", "9,99", "7.50", "1,234", "1.234 €", "12", "1.234.567"])
    assert found.wrong.tolist() == [False, False, False, True, True, False, False]
    assert found.value[-1] == 1234567.0


@pytest.mark.parametrize(
    ("written", "known", "currency"),
    [
        ("$7", "CAD", "CAD"),
        ("$7", "EUR", "USD"),
        ("7 kr", "SEK", "SEK"),
        ("kr. 7", "DKK", "DKK"),
        ("¥7", "CNY", "CNY"),
        ("7 CHF", "EUR", "CHF"),
    ],
)
def test_the_mapping_says_whose_sign_is_meant(written: str, known: str, currency: str) -> None:
    assert read([written], currency=known).currency.tolist() == [currency]


@pytest.mark.parametrize(
    ("values", "amounts", "wrong"),
    [
        ([7, 7.5, None, math.nan], [7.0, 7.5, None, None], 0),
        ([Decimal("9.99"), Decimal(-1)], [9.99, -1.0], 0),
        ([1e13, math.inf, 1.0], [None, None, 1.0], 2),
        ([True, False], [None, None], 2),
        ([7, "7.5", "x", None], [7.0, 7.5, None, None], 1),
        (["", " ", None], [None, None, None], 0),
        ([], [], 0),
    ],
)
def test_numbers_are_amounts(values: list[Any], amounts: list[float | None], wrong: int) -> None:
    found = read(values)
    assert [None if math.isnan(one) else one for one in found.value.tolist()] == amounts
    assert found.wrong.sum() == wrong


def test_only_what_was_no_number_is_called_understood() -> None:
    assert read(["7", "7.50", "$7", "1,234.50"]).understood.tolist() == [False, False, True, True]


LOCALES = {
    "en": lambda text: text,
    "de": lambda text: text.translate({44: ".", 46: ","}),
    "fr": lambda text: text.translate({44: "\u202f", 46: ","}) + " €",
    "ch": lambda text: "CHF " + text.replace(",", "\u2019"),
    "accounts": lambda text: f"({text[1:]})" if text[0] == "-" else text,
    "trailing": lambda text: text[1:] + "-" if text[0] == "-" else text,
}


@pytest.mark.parametrize("locale", LOCALES)
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-(10**11), 10**11), min_size=1))
def test_amounts_come_back_from_every_locale(locale: str, cents: list[int]) -> None:
    values = [one / 100 for one in cents]
    found = read([LOCALES[locale](f"{one:,.2f}") for one in values])
    assert found.value.tolist() == values
    assert not found.wrong.any()
