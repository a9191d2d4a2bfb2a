"""Whether what is learned from offers may be served: judged by days that it has not seen.

A model that has learned from a decision looks better by it than it is, and the newest model has
learned from all. So a twin is learned, in the same way, from what was known some days ago, and is
held against the decisions since: what these have earned as they were served is the thing to beat.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from valuebox.compartments.offers.decisions import DAY, Decisions
from valuebox.compartments.offers.evaluation.gate import MARGIN, Mode, Verdict, gate
from valuebox.compartments.offers.evaluation.parts import Part
from valuebox.compartments.offers.evaluation.stored import HeldLog
from valuebox.compartments.offers.model import OffersModel
from valuebox_training.offers.learning import Learning, learn

DAYS: Final = 7
"""Days of decisions that a twin is judged by, unless told otherwise."""


def judge(
    decisions: Decisions,
    now: int,
    previous: OffersModel | None = None,
    how: Learning | None = None,
    mode: Mode = Mode.WATCH,
    margin: float = MARGIN,
    days: int = DAYS,
    twin: OffersModel | None = None,
) -> Verdict:
    """Learn a twin from what was known some days ago, and judge it by the days since.

    What is judged is the money of the offers' own purchases.

    Args:
        decisions: Those before `now`, with what is known of them at that moment.
        now: Moment, in microseconds since 1970.
        previous: The model before the twin, if it has learned until then.
        how: How is learned.
        mode: What the twin has to show.
        margin: What it may lose, as a share of what was served earns.
        days: Days of decisions that it is judged by.
        twin: What was learned in this way some days ago; None where it has to be learned.

    Raises:
        NothingToLearn: where too little was bought by then.
        NothingToJudge: where no decision since is old enough.
    """
    cut = now - days * DAY
    if previous is not None and previous.until > cut:
        previous = None
    if twin is None:
        twin = learn(known_at(decisions, cut), cut, previous, how or Learning())
    held = HeldLog.of(decisions.where(decisions.time >= cut), Part.OWN)
    return gate(held.seen, held.by_model(twin), mode=mode, margin=margin)


def known_at(decisions: Decisions, moment: int) -> Decisions:
    """Decisions before a moment, with about as much of their weeks as had been observed by then.

    Args:
        decisions: With what is known of them later.
        moment: In microseconds since 1970.
    """
    before = decisions.where(decisions.time < moment)
    observed = np.minimum(before.observed, moment - before.time)
    # Other purchases are spread evenly over the part of the week that was observed.
    share = observed / np.maximum(before.observed, 1.0)
    return replace(before, observed=observed, rest=before.rest * share)
