import numpy as np
import pytest

from valuebox.statistics.psi import SHIFT, merged, shift

SHARES = np.array([0.1, 0.2, 0.3, 0.4])


def test_users_who_are_counted_several_times_leave_as_much_to_chance() -> None:
    once, thrice = [shift([100, 300], [times * 10, times * 40]) for times in (1, 3)]
    assert shift([100, 300], [30, 120], (400, 50)) == once
    assert thrice.psi == once.psi
    assert thrice.noise < once.noise


def test_the_index_is_that_of_the_textbook() -> None:
    apart = shift([100, 200, 300, 400], [200, 200, 200, 400])
    assert apart is not None
    # (0.2 - 0.1) ln(0.2 / 0.1) + (0.2 - 0.3) ln(0.2 / 0.3)
    assert apart.psi == pytest.approx(0.1 * np.log(2) - 0.1 * np.log(2 / 3))


@pytest.mark.parametrize(
    ("bins", "chi_square"),
    # From tables of chi-square at 0.001, with a degree of freedom less than there are bins.
    [(1, 0.0), (2, 10.828), (3, 13.816), (5, 18.467), (11, 29.588)],
)
def test_noise_is_what_tables_of_chi_square_say(bins: int, chi_square: float) -> None:
    apart = shift([10_000 // bins] * bins, [1_000 // bins] * bins)
    assert apart is not None
    n, m = 10_000 // bins * bins, 1_000 // bins * bins
    assert apart.noise == pytest.approx(chi_square * (1 / n + 1 / m), rel=1e-4)


def test_users_of_the_same_kind_exceed_the_noise_once_in_a_thousand_times() -> None:
    rng = np.random.default_rng(5)
    before, now = rng.multinomial(20_000, SHARES, 4_000), rng.multinomial(5_000, SHARES, 4_000)
    apart = [shift(list(one), list(other)) for one, other in zip(before, now, strict=True)]
    # Of 4 that are to be expected; 13 or more come once in 5,000 times.
    assert 0 <= sum(one.psi > one.noise for one in apart if one is not None) < 13
    assert len(apart) - apart.count(None) == 4_000


def test_a_bin_that_nobody_is_in_is_not_infinitely_far() -> None:
    apart = shift([500, 500], [1_000, 0])
    assert apart is not None
    assert SHIFT < apart.psi < 10


def test_without_users_nothing_is_said() -> None:
    assert shift([0, 0], [1, 2]) is None
    assert shift([1, 2], [0, 0]) is None


def test_thin_bins_are_put_together_on_both_sides_alike() -> None:
    assert merged([1, 2, 50, 43, 2, 2], [9, 0, 1, 0, 0, 7]) == ([53, 47], [10, 7])
