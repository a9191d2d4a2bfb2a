"""Doubly robust intervals hold as often as they say."""

import pytest
from benchmarks.offers.coverage import coverage


@pytest.mark.parametrize("often", [False, True], ids=["once", "often"])
def test_intervals_hold_about_nine_times_in_ten(often: bool) -> None:
    for case, held in coverage(often, 2_000, 60).items():
        # Of 60 logs, chance leaves three standard errors.
        assert 0.785 <= held.covered < 1, case


@pytest.mark.slow
@pytest.mark.parametrize("often", [False, True], ids=["once", "often"])
@pytest.mark.parametrize("decisions", [6_000, 20_000])
def test_intervals_hold_in_86_to_94_of_100_logs(often: bool, decisions: int) -> None:
    found = coverage(often, decisions, 500)
    wrong = {
        case: held.covered
        for case, held in found.items()
        if case.part != "week" and not 0.86 <= held.covered <= 0.94
    }
    assert wrong == {}
    assert all(held.refused == 0 for held in found.values())
