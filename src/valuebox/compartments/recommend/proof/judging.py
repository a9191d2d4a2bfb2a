"""Arms beside their control: what each figure proves, by daily looks and once at the planned size.

All figures are guarded at once: an arm is called not worse where *every* figure is proven so. Each
of these tests errs in at most 5 of 100 experiments where its figure is worse by the margin, and the
verdict needs all of them, so that it errs no more often than the one it depends on (Berger,
Multiparameter hypothesis testing and acceptance sampling, Technometrics 24, 1982): nothing has to
be adjusted. To be better, or worse by whatever it is, is asked of one figure alone, which was named
before.
"""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

import numpy as np

from valuebox.compartments.recommend.proof.kpis import KPIS, Figure, Kpi, figure
from valuebox.compartments.recommend.proof.looks import (
    SEQUENCE,
    TIGHT_AT,
    Change,
    Proven,
    days_of,
    proven,
    sequence,
)
from valuebox.compartments.recommend.proof.planning import plan
from valuebox.compartments.recommend.proof.schemas import By, Experiment, Judged, Look, State
from valuebox.compartments.recommend.proof.sessions import Sessions, Watched
from valuebox.statistics.arrays import Mask
from valuebox.statistics.rates import LEVEL, quotient_interval
from valuebox.statistics.ratios import RatioSums

_CLAIMS: Final[tuple[tuple[str, State], ...]] = (
    ("beyond", "worse beyond its margin"),
    ("worse", "worse"),
    ("better", "better"),
    ("not_worse", "not worse"),
)
"""What may be proven of the figure that an experiment is about, the strongest first."""
_GUARDED: Final = (_CLAIMS[0], _CLAIMS[3])
"""What may be proven of the others."""


class Pair(NamedTuple):
    """Sessions of an arm and of its control, in order of their first moment."""

    both: Sessions
    is_arm: Mask
    arm: Sessions
    """Sessions of the arm alone."""
    control: Sessions
    """Sessions of the control alone."""

    @classmethod
    def of(cls, sessions: Sessions, arm: int, control: int) -> "Pair":
        """Take them out of the sessions of all arms."""
        both = sessions.where((sessions.arm == arm) | (sessions.arm == control))
        return cls._split(both, both.arm == arm)

    @classmethod
    def _split(cls, both: Sessions, is_arm: Mask) -> "Pair":
        return cls(both, is_arm, both.where(is_arm), both.where(~is_arm))

    def up_to(self, planned: int | None) -> "Pair | None":
        """The first of them, until both arms have as many as were planned; None before that."""
        if planned is None:
            return None
        mine = np.cumsum(self.is_arm)
        reached = np.minimum(mine, np.arange(1, len(mine) + 1) - mine) >= planned
        if not reached.any():
            return None
        end = slice(0, int(np.argmax(reached)) + 1)
        return self._split(self.both.where(end), self.is_arm[end])


class Judgement(NamedTuple):
    """What is known of an arm beside its control."""

    judged: list[Judged]
    looks: list[Look]


def judge(watched: Watched, experiment: Experiment, arm: str) -> Judgement:
    """Compare an arm with the control in every figure.

    Args:
        watched: Sessions of all arms.
        experiment: As it was laid down.
        arm: Name of the arm, another one than the control's.
    """
    names = list(watched.arms)
    pair = Pair.of(watched.sessions, names.index(arm), names.index(experiment.control))
    at_size = pair.up_to(experiment.planned)
    # Several arms that are compared with one control have the errors of one together.
    level = 1 - (1 - SEQUENCE) / max(len(experiment.rivals), 1)
    judged, looks = [], []
    for kpi in KPIS:
        by_look, days = _looked(kpi, pair, experiment, level)
        judged.append(_judged(kpi, pair, at_size, experiment, arm, level, by_look, days))
        if kpi.name == experiment.primary and by_look is not None:
            looks = [
                Look(arm=arm, day=day, change=_known(value), lower=_known(low, -1.0),
                     upper=_known(high))
                for day, value, low, high in zip(
                    days, *(np.asarray(one).tolist() for one in by_look), strict=True
                )
            ]  # fmt: skip
    return Judgement(judged, looks)


def _looked(
    kpi: Kpi, pair: Pair, experiment: Experiment, level: float
) -> tuple[Change | None, list[date]]:
    """The change of a figure at the end of every day; None where it is not told."""
    columns = kpi.columns(pair.both)
    day, starts = days_of(pair.both.first)
    if columns is None or not len(starts):
        return None, []
    group = day + len(starts) * pair.is_arm.astype(np.intp)
    sums = RatioSums.of(*columns, group, 2 * len(starts))
    control, arm = (
        sums.at(slice(at * len(starts), (at + 1) * len(starts))).grown(0) for at in (0, 1)
    )
    tight_at = TIGHT_AT if experiment.planned is None else 2.0 * experiment.planned
    return sequence(arm, control, level, tight_at), [_day(one) for one in starts]


