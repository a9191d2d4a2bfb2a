"""Which of two rankings visitors prefer, of sessions whose lists are made of both."""

from datetime import UTC, date, datetime
from typing import Final

import numpy as np

from valuebox.compartments.recommend.proof.interleaving import FIRST, NOBODY, SECOND
from valuebox.compartments.recommend.proof.looks import FEWEST, SEQUENCE, days_of
from valuebox.compartments.recommend.proof.schemas import (
    Experiment,
    Preference,
    PreferenceLook,
    Preferred,
)
from valuebox.compartments.recommend.proof.sessions import Watched
from valuebox.statistics.always_valid import multiple
from valuebox.statistics.arrays import Codes, Floats
from valuebox.statistics.rates import wilson
from valuebox.statistics.sample_ratio import RatioMismatch, ratio_mismatch

_TIGHT_AT: Final = 1_000
"""Sessions with a click at which the interval of all looks is as tight as it can be.

Far fewer than arms need: these sessions are compared with themselves.
"""


def preference(watched: Watched, experiment: Experiment) -> Preference:
    """Which ranking is clicked more, by now and at the end of every day.

    Each session counts once, however much it clicks; sessions without a credited click say nothing,
    and those with as many clicks on either side count half for each.

    Args:
        watched: Sessions of the experiment.
        experiment: Whose control is the first ranking, and whose rival is the second.
    """
    sessions = watched.sessions
    clicks = np.zeros((len(sessions.arm), 2)) if sessions.credits is None else sessions.credits
    clicked = clicks.any(axis=1)
    sign = np.sign(clicks[clicked, SECOND] - clicks[clicked, FIRST])
    first, second = int((sign < 0).sum()), int((sign > 0).sum())
    looks = _looks(sessions.first[clicked], sign) if len(sign) else []
    state, since = _state(looks)
    n = len(sign)
    # Ties vary less than a coin does, so that the interval errs on the wide side.
    lower, upper = wilson(second + (n - first - second) / 2, n) if n else (None, None)
    last = looks[-1] if looks else None
    return Preference(
        first=experiment.control,
        second=experiment.rivals[0],
        sessions=n,
        for_first=first,
        for_second=second,
        clicks=(int(clicks[:, FIRST].sum()), int(clicks[:, SECOND].sum())),
        is_told=watched.credits_are_told,
        share=0.5 + float(sign.mean()) / 2 if n else None,
        lower=lower,
        upper=upper,
        always_lower=None if last is None else last.lower,
        always_upper=None if last is None else last.upper,
        state=state,
        since=since,
        began=_began(sessions.began),
        looks=looks,
    )


def _looks(first: Floats, sign: Floats) -> list[PreferenceLook]:
    day, starts = days_of(first)
    count = np.cumsum(np.bincount(day, minlength=len(starts)))
    total = np.cumsum(np.bincount(day, sign, len(starts)))
    decided = np.cumsum(np.bincount(day, np.abs(sign), len(starts)))
    # A share that is the same in all sessions is no surer than a coin's; a tie is no surprise.
    error = np.sqrt(decided) / count / 2
    share = 0.5 + total / count / 2
    enough = decided >= FEWEST
    reach = error * multiple(np.maximum(decided, 1), SEQUENCE, _TIGHT_AT)
    return [
        PreferenceLook(
            day=datetime.fromtimestamp(start, UTC).date(),
            sessions=sessions,
            share=at,
            lower=max(at - apart, 0.0) if is_enough else None,
            upper=min(at + apart, 1.0) if is_enough else None,
        )
        for start, sessions, at, apart, is_enough in zip(
            *(one.tolist() for one in (starts, count, share, reach, enough)), strict=True
        )
    ]


def _state(looks: list[PreferenceLook]) -> tuple[Preferred, date | None]:
    """What is proven, and since when: what a look has once proven stays so."""
    for one in looks:
        if one.lower is not None and one.lower > 0.5:
            return "second", one.day
        if one.upper is not None and one.upper < 0.5:
            return "first", one.day
    return ("open", None) if looks and looks[-1].lower is not None else ("too few", None)


def _began(began: Codes | None) -> RatioMismatch | None:
    if began is None or not (began != NOBODY).any():
        return None
    counts = np.array([(began == one).sum() for one in (FIRST, SECOND)])
    return ratio_mismatch(counts, np.full(2, 0.5))
