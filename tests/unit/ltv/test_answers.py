"""What predictions are answered with, as bytes."""

import pytest
from pydantic_core import to_json

from valuebox.compartments.ltv.answers import Answer

ENDS = [0.1 + 0.2, -0.0, 1e-7, 5e-324, 999_999.999999, 4_503_599_627_370_497.5]
"""Amounts that are not all written alike by those who write them."""
ID = "019c2f4e-6a3b-7c1d-9e2f-3a4b5c000000"


@pytest.mark.parametrize("last", [12.5, None], ids=["an end", "none, as of old rows"])
def test_both_forms_hold_the_same_and_are_spelt_as_pydantic_spells_them(last: float | None) -> None:
    count = len(ENDS)
    answer = Answer(list(range(count)), ENDS, [*ENDS[1:], last], ENDS[::-1], [ID] * count, "ltv:a")
    columns = {
        "model": "ltv:a",
        "user_id": answer.user_id,
        "prediction": ENDS,
        "lower": answer.lower,
        "upper": answer.upper,
        "prediction_id": answer.prediction_id,
    }
    assert bytes(answer.by_column().body) == to_json(columns)
    names = ("user_id", "prediction", "lower", "upper", "model", "prediction_id")
    by_row = {**columns, "model": ["ltv:a"] * count}
    rows = zip(*(by_row[name] for name in names), strict=True)
    expected = [dict(zip(names, row, strict=True)) for row in rows]
    assert bytes(answer.by_row().body) == to_json(expected)
