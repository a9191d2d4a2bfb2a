"""Which arm a session is in."""

from collections import Counter

import pytest
from scipy import stats

from valuebox.compartments.recommend.proof.assignment import (
    HOLDBACK,
    assign,
    expected,
    place,
)

HALVES = {"popular": 0.5, "personal": 0.5}


def test_a_session_stays_in_its_arm_and_others_are_dealt_out_as_meant() -> None:
    shares = {"popular": 0.2, "personal": 0.5, "mixed": 0.3}
    found = [assign("shop", "e1", f"s{one}", shares) for one in range(20_000)]
    assert found == [assign("shop", "e1", f"s{one}", shares) for one in range(20_000)]
    counts, meant = Counter(found), expected(shares)
    assert sum(meant.values()) == pytest.approx(1)
    tested = stats.chisquare(
        [counts[arm] for arm in meant], [20_000 * one for one in meant.values()]
    )
    assert tested.pvalue > 0.001


def test_places_are_even() -> None:
    assert stats.kstest([place("a", str(one)) for one in range(10_000)], "uniform").pvalue > 0.001
    assert place("a", "bc") != place("ab", "c")


def test_experiments_are_independent_and_hold_back_the_same_sessions() -> None:
    one = [assign("shop", "e1", f"s{at}", HALVES) for at in range(20_000)]
    other = [assign("shop", "e2", f"s{at}", HALVES) for at in range(20_000)]
    assert [arm == HOLDBACK for arm in one] == [arm == HOLDBACK for arm in other]
    pairs = Counter((a, b) for a, b in zip(one, other, strict=True) if a != HOLDBACK)
    table = [[pairs[a, b] for b in HALVES] for a in HALVES]
    assert stats.chi2_contingency(table).pvalue > 0.001
    assert 900 < one.count(HOLDBACK) < 1_100


def test_shops_with_the_same_ids_are_dealt_out_apart() -> None:
    one = [assign("a", "e", str(at), HALVES, 0) for at in range(2_000)]
    other = [assign("b", "e", str(at), HALVES, 0) for at in range(2_000)]
    same = sum(a == b for a, b in zip(one, other, strict=True))
    assert 850 < same < 1_150


def test_an_arm_without_a_share_has_no_session() -> None:
    found = {assign("a", "e", str(at), {"x": 1.0, "y": 0.0}) for at in range(500)}
    assert found == {"x", HOLDBACK}


@pytest.mark.parametrize(
    ("shares", "holdback"),
    [({}, 0), ({"a": 0.5, "b": 0.4}, 0), ({"a": 1.5, "b": -0.5}, 0), ({"a": 1.0}, 1),
     ({HOLDBACK: 1.0}, 0.05)],
)  # fmt: skip
def test_shares_that_are_none_are_refused(shares: dict[str, float], holdback: float) -> None:
    with pytest.raises(ValueError, match=r"shares|holdback"):
        assign("a", "e", "s", shares, holdback)
