from typing import Any

import numpy as np
import pytest

from valuebox_cli.importing.expressions import BadExpression, Kind, Needed, parse

NUMBERS = {"a": [1.0, -5.0, np.nan], "b": [2.0, 0.0, 1.0], "Unit Price": [2.55, 3.0, 1.0]}
TEXTS = {"a": ["x", "y", None], "b": ["x", "z", None], "shop.country": ["FR", "DE", "FR"]}


def read(column: str, kind: Kind) -> Any:
    return np.array(NUMBERS[column]) if kind == "number" else np.array(TEXTS[column], dtype=object)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a * b", [2.0, -0.0, np.nan]),
        ("a * `Unit Price` - 1", [1.55, -16.0, np.nan]),
        ("-(a + 2) / b", [-1.5, np.inf, np.nan]),
        ("abs(a)", [1.0, 5.0, np.nan]),
        ("a < 0", [False, True, False]),
        ("not a < 0 and b >= 1", [True, False, True]),
        ("a == 1 or b == 1", [True, False, True]),
        ('a == "x"', [True, False, False]),
        ('a != "x"', [False, True, True]),
        ("a == b", [True, False, False]),
        ('a in ("y", "z")', [False, True, False]),
        ("b not in (1, 2)", [False, True, False]),
        ("missing(a)", [False, False, True]),
        ('startswith(shop.country, "F")', [True, False, True]),
        ('contains(a, "y") or endswith(a, "x")', [True, True, False]),
    ],
)
def test_expressions_are_worked_out_for_all_rows(text: str, values: list[Any]) -> None:
    np.testing.assert_allclose(parse(text).evaluate(read, 3).astype(float), values)


def test_columns_are_read_as_what_they_are_compared_with() -> None:
    needs = parse('Quantity > 0 and Country == "France" and missing(`Sold to`)').needs
    assert needs == {
        Needed("Quantity", "number"),
        Needed("Country", "text"),
        Needed("Sold to", "text"),
    }


@pytest.mark.parametrize(
    "text",
    [
        *("", "a +", "Unit Price * 2", "import os", "a = 1", "a; b"),
        *('__import__("os").system("id")', "a.b()", "(lambda: 1)()", "[a for a in b]", "a[0]"),
        *('f"{a}"', "a if b else a", "a ** 9", "a // b", "a % b", "a << 9", "~a", "True", "None"),
        *("1 < a < 3", "a is b", 'a < "x" + "y"', '"x"', "'x' * 9", "a in b", "a in ()"),
        *("abs(a, b)", "abs(x=a)", "open(a)", "missing(1)", "startswith(a, b)", 'a in (1, "x")'),
        "not a",
        "a and b",
        "a + (b < 1)",
        "+".join(["a"] * 600),
        "a + " * 120 + "a",
        "(" * 900 + "a" + ")" * 900,
    ],
)
def test_nothing_else_is_an_expression(text: str) -> None:
    with pytest.raises(BadExpression):
        parse(text)
