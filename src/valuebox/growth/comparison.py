"""The report beside its baseline: lifts with bands and tests, and gain curves."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.growth.claims import adjusted
from valuebox.growth.columns import Floats, Groups
from valuebox.growth.counts import NotEnough
from valuebox.growth.gain import GainCurve, gain_curve
from valuebox.growth.lift import Lift, lifts, responded
from valuebox.growth.money import money_of
from valuebox.growth.samples import Both, Sample
from valuebox.growth.schemas import GrowthQuestion


class Sampled(BaseModel):
    """One side of a comparison."""

    model_config = ConfigDict(frozen=True)

    customers: int
    events: int = Field(description="Of those customers.")


class Comparison(BaseModel):
    """What changed from the baseline to the report."""

    model_config = ConfigDict(frozen=True)

    baseline: Sampled
    current: Sampled
    shared: int = Field(description="Customers who are in both.")
    lifts: list[Lift] = Field(description="By response and for profit, in all and by group.")
    curves: list[GainCurve] = Field(
        description="By response: how early those who responded come when customers are sorted "
        "by what the baseline says of them, by their own events of that type there, and then by "
        "the rate of their group."
    )


def comparison(
    both: Both, question: GrowthQuestion, may_err: tuple[float, float] = (1.0, 1.0)
) -> Comparison:
    """Compare a report with its baseline.

    Args:
        both: What is compared.
        question: What is asked.
        may_err: Which share of the errors that a report may make lifts have, and which curves.

    Raises:
        NotEnough: when there is nobody on one side.
    """
    facts, before, now = both.facts, both.baseline, both.current
    for name, one in (("baseline", before), ("report", now)):
        if not one.customers.any():
            raise NotEnough(f"the {name} has no customers")
    segments = facts.customers.groups(question.attribute)
    found = lifts(
        facts,
        before,
        now,
        question.responses,
        money_of(facts, question),
        segments,
        may_err[0],
    )
    curves = []
    for response in question.responses:
        did = responded(facts, now, response)[now.customers]
        if 0 < did.sum() < len(did):
            score = _score(both, segments, response)[now.customers]
            curves.append(gain_curve(response, score, did))
    return Comparison(
        baseline=_sampled(before),
        current=_sampled(now),
        shared=int((before.customers & now.customers).sum()),
        lifts=found,
        curves=[
            one.model_copy(update={"p_adjusted": p})
            for one, p in zip(
                curves, adjusted([one.p_value for one in curves], may_err[1]), strict=True
            )
        ],
    )


def _sampled(one: Sample) -> Sampled:
    return Sampled(customers=int(one.customers.sum()), events=int(one.events.sum()))


def _score(both: Both, segments: Groups, response: str) -> Floats:
    facts, before = both.facts, both.baseline
    did = responded(facts, before, response)
    there = segments.counts(before.customers)
    rates = segments.counts(did) / np.maximum(there, 1)
    own = facts.per_customer(before.events & facts.events.type.are(response))
    # A rate is at most 1: half of it only decides among those who did as much.
    score: Floats = own + rates[segments.codes] / 2
    return score
