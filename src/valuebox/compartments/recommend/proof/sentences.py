"""What an experiment has shown, in words: a sentence to decide by, and what it rests on."""

import math
from collections.abc import Sequence

from valuebox.compartments.recommend.proof.kpis import BY_NAME
from valuebox.compartments.recommend.proof.schemas import Arm, Experiment, Judged, Kind, Verdict
from valuebox.pages.readable import change, count, interval, percent, visible
from valuebox.statistics.sample_ratio import RatioMismatch

_FINE = ("better", "not worse")


def verdict(
    experiment: Experiment,
    arm: str,
    judged: Sequence[Judged],
    arms: Sequence[Arm],
    mismatch: RatioMismatch | None,
    days: int,
) -> Verdict:
    """Say what an arm has shown.

    Args:
        experiment: As it was laid down.
        arm: Name of the arm.
        judged: Its figures beside the control's.
        arms: All arms.
        mismatch: Whether arms are as large as meant; None without sessions.
        days: Days since the first session.
    """
    mine = next(one for one in arms if one.name == arm)
    control = next(one for one in arms if one.name == experiment.control)
    if mismatch is not None and mismatch.is_mismatch:
        return Verdict(
            arm=arm,
            kind="no verdict",
            headline="No verdict: the arms are not as large as chance was meant to make them, so "
            "that some sessions were lost in one of them. Find out which, and why, before any "
            "figure is believed.",
            details=[sizes(arms, mismatch)],
        )
    kind, headline = _found(experiment, arm, judged, min(mine.sessions, control.sessions), days)
    details = [_detail(one) for one in judged]
    if mismatch is not None:
        details.append(sizes(arms, mismatch))
    return Verdict(arm=arm, kind=kind, headline=headline, details=details)


def _found(
    experiment: Experiment, arm: str, judged: Sequence[Judged], sessions: int, days: int
) -> tuple[Kind, str]:
    name, control = visible(arm).capitalize(), visible(experiment.control)
    primary = next(one for one in judged if one.is_primary)
    told = [one for one in judged if one.state != "not told"]
    beyond = [one for one in told if one.state == "worse beyond its margin"]
    unsure = [one for one in told if one.state not in _FINE]
    if not sessions:
        return "open", f"No verdict yet: {name} or {control} was shown to no session."
    if beyond:
        return "worse", f"{name} is worse than {control}: {_each(beyond)}. Stop it."
    if primary.state == "worse":
        return "worse", f"{name} is worse than {control}: {_each([primary])}."
    silent = _silence(judged)
    if primary.state == "better":
        gained = f"{name} is better than {control}: {_each([primary])}"
        if not unsure:
            return (
                "better",
                f"{gained}, and no other figure is worse by more than its margin{silent}.",
            )
        return "better", f"{gained}. Not yet proven to be not worse: {_labels(unsure)}{silent}."
    if told and not unsure:
        return "not worse", (
            f"{name} is not worse than {control}: no figure loses more than its margin{silent}. "
            f"Whether {BY_NAME[primary.kpi].label} are better is not proven."
        )
    if experiment.planned is not None and sessions >= experiment.planned:
        return "not proven", (
            f"Not proven, at the size that was planned: {_labels(unsure)} may be worse than with "
            f"{control} by more than the margin{silent}."
        )
    left = _left(experiment, sessions, days)
    return "open", f"Not decided yet: {_labels(unsure)} may still be worse or better{silent}.{left}"


def _left(experiment: Experiment, sessions: int, days: int) -> str:
    if experiment.planned is None:
        return ""
    more = math.ceil((experiment.planned - sessions) / (sessions / max(days, 1)))
    return f" About {count(more)} more days at this traffic reach the planned size."


def _silence(judged: Sequence[Judged]) -> str:
    silent = [BY_NAME[one.kpi].label for one in judged if one.state == "not told"]
    return (
        f" (the shop tells no purchases, so that {' and '.join(silent)} are not known)"
        if silent
        else ""
    )


def _each(found: Sequence[Judged]) -> str:
    return "; ".join(f"{BY_NAME[one.kpi].label} {change(one.change)}{_ends(one)}" for one in found)


def _ends(one: Judged) -> str:
    ends = (
        (one.lower, one.upper)
        if one.by == "planned size" or one.always_lower is None
        else (one.always_lower, one.always_upper)
    )
    return f" ({interval(*ends, change)})" if ends[0] is not None else ""


def _labels(found: Sequence[Judged]) -> str:
    return ", ".join(BY_NAME[one.kpi].label for one in found)


def _detail(one: Judged) -> str:
    kpi = BY_NAME[one.kpi]
    if one.state == "not told":
        return f"{kpi.label}: not told, which is not 0."
    if one.change is None:
        return f"{kpi.label}: open; nothing to compare yet."
    way = "lose" if kpi.higher_is_better else "gain"
    said = [
        f"{kpi.label}: {change(one.change)}",
        f"single look {interval(one.lower, one.upper, change)} (90 %)",
        f"all looks {interval(one.always_lower, one.always_upper, change)}",
        f"may {way} {percent(one.margin)}",
        one.state + ("" if one.since is None else f" since {one.since} by the {one.by}"),
    ]
    if one.state == "open" and one.needed is not None:
        said.append(f"the margin takes about {count(one.needed)} sessions an arm")
    return "; ".join(said) + "."


def sizes(arms: Sequence[Arm], mismatch: RatioMismatch) -> str:
    """How large arms are beside what was meant."""
    counted = ", ".join(
        f"{visible(one.name)} {count(one.sessions)} for {one.meant:,.0f}"
        for one in arms
        if one.meant is not None
    )
    return f"Sessions beside what was meant: {counted} (p {mismatch.p_value:.2g})."
