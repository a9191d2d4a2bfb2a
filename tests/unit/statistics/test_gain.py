import numpy as np
import pytest

from valuebox.statistics.gain import gain_curve, gain_difference


def drawn(rng: np.random.Generator, n: int, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and who responded: a tenth or so, likelier with a higher score."""
    score = rng.standard_normal(n)
    return score, rng.random(n) < 1 / (1 + np.exp(2.5 - strength * score))


def test_a_small_curve_is_as_counted_by_hand() -> None:
    score = np.arange(20, 0, -1.0)
    did = np.isin(np.arange(20), [0, 1, 2, 5, 19])
    curve = gain_curve("score", score, did)
    assert [point.gain for point in curve.points] == pytest.approx(
        [0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8]
    )
    assert curve.points[0].lift == pytest.approx(4.0)
    # Pairs of a responder and another one, of which the score has 15, 15, 15, 13 and 0 of 15 right.
    assert curve.auc == pytest.approx(58 / 75)
    for point in curve.points:
        assert point.band_lower <= point.gain_lower <= point.gain <= point.gain_upper
        assert point.gain_upper <= point.band_upper <= 1


def test_customers_with_one_score_are_in_no_order() -> None:
    did = np.arange(30) < 3
    curve = gain_curve("none", np.zeros(30), did)
    assert [point.lift for point in curve.points] == pytest.approx([1.0] * 9)
    assert (curve.auc, curve.p_value) == (0.5, 1.0)
    with pytest.raises(ValueError, match="who responded and customers who did not"):
        gain_curve("none", np.zeros(30), np.zeros(30, dtype=bool))


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_bands_of_curves_cover_the_truth(strength: float) -> None:
    rng = np.random.default_rng(4)
    truth = np.array(
        [point.gain for point in gain_curve("", *drawn(rng, 1_000_000, strength)).points]
    )
    runs = 250
    inside, banded, alarms = np.zeros(9), 0, 0
    for _ in range(runs):
        curve = gain_curve("", *drawn(rng, 800, strength))
        lower, upper, low, high = np.array(
            [
                (point.gain_lower, point.gain_upper, point.band_lower, point.band_upper)
                for point in curve.points
            ]
        ).T
        inside += (lower <= truth) & (truth <= upper)
        banded += bool(((low <= truth) & (truth <= high)).all())
        alarms += curve.p_value <= 0.05
    assert inside.mean() / runs == pytest.approx(0.9, abs=0.03)
    assert banded / runs == pytest.approx(0.9, abs=0.04)
    assert alarms / runs <= 0.07 if strength == 0 else alarms == runs


@pytest.mark.parametrize("runs", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_a_better_score_is_told_from_an_equal_one(runs: int) -> None:
    rng = np.random.default_rng(5)
    alarms = found = 0
    for _ in range(runs):
        score, did = drawn(rng, 800, 1.5)
        noisy, other = score + rng.standard_normal((2, len(score)))
        alarms += gain_difference("noisy", noisy, "other", other, did).p_value <= 0.05
        found += gain_difference("score", score, "noisy", noisy, did).p_value <= 0.05
    assert alarms / runs <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)
    assert found / runs > 0.9
    same = gain_difference("score", score, "again", score.copy(), did)
    assert (same.mean, same.p_value) == (0.0, 1.0)


@pytest.mark.parametrize("scatter", [0.0, 5.0])
def test_few_responders_prove_nothing(scatter: float) -> None:
    place = np.arange(750)
    noise = np.random.default_rng(1).standard_normal(750) * scatter
    score, other = place + noise, -place.astype(np.float64)
    for responders in (1, 2, 5, 20):
        found = gain_difference("a", score, "b", other, place >= 750 - responders)
        assert found.mean > 0.9
        # That all of them come sooner, or all of them later, happens so often.
        assert found.p_value >= 0.5 ** (responders - 1)
        assert (found.p_value <= 0.05) == (responders == 20)
