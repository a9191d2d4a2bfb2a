"""All that is known of an experiment, put together from its sessions."""

from datetime import UTC, date, datetime

import numpy as np

from valuebox.compartments.recommend.proof.assignment import expected
from valuebox.compartments.recommend.proof.judging import judge
from valuebox.compartments.recommend.proof.kpis import KPIS, figure
from valuebox.compartments.recommend.proof.months import by_month
from valuebox.compartments.recommend.proof.preference import preference
from valuebox.compartments.recommend.proof.preferring import preference_verdict
from valuebox.compartments.recommend.proof.schemas import (
    Arm,
    ArmFigure,
    Experiment,
    ProofReport,
)
from valuebox.compartments.recommend.proof.sentences import verdict
from valuebox.compartments.recommend.proof.sessions import Watched
from valuebox.statistics.arrays import Codes
from valuebox.statistics.sample_ratio import RatioMismatch, ratio_mismatch


def report(watched: Watched, experiment: Experiment) -> ProofReport:
    """Say what an experiment has shown so far.

    Args:
        watched: Sessions of all arms, those held back among them.
        experiment: As it was laid down.

    Raises:
        ValueError: where `watched` lacks an arm of the experiment.
    """
    if lacking := [one for one in experiment.dealt if one not in watched.arms]:
        raise ValueError(f"no sessions can be in {', '.join(lacking)}")
    sessions = watched.sessions
    first, last = (
        (_day(one) for one in sessions.first[[0, -1]]) if len(sessions.arm) else (None,) * 2
    )
    mismatch = _mismatch(watched, experiment)
    arms = _arms(watched, experiment)
    days = 0 if first is None or last is None else (last - first).days + 1
    preferred, found = None, {}
    if experiment.is_interleaved:
        preferred = preference(watched, experiment)
        verdicts = [preference_verdict(preferred, arms, mismatch)]
    else:
        found = {arm: judge(watched, experiment, arm) for arm in experiment.rivals}
        verdicts = [
            verdict(experiment, arm, judgement.judged, arms, mismatch, days)
            for arm, judgement in found.items()
        ]
    return ProofReport(
        experiment=experiment,
        first=first,
        last=last,
        arms=arms,
        mismatch=mismatch,
        several_arms=watched.several_arms,
        cut=watched.cut,
        caps=_caps(watched),
        tells_purchases=sessions.orders is not None,
        figures=_figures(watched),
        judged=[one for judgement in found.values() for one in judgement.judged],
        verdicts=verdicts,
        looks=[one for judgement in found.values() for one in judgement.looks],
        months=by_month(watched),
        preference=preferred,
    )


def _day(seconds: float) -> date:
    return datetime.fromtimestamp(float(seconds), UTC).date()


def _meant(experiment: Experiment) -> dict[str, float]:
    return {
        arm: share
        for arm, share in expected(experiment.dealt, experiment.holdback).items()
        if share > 0
    }


def _mismatch(watched: Watched, experiment: Experiment) -> RatioMismatch | None:
    """Whether arms are as large as meant: all their sessions, and those that are no machines'.

    The less likely of both: a list that makes machines of visitors, or lets them go unseen, leaves
    out more of one arm.
    """
    meant = {arm: share for arm, share in _meant(experiment).items() if arm in watched.arms}
    whole = sum(meant.values())
    shares = np.array([share / whole for share in meant.values()])
    places = [watched.arms.index(arm) for arm in meant]

    def tested(counts: Codes) -> RatioMismatch | None:
        own = counts[places]
        return ratio_mismatch(own, shares) if own.sum() else None

    found = [tested(watched.counts), tested(watched.counts + watched.robots)]
    return min((one for one in found if one is not None), key=lambda one: one.p_value, default=None)


def _arms(watched: Watched, experiment: Experiment) -> list[Arm]:
    meant, counts = _meant(experiment), watched.counts
    whole = sum(int(counts[at]) for at, arm in enumerate(watched.arms) if arm in meant)
    share = sum(meant[arm] for arm in watched.arms if arm in meant)
    sums = [
        np.bincount(watched.sessions.arm, one, len(watched.arms))
        for one in (watched.sessions.lists, watched.sessions.clicked, watched.sessions.inferred)
    ]
    ours = sorted(experiment.dealt, key=lambda arm: arm != experiment.control)
    names = [*ours, *(arm for arm in watched.arms if arm not in ours)]
    return [
        Arm(
            name=arm,
            sessions=int(counts[at]),
            meant=whole * meant[arm] / share if arm in meant else None,
            robots=int(watched.robots[at]),
            lists=int(sums[0][at]),
            clicked=int(sums[1][at]),
            inferred=int(sums[2][at]),
        )
        for arm in names
        for at in (watched.arms.index(arm),)
    ]


def _figures(watched: Watched) -> list[ArmFigure]:
    rows = []
    for at, arm in enumerate(watched.arms):
        own = watched.sessions.where(watched.sessions.arm == at)
        for kpi in KPIS:
            told = figure(kpi, own) if len(own.arm) else None
            upper = None if told is None or not np.isfinite(told.upper) else told.upper
            rows.append(
                ArmFigure(
                    arm=arm,
                    kpi=kpi.name,
                    value=None if told is None else told.value,
                    lower=None if told is None else told.lower,
                    upper=upper,
                )
            )
    return rows


def _caps(watched: Watched) -> dict[str, float]:
    caps = watched.caps
    found = {"views": caps.views, "lists": float(caps.lists), "time": caps.seconds}
    return found if watched.order_cap is None else {**found, "order_value": watched.order_cap}