def _day(seconds: float) -> date:
    return datetime.fromtimestamp(float(seconds), UTC).date()


def _judged(
    kpi: Kpi,
    pair: Pair,
    at_size: Pair | None,
    experiment: Experiment,
    arm: str,
    level: float,
    by_look: Change | None,
    days: Sequence[date],
) -> Judged:
    margin = experiment.margin(kpi.name)
    told: dict[str, Any] = {
        "arm": arm, "kpi": kpi.name, "margin": margin,
        "is_primary": kpi.name == experiment.primary,
    }  # fmt: skip
    if by_look is None:
        nothing: dict[str, Any] = dict.fromkeys(
            ("change", "lower", "upper", "always_lower", "always_upper", "needed", "since", "by")
        )
        return Judged(**told, **nothing, state="open" if kpi.columns(pair.both) else "not told")
    claims = _CLAIMS if kpi.name == experiment.primary else _GUARDED
    state, since, by = _state(kpi, margin, level, by_look, days, at_size, claims)
    once = single_look(kpi, pair)
    return Judged(
        **told,
        change=_known(once.value),
        lower=_known(once.lower),
        upper=_known(once.upper),
        always_lower=_known(by_look.lower[-1], -1.0),
        always_upper=_known(by_look.upper[-1]),
        needed=_needed(kpi, pair, margin),
        state=state,
        since=since,
        by=by,
    )


def _state(
    kpi: Kpi,
    margin: float,
    level: float,
    by_look: Change,
    days: Sequence[date],
    at_size: Pair | None,
    claims: Sequence[tuple[str, State]],
) -> tuple[State, date | None, By | None]:
    """What is proven, and when: what a look has once proven stays so."""
    looked = proven(by_look, kpi.higher_is_better, margin)
    once: dict[str, bool] = {}
    if at_size is not None:
        # Better and worse are claims of all looks, and so as sure as those; see `looks.SEQUENCE`.
        sure, plain = (
            proven(single_look(kpi, at_size, one), kpi.higher_is_better, margin)
            for one in (level, LEVEL)
        )
        once = {**sure._asdict(), "not_worse": plain.not_worse}
    for name, state in claims:
        if _contradicted(name, looked):
            continue
        found: list[tuple[date, By]] = []
        by_day = np.asarray(getattr(looked, name))
        if by_day.any():
            found.append((days[int(np.argmax(by_day))], "daily look"))
        if at_size is not None and once[name]:
            found.append((_day(at_size.both.first[-1]), "planned size"))
        if found:
            return state, *min(found)
    return "open", None, None


def _contradicted(name: str, looked: Proven) -> bool:
    """Whether looks have proven both that a figure is better and worse: the first one counts."""
    better, worse = np.asarray(looked.better), np.asarray(looked.worse)
    if not (better.any() and worse.any()):
        return False
    first_is_better = np.argmax(better) < np.argmax(worse)
    return name in (("beyond", "worse") if first_is_better else ("better", "not_worse"))


def single_look(kpi: Kpi, pair: Pair, level: float = LEVEL) -> Change:
    """The change of a figure, with an interval that holds where it is looked at once.

    Args:
        kpi: Which figure.
        pair: Sessions of the arm and of the control.
        level: How often the interval holds.
    """
    arm, control = (figure(kpi, one, level) for one in (pair.arm, pair.control))
    if arm is None or control is None or control.value <= 0:
        return Change(np.nan, -1.0, np.inf)
    change = arm.value / control.value - 1
    if not all(map(math.isfinite, (*arm, *control))) or not (_varies(arm) or _varies(control)):
        return Change(change, -1.0, np.inf)
    low, high = quotient_interval(arm, control)
    return Change(change, low - 1, np.inf if high is None else high - 1)


def _varies(one: Figure) -> bool:
    return one.lower < one.upper


def _needed(kpi: Kpi, pair: Pair, margin: float) -> int | None:
    """Sessions of each arm that the margin takes, as the control scatters."""
    columns = kpi.columns(pair.control)
    if columns is None or not len(columns[0]):
        return None
    sums = RatioSums.of(*columns, np.zeros(len(columns[0]), dtype=np.intp), 1)
    value, scatter = float(sums.value[0]), float(sums.scatter[0])
    if not (value > 0 and 0 < scatter < np.inf):
        return None
    return plan(value, margin, deviation=value * scatter).sessions


def _known(value: float, nothing: float = np.inf) -> float | None:
    return float(value) if np.isfinite(value) and value != nothing else None
