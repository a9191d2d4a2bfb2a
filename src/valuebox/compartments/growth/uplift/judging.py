"""Uplift out of an experiment: learn, judge on customers that were not learned from, and say so."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy

from valuebox.compartments.growth.experiments.exposure import NoExperiment, exposed
from valuebox.compartments.growth.experiments.outcomes import outcomes
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.strays import SetAside
from valuebox.compartments.growth.uplift.features import features_of, told_by_arm
from valuebox.compartments.growth.uplift.learning import Matrix, held_out
from valuebox.compartments.growth.uplift.qini import Qini, effects, qini
from valuebox.compartments.growth.uplift.schemas import (
    QiniPoint,
    ScoredPart,
    UpliftQuestion,
    UpliftReport,
)
from valuebox.pages.readable import figure
from valuebox.schemas.names import meant
from valuebox.statistics.arrays import Codes, Floats, Mask, Moments
from valuebox.statistics.sample_ratio import ratio_mismatch

_FEWEST = 200
"""Customers of an arm below which nothing is learned."""
_PARTS = 5


class Trial(NamedTuple):
    """Two arms of an experiment, one row a customer."""

    customer: Codes
    treated: Mask
    since: Moments
    outcome: Floats
    features: Matrix
    names: list[str]
    after: list[str]
    """Attributes in which the arms differ; they are no features."""
    arms: tuple[str, str]
    """Control, and treatment."""


def trial(facts: Facts, question: UpliftQuestion, until: np.datetime64) -> Trial:
    """The customers of the control and of the treated arm whose horizon is over.

    Raises:
        NoExperiment: when there is nothing to learn from, or the arms are not as large as meant.
    """
    found = exposed(facts, question)
    mismatch = ratio_mismatch(np.bincount(found.arm, minlength=len(found.arms)), found.meant)
    if mismatch.is_mismatch:
        raise NoExperiment(
            f"the arms are not as large as meant (p {mismatch.p_value:.1g}), so that their "
            "customers are not alike; see `valuebox growth experiment`"
        )
    others = found.arms[1:]
    if question.treated is None and len(others) > 1:
        raise NoExperiment(f"name the treated arm: {', '.join(others)}")
    name = others[0] if question.treated is None else meant(question.treated, others)
    if name not in others:
        raise NoExperiment(f"nobody is in the arm {name}; there are {', '.join(others)}")
    over = found.since + np.timedelta64(question.horizon_days, "D") <= until
    chosen = over & ((found.arm == 0) | (found.arm == found.arms.index(name)))
    customer, since = found.customer[chosen], found.since[chosen]
    treated = found.arm[chosen] > 0
    if min(int(treated.sum()), int((~treated).sum())) < _FEWEST:
        raise NoExperiment(f"an arm has fewer than {_FEWEST} customers whose horizon is over")
    plain = question.model_copy(update={"pre_days": 0})
    told = outcomes(facts, question.metrics[0], plain, customer, treated.astype(np.intp), since)
    after = told_by_arm(facts, customer, treated) - {question.attribute}
    left_out = after | {question.attribute}
    features, names = features_of(facts, question.purchase, customer, since, left_out)
    if not names:
        raise NoExperiment(
            "no attribute and no earlier event tells customers apart: there is nothing to learn"
        )
    return Trial(
        customer, treated, since, told.values, features, names, sorted(after), (found.arms[0], name)
    )


def judge_uplift(
    facts: Facts,
    question: UpliftQuestion,
    until: np.datetime64,
    set_aside: Sequence[SetAside] = (),
) -> UpliftReport:
    """Learn on whom the treatment has more effect, and judge that on others.

    Args:
        facts: What happened.
        question: What is asked.
        until: When the facts end.
        set_aside: What cannot have been then, and is not among the facts.

    Raises:
        NoExperiment: when there is nothing to learn from.
    """
    those = trial(facts, question, until)
    judged, effect = held_out(those.features, those.treated, those.outcome)
    treated, outcome = those.treated[judged], those.outcome[judged]
    score = scipy.stats.rankdata(effect) / len(effect)
    found = qini(score, treated, outcome)
    part = np.minimum((1 - score) * _PARTS, _PARTS - 1).astype(np.intp)
    seen = effects(part, treated, outcome, _PARTS)
    is_proven = found.interval[0] > 0
    metric = question.metrics[0]
    return UpliftReport(
        question=question,
        verdict=_verdict(found, those.arms[1], is_proven),
        control=those.arms[0],
        treated=those.arms[1],
        type=metric.type,
        measure=metric.measure,
        customers=len(those.outcome),
        judged=len(judged),
        effect=float(found.gains[-1]),
        effect_lower=found.gain_intervals[-1][0],
        effect_upper=found.gain_intervals[-1][1],
        qini=found.coefficient,
        qini_lower=found.interval[0],
        qini_upper=found.interval[1],
        is_proven=is_proven,
        curve=[
            QiniPoint(
                share=share, gain=gain, gain_lower=low, gain_upper=high,
                by_chance=share * float(found.gains[-1]),
            )
            for share, gain, (low, high) in zip(
                found.shares.tolist(), found.gains.tolist(), found.gain_intervals, strict=True
            )
        ],
        parts=[
            ScoredPart(
                customers=int((part == at).sum()),
                predicted=float(effect[part == at].mean()),
                effect=None if np.isnan(seen[at]) else float(seen[at]),
            )
            for at in range(_PARTS)
            if (part == at).any()
        ],
        features=those.names,
        set_aside=list(set_aside),
        told_by_arm=those.after,
    )  # fmt: skip


def _verdict(found: Qini, treated: str, is_proven: bool) -> str:
    low, high = found.interval
    area = f"Qini {figure(found.coefficient)}, {figure(low)} to {figure(high)}"
    average = f"{figure(float(found.gains[-1]))} a customer in the mean"
    if not is_proven:
        return (
            f"Nothing is proven of on whom {treated} has more effect ({area}): treat all or "
            f"nobody, by what it changes, {average}."
        )
    best = int(np.argmax(found.gains))
    return (
        f"Treat the best scores first ({area}): the first {found.shares[best]:.0%} gain "
        f"{figure(float(found.gains[best]))} for each customer of all, treating everybody "
        f"{average}."
    )
