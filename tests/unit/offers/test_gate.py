"""What the gate of promotions lets through."""

import numpy as np
import pytest
from benchmarks.offers.coverage import passed
from benchmarks.offers.logged_world import draw

from valuebox.compartments.offers.evaluation.gate import Mode, gate
from valuebox.compartments.offers.evaluation.replay import Replay, Seen

N = 4_000
RNG = np.random.default_rng(0)
SEEN = Seen(np.arange(N), RNG.gamma(2.0, 0.5, N))


def held(earned: float) -> Replay:
    """A policy of a model that expects so much more of it, and is right."""
    return Replay(np.ones(N), SEEN.reward + earned + np.random.default_rng(1).normal(0, 0.2, N),
                  np.zeros(N))  # fmt: skip


WITH_MODEL = Seen(SEEN.cluster, SEEN.reward, SEEN.reward)


@pytest.mark.parametrize(
    ("earned", "better", "not_worse", "watch"),
    [(0.05, True, True, True), (0.0, False, True, True), (-0.05, False, False, False)],
)
def test_modes_ask_for_more_or_less(
    earned: float, better: bool, not_worse: bool, watch: bool
) -> None:
    policy = held(earned)
    found = {mode: gate(WITH_MODEL, policy, mode=mode, margin=0.02).passed for mode in Mode}
    assert found == {Mode.BETTER: better, Mode.NOT_WORSE: not_worse, Mode.WATCH: watch}


def test_the_served_policy_itself_passes_but_is_not_better() -> None:
    same = Replay(np.ones(N), None, np.zeros(N))
    assert gate(SEEN, same).passed
    assert not gate(SEEN, same, mode=Mode.BETTER).passed


def test_another_policy_can_be_the_one_to_beat() -> None:
    assert gate(WITH_MODEL, held(0.1), mode=Mode.BETTER).passed
    than_better = gate(WITH_MODEL, held(0.1), than=held(0.2), mode=Mode.BETTER)
    assert not than_better.passed
    assert than_better.difference == pytest.approx(-0.1)


def test_what_the_log_cannot_tell_passes_only_to_be_watched() -> None:
    weight = np.zeros(N)
    weight[:100] = 40.0
    unknown = Replay(weight, None, np.zeros(N))
    found = {mode: gate(SEEN, unknown, mode=mode) for mode in Mode}
    assert [mode for mode, one in found.items() if one.passed] == [Mode.WATCH]
    assert not any(one.proven for one in found.values())
    assert all("cannot tell" in one.why for one in found.values())


def test_a_verdict_says_what_was_found() -> None:
    found = gate(WITH_MODEL, held(-0.05))
    assert found.difference == pytest.approx(-0.05, abs=0.01)
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < -0.05 < found.upper
    assert "is not proven to lose no more than 2.0%" in found.why
    assert found.served == pytest.approx(SEEN.reward.mean())


SHARE = {True: 0.071, False: 0.072}
"""Share of the cheapest offer that makes what was served earn 5 % less of the offer's own part."""


@pytest.mark.slow
@pytest.mark.parametrize("often", [False, True])
def test_a_policy_that_loses_a_twentieth_hardly_ever_passes(often: bool) -> None:
    found = passed(often, 3_000, "own", {"as served": SHARE[often]}, 200)["as served"]
    assert found[Mode.NOT_WORSE] <= 0.05
    assert found[Mode.BETTER] <= 0.05


def test_the_policy_above_loses_a_twentieth() -> None:
    for often, share in SHARE.items():
        log = draw(np.random.default_rng(3), 400_000, often)
        _, every = log.reward("own")
        worse = (1 - share) * log.served + share * np.eye(5)[0]
        earned = [(one * every).sum() for one in (worse, log.served)]
        assert earned[0] / earned[1] - 1 == pytest.approx(-0.05, abs=0.004)


def test_a_policy_that_has_moved_a_little_passes_on_a_young_log() -> None:
    found = passed(True, 2_000, "own", {"refreshed": 0.0}, 50)["refreshed"]
    assert found[Mode.NOT_WORSE] >= 0.5
    assert found[Mode.WATCH] >= 0.9
