"""Intervals of money hold what they say, on tails on which Student's t does not."""

import numpy as np
import pytest

from valuebox.statistics.subsampling import MeanTails, RatioTails, Sure

WORLDS: dict[str, float] = {
    "lognormal": np.exp(2.0),
    "pareto": 3.0,
    "refunds": 0.8 * np.exp(2.0),
    "buyers": 3.0,
}


def drawn(rng: np.random.Generator, world: str, n: int) -> np.ndarray:
    if world == "pareto":
        return (1 - rng.random(n)) ** (-1 / 1.5)
    if world == "buyers":
        return np.where(rng.random(n) < 0.3, rng.gamma(4.0, 2.5, n), 0.0)
    amount = np.exp(2 * rng.standard_normal(n))
    return amount if world == "lognormal" else np.where(rng.random(n) < 0.1, -amount, amount)


def interval(tails: MeanTails, amount: np.ndarray) -> Sure:
    sums = float(amount.sum()), float((amount**2).sum())
    return tails.interval(*sums, len(amount), int(np.count_nonzero(amount)))


@pytest.mark.parametrize("world", WORLDS)
def test_intervals_of_means_hold_in_nine_of_ten(world: str) -> None:
    rng = np.random.default_rng(1)
    sizes = np.array([50, 50, 50, 50, 200, 200, 200])
    runs, held = 40, 0
    for run in range(runs):
        amount = drawn(rng, world, 3_000)
        tails = MeanTails(amount, run)
        for part in np.split(amount, np.cumsum(sizes))[:-1]:
            found = interval(tails, part)
            assert found.low is not None
            assert found.high is not None
            held += found.low <= WORLDS[world] <= found.high
    # Student's t holds 60 to 75 % of the heavy ones.
    assert held / runs / len(sizes) == pytest.approx(0.9, abs=0.045)


@pytest.mark.parametrize("world", ["lognormal", "buyers"])
def test_intervals_of_lifts_hold_in_nine_of_ten(world: str) -> None:
    rng = np.random.default_rng(2)
    n, groups, runs, held = 3_000, 10, 12, 0
    places = np.arange(n) % 10
    in_first, in_second = places < 7, places >= 4
    for run in range(runs):
        before = drawn(rng, world, n)
        after = np.where(rng.random(n) < 0.5, before, drawn(rng, world, n)) * 1.5
        tails = RatioTails(before, after, in_first, in_second, run)
        for group in range(groups):
            found = tails.interval(np.arange(n) // (n // groups) == group)
            assert found.low is not None
            assert found.high is not None
            held += found.low <= 1.5 <= found.high
    assert held / runs / groups == pytest.approx(0.9, abs=0.06)


def test_intervals_of_light_tails_are_those_of_student() -> None:
    rng = np.random.default_rng(3)
    amount = rng.gamma(4.0, 5.0, 20_000)
    found = interval(MeanTails(amount), amount[:500])
    error = amount[:500].std() / np.sqrt(499)
    assert found.low == pytest.approx(amount[:500].mean() - 1.648 * error, abs=0.15 * error)
    assert found.high == pytest.approx(amount[:500].mean() + 1.648 * error, abs=0.15 * error)


@pytest.mark.parametrize(
    ("amount", "size", "why"),
    [
        (np.ones(1_000), 5, "fewer than 20 customers"),
        (np.ones(0), 0, "fewer than 20 customers"),
        (np.arange(100.0), 50, "fewer than 200 customers in all"),
        (np.where(np.arange(1_000) % 100, 0.0, 1.0), 500, "too few customers with money"),
        (np.zeros(1_000), 500, "too few customers with money"),
        (
            np.exp(2 * np.random.default_rng(5).standard_normal(1_000)),
            1_000,
            "a few bring most, and there are too few",
        ),
    ],
)
def test_where_too_little_is_known_there_is_no_interval(
    amount: np.ndarray, size: int, why: str
) -> None:
    found = interval(MeanTails(amount), amount[:size])
    assert (found.low, found.high) == (None, None)
    assert found.why_not is not None
    assert found.why_not.startswith(why)


def test_there_is_no_ratio_to_nothing() -> None:
    rng = np.random.default_rng(4)
    there = np.arange(1_000) < 500
    some = np.where(there, 0.0, rng.gamma(4.0, 5.0, 1_000))
    found = RatioTails(np.zeros(1_000), some, there, ~there).interval(np.ones(1_000, dtype=bool))
    assert found == Sure(None, None, "nothing was brought to be compared with")


def test_what_does_not_vary_is_sure() -> None:
    found = interval(MeanTails(np.full(1_000, 5.0)), np.full(100, 5.0))
    assert (found.low, found.high) == (pytest.approx(5.0), pytest.approx(5.0))
