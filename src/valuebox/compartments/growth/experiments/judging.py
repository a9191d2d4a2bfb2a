"""An experiment judged: are the arms as large as meant, and does any differ from the control?"""

from collections.abc import Iterator, Sequence

import numpy as np

from valuebox.compartments.growth.change.claims import SIGNIFICANT, adjusted
from valuebox.compartments.growth.experiments.exposure import Exposed, NoExperiment, exposed
from valuebox.compartments.growth.experiments.outcomes import Outcomes, outcomes
from valuebox.compartments.growth.experiments.power import Unplannable, plan
from valuebox.compartments.growth.experiments.schemas import (
    Arm,
    Effect,
    ExperimentQuestion,
    ExperimentReport,
    MeasuredMetric,
    Metric,
)
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.strays import SetAside
from valuebox.pages.readable import change, figure, interval, visible
from valuebox.statistics import rates, shuffling
from valuebox.statistics.amounts import amounts
from valuebox.statistics.arrays import Codes
from valuebox.statistics.sample_ratio import RatioMismatch, ratio_mismatch
from valuebox.statistics.shuffling import FEWEST, TOO_FEW
from valuebox.statistics.subsampling import RatioTails, Sure

_FEWEST = 2
"""Customers of an arm below which nothing is compared."""


def judge(
    facts: Facts,
    question: ExperimentQuestion,
    until: np.datetime64,
    set_aside: Sequence[SetAside] = (),
) -> ExperimentReport:
    """Compare every arm with the control in every metric.

    Args:
        facts: What happened.
        question: What is asked.
        until: When the facts end: horizons that reach beyond are not over.
        set_aside: What cannot have been then, and is not among the facts.

    Raises:
        NoExperiment: when there is nothing to compare.
    """
    found = exposed(facts, question)
    over = found.since + np.timedelta64(question.horizon_days, "D") <= until
    customer, arm, since = found.customer[over], found.arm[over], found.since[over]
    judged = np.bincount(arm, minlength=len(found.arms))
    few = [name for name, n in zip(found.arms, judged.tolist(), strict=True) if n < _FEWEST]
    if few:
        raise NoExperiment(
            f"{', '.join(few)}: there are fewer than {_FEWEST} customers whose "
            f"{question.horizon_days} days are over"
        )
    measured = [outcomes(facts, one, question, customer, arm, since) for one in question.metrics]
    mismatch = ratio_mismatch(np.bincount(found.arm, minlength=len(found.arms)), found.meant)
    pairs = zip(question.metrics, measured, strict=True)
    tests = (len(found.arms) - 1) * len(question.metrics)
    raw = [one for metric, told in pairs for one in _effects(metric, told, arm, found.arms, tests)]
    effects = [
        one.model_copy(
            update={
                "p_adjusted": p,
                "is_real": p is not None and p <= SIGNIFICANT and not mismatch.is_mismatch,
            }
        )
        for one, p in zip(raw, adjusted([one.p_value for one in raw], 1.0), strict=True)
    ]
    arms = _arms(found, judged)
    return ExperimentReport(
        question=question,
        verdict=_verdict(arms, mismatch, effects),
        arms=arms,
        mismatch=mismatch,
        several_arms=found.several_arms,
        no_arm=found.no_arm,
        no_moment=found.no_moment,
        not_over=int((~over).sum()),
        set_aside=list(set_aside),
        metrics=[
            _measured(metric, told, arm, judged, len(question.metrics))
            for metric, told in zip(question.metrics, measured, strict=True)
        ],
        effects=effects,
    )


def _arms(found: Exposed, judged: Codes) -> list[Arm]:
    counts = np.bincount(found.arm, minlength=len(found.arms))
    return [
        Arm(name=name, exposed=int(n), meant=float(counts.sum() * share), judged=int(whole))
        for name, n, share, whole in zip(found.arms, counts, found.meant, judged, strict=True)
    ]


def _effects(
    metric: Metric, told: Outcomes, arm: Codes, arms: list[str], tests: int
) -> Iterator[Effect]:
    control = arm == 0
    for at, name in enumerate(arms[1:], start=1):
        mine = arm == at
        samples = amounts(told.values, told.values, control, mine)
        first, second = samples.means
        if metric.measure == "conversion" and told.variance_reduction is None:
            responders = (int(told.values[control].sum()), int(told.values[mine].sum()))
            counts = rates.Paired(samples.customers, responders)
            ends = Sure(*rates.ratio_interval(counts))
            p = rates.p_value(counts) if min(samples.customers) >= FEWEST else None
        else:
            tails = RatioTails(told.values, told.values, control, mine)
            ends = tails.interval(np.ones(sum(samples.customers), dtype=bool))
            p = shuffling.p_value(samples, tests=tests)
        yield Effect(
            arm=name, type=metric.type, measure=metric.measure, control=first, each=second,
            difference=second - first, lift=second / first - 1 if first > 0 else None,
            lower=None if ends.low is None else ends.low - 1,
            upper=None if ends.high is None else ends.high - 1, no_interval=ends.why_not,
            p_value=p, p_adjusted=None, no_test=TOO_FEW if p is None else None, is_real=False,
        )  # fmt: skip


def _measured(
    metric: Metric, told: Outcomes, arm: Codes, judged: Codes, metrics: int
) -> MeasuredMetric:
    control = told.values[arm == 0]
    is_share = metric.measure == "conversion" and told.variance_reduction is None
    try:
        detectable = plan(
            float(control.mean()),
            None if is_share else float(told.values.std()),
            customers=int(judged.min()),
            arms=len(judged),
            metrics=metrics,
        ).lift
    except Unplannable:
        detectable = None
    return MeasuredMetric(
        **metric.model_dump(),
        capped_at=told.capped_at,
        capped=told.capped,
        variance_reduction=told.variance_reduction,
        detectable=detectable,
    )


def _verdict(arms: list[Arm], mismatch: RatioMismatch, effects: list[Effect]) -> str:
    control = arms[0].name
    if mismatch.is_mismatch:
        counted = ", ".join(f"{one.name} {one.exposed:,} for {one.meant:,.0f}" for one in arms)
        return (
            f"No verdict: the arms are not as large as meant ({counted}; p "
            f"{mismatch.p_value:.1g}). "
            "Find out which customers are missing, and why, before any effect is believed."
        )
    real = [one for one in effects if one.is_real]
    if not real:
        return f"No arm differs from {control} beyond chance."
    said = [
        f"{visible(one.arm)} changes {one.measure} of {one.type} by {_change(one)}" for one in real
    ]
    return f"Beyond chance, beside {control}: {'; '.join(said)}."


def _change(one: Effect) -> str:
    if one.lift is None:
        return figure(one.difference)
    ends = "" if one.no_interval else f" ({interval(one.lower, one.upper, change)})"
    return f"{change(one.lift)}{ends}"
