"""Verdicts: what is proven, how often they err, and what they say where nothing can be known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benchmarks.recommend.shop_sessions import ARMS, Effect, as_watched, sessions
from benchmarks.recommend.verdicts import (
    called,
    experiment,
    false_claims,
    unequal,
    with_machines,
)
from pydantic import ValidationError

from valuebox.compartments.recommend.proof.assignment import HOLDBACK
from valuebox.compartments.recommend.proof.judging import judge
from valuebox.compartments.recommend.proof.looks import Change, proven, sequence
from valuebox.compartments.recommend.proof.report import report
from valuebox.compartments.recommend.proof.schemas import Experiment, Judged, ProofReport
from valuebox.compartments.recommend.proof.sessions import Sessions, Watched
from valuebox.statistics.ratios import RatioSums


def drawn(days: int = 14, seed: int = 1, a_day: int = 2_000, **effect: float) -> Sessions:
    return sessions(np.random.default_rng(seed), days, a_day, Effect(**effect))


def reported(found: Sessions, **asked: Any) -> ProofReport:
    return report(as_watched(found), experiment().model_copy(update=asked))


def state(found: ProofReport, kpi: str) -> Judged:
    return next(one for one in found.judged if one.kpi == kpi)


def test_the_interval_of_daily_looks_is_that_of_a_mean_of_so_many_sessions() -> None:
    sums = [RatioSums(*(np.array([one]) for one in (n, n, 4.0 * n, n, 20.0 * n, n, 4.0 * n)))
            for n in (3_000, 5_000)]  # fmt: skip
    found = sequence(sums[0], sums[1], 0.9, 1_000)
    deviation = (4 * 3_000 / 2_999) ** 0.5 / 4, (4 * 5_000 / 4_999) ** 0.5 / 4
    error = (deviation[0] ** 2 / 3_000 + deviation[1] ** 2 / 5_000) ** 0.5
    # Robbins' mixture, tightest at 1,000 values.
    tight = (-2 * np.log(0.1) + np.log(-2 * np.log(0.1) + 1)) / 1_000
    inner = 8_000 * tight + 1
    reach = error * (2 * inner / (8_000 * tight) * np.log(inner**0.5 / 0.1)) ** 0.5
    assert found.value == pytest.approx(0.0)
    assert np.log1p(found.upper) == pytest.approx(reach)
    assert np.log1p(found.lower) == pytest.approx(-reach)


def test_a_rate_that_should_be_low_is_proven_the_other_way_round() -> None:
    change = Change(0.0, np.array([-0.02, 0.06, -0.2]), np.array([0.02, 0.1, -0.01]))
    up, down = proven(change, True, 0.05), proven(change, False, 0.05)
    assert up.not_worse.tolist() == [True, True, False]
    assert up.better.tolist() == [False, True, False]
    assert up.worse.tolist() == [False, False, True]
    assert down.not_worse.tolist() == [True, False, True]
    assert down.better.tolist() == [False, False, True]
    assert down.beyond.tolist() == [False, True, False]


def test_a_better_arm_is_called_so_by_its_primary_figure_alone() -> None:
    found = reported(drawn(views=1.3))
    (verdict,) = found.verdicts
    assert verdict.kind == "better"
    assert verdict.headline.startswith("Personal is better than popular: views a session +")
    assert state(found, "views").state == "better"
    assert state(found, "views").by == "daily look"
    assert all(one.state != "better" for one in found.judged if not one.is_primary)
    # By conversion as the primary nothing of views is called better.
    other = reported(drawn(views=1.3), primary="conversion")
    assert state(other, "views").state == "not worse"


def test_an_arm_that_loses_more_than_its_margin_is_to_be_stopped() -> None:
    found = reported(drawn(28, bounces=1.2))
    (verdict,) = found.verdicts
    assert verdict.kind == "worse"
    assert "bounce rate +" in verdict.headline
    assert verdict.headline.endswith("Stop it.")


def test_all_figures_have_to_be_proven_for_an_arm_to_be_not_worse() -> None:
    margins = dict.fromkeys(
        ("clicks", "views", "time", "bounces", "conversion", "order_value"), 0.3
    )
    found = reported(drawn(28), margins=margins)
    assert found.verdicts[0].kind == "not worse"
    one_less = reported(drawn(28), margins={**margins, "conversion": 0.01})
    assert one_less.verdicts[0].kind == "open"
    assert "conversion" in one_less.verdicts[0].headline
    assert state(one_less, "conversion").needed is not None


def test_the_planned_size_is_looked_at_once_and_stays_as_it_was() -> None:
    found = drawn(28)
    asked = {"planned": 12_000, "margins": {"views": 0.05}}
    now, later = (reported(found.where(slice(0, n)), **asked) for n in (26_000, len(found.arm)))
    one, two = state(now, "views"), state(later, "views")
    assert one.state == two.state == "not worse"
    assert one.by == two.by == "planned size"
    assert one.since == two.since
    early = state(reported(found.where(slice(0, 20_000)), **asked), "views")
    assert early.state == "open"


def test_arms_that_are_not_as_large_as_meant_have_no_verdict() -> None:
    found = drawn(28, views=1.3)
    keep = (found.arm == 0) | (np.random.default_rng(0).random(len(found.arm)) < 47 / 50)
    lost = reported(found.where(keep))
    assert lost.mismatch is not None
    assert lost.mismatch.is_mismatch
    assert lost.verdicts[0].kind == "no verdict"
    assert "better" not in lost.verdicts[0].headline


def test_machines_that_are_left_out_of_one_arm_alone_stop_the_verdict() -> None:
    found = as_watched(drawn(7))
    assert report(found, experiment()).verdicts[0].kind != "no verdict"
    uneven = replace(found, robots=np.array([0, 700]))
    assert report(uneven, experiment()).verdicts[0].kind == "no verdict"


def test_purchases_that_are_not_told_are_named_and_not_judged() -> None:
    found = reported(drawn(views=1.3)._replace(orders=None, priced=None, revenue=None))
    assert not found.tells_purchases
    assert {one.kpi for one in found.judged if one.state == "not told"} == {
        "conversion", "order_value",
    }  # fmt: skip
    assert "tells no purchases" in found.verdicts[0].headline
    assert state(found, "conversion").change is None


@pytest.mark.parametrize("rows", [0, 1, 2, 30])
def test_few_sessions_say_nothing(rows: int) -> None:
    found = reported(drawn(1).where(slice(0, rows)))
    assert found.verdicts[0].kind == "open"
    assert {one.state for one in found.judged} == {"open"}
    assert ProofReport.model_validate_json(found.model_dump_json()) == found


def test_an_arm_without_sessions_says_nothing() -> None:
    found = drawn(2)
    alone = reported(found.where(found.arm == 0))
    assert alone.verdicts[0].kind in ("no verdict", "open")
    assert all(one.value is None for one in alone.figures if one.arm == ARMS[1])


def test_sessions_that_are_all_the_same_are_no_proof() -> None:
    found = drawn(2)
    ones = np.ones(len(found.arm))
    same = reported(found._replace(
        views=ones, clicked=ones, lists=ones, seconds=ones, bounced=ones, orders=ones, priced=ones,
        revenue=ones,
    ))  # fmt: skip
    assert all(one.change == 0 for one in same.judged)
    assert state(same, "views").state == "open"


def test_the_holdback_is_told_of_and_not_judged() -> None:
    found = drawn(4)
    held = np.random.default_rng(0).random(len(found.arm)) < 0.05
    arms = (*ARMS, HOLDBACK)
    watched = replace(
        as_watched(found._replace(arm=np.where(held, 2, found.arm))),
        arms=arms,
        robots=np.zeros(3, dtype=np.intp),
    )
    told = report(watched, experiment().model_copy(update={"holdback": 0.05}))
    assert [one.name for one in told.arms] == list(arms)
    assert {one.arm for one in told.judged} == {ARMS[1]}
    assert not told.mismatch.is_mismatch  # type: ignore[union-attr]
    assert {one.arm for one in told.months} == set(arms)


def test_several_arms_are_as_sure_together_as_one() -> None:
    found = drawn(6)
    third = np.where(np.arange(len(found.arm)) % 3 == 0, 2, found.arm)
    watched: Watched = replace(
        as_watched(found._replace(arm=third)), arms=("a", "b", "c"), robots=np.zeros(3, np.intp)
    )
    asked = Experiment(name="e", shares={"a": 0.34, "b": 0.33, "c": 0.33}, control="a", holdback=0)
    pair = asked.model_copy(update={"shares": {"a": 0.5, "b": 0.5}})
    both, alone = judge(watched, asked, "b").judged[1], judge(watched, pair, "b").judged[1]
    assert both.always_lower is not None
    assert alone.always_lower is not None
    assert both.always_lower < alone.always_lower
    assert both.lower == alone.lower


@pytest.mark.parametrize(
    "asked",
    [{"primary": "fun"}, {"margins": {"fun": 0.1}}, {"margins": {"views": 0}},
     {"shares": {"a": 1.0}}, {"shares": {"a": 0.4, "b": 0.4}}, {"planned": 0}, {"holdback": 1},
     {"control": "c"}],
)  # fmt: skip
def test_experiments_that_cannot_be_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Experiment(**{"name": "e", "shares": {"a": 0.5, "b": 0.5}, "control": "a", **asked})


def test_where_nothing_differs_hardly_anything_is_claimed_and_a_plain_test_claims_often() -> None:
    ours, plain, sizes = false_claims(40, 14)
    # Of 40 experiments 2 % are one; chance leaves three standard errors.
    assert ours.share <= 3 / 40
    assert plain.share >= 0.1
    assert sizes.share <= 3 / 40


@pytest.mark.parametrize(
    ("kpi", "effect"),
    [
        ("order_value", Effect(order_value=0.92)),
        pytest.param("views", Effect(views=0.92), marks=pytest.mark.slow),
        pytest.param("conversion", Effect(conversion=0.92), marks=pytest.mark.slow),
    ],
)
def test_a_loss_of_8_percent_is_hardly_ever_called_not_worse_by_5(kpi: str, effect: Effect) -> None:
    found = called(40, 7, effect, kpi, ("not worse", "better"), 3)
    assert found.share <= 0.05


@pytest.mark.slow
def test_22_percent_more_views_are_found_within_a_week_also_among_machines() -> None:
    assert called(10, 7, Effect(views=1.22), "views", ("better",), 4).share >= 0.9
    ours, plain = with_machines(4)
    assert ours.share == 1
    assert plain.share <= 0.5


def test_arms_of_50_to_47_are_told() -> None:
    assert unequal(300, 28).share >= 0.99
