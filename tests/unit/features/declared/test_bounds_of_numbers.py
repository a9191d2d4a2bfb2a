"""Comparisons of numbers with bounds: of all events at once they say what they say of each."""

import numpy as np
import pytest

from valuebox.features.declared.columns import Coded, Column
from valuebox.features.declared.expressions import formula

AMOUNTS = np.array([-1e300, -0.0, 0.0, 5e-324, 1.0, 9007199254740993.0, np.nan])
TEXTS = Coded.of(["2", "1.0", "many", "", None, 1, True, 10**40])


@pytest.mark.parametrize("bound", ["0", "1", "1.0", "True", "9007199254740993", "1e308", "'1'"])
@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize("column", [AMOUNTS, TEXTS])
def test_all_events_and_each(column: Column, sign: str, bound: str) -> None:
    asked = formula(f"amount {sign} {bound}")
    if isinstance(column, Coded):
        single = [None if code < 0 else column.values[code] for code in column.codes.tolist()]
    else:
        single = [None if one != one else one for one in column.tolist()]
    wanted = [asked.of_event({"amount": one}.__getitem__) is True for one in single]
    assert asked.holds(lambda _: column, len(single)).tolist() == wanted
    whole = asked.column(lambda _: column, len(single))
    assert isinstance(whole, Coded)
    assert [whole.values[code] for code in whole.codes.tolist()] == wanted
