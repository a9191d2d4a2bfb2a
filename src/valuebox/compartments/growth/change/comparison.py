"""The report beside its baseline: lifts with bands and tests, and gain curves."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.activity.counts import NotEnough
from valuebox.compartments.growth.change.claims import adjusted
from valuebox.compartments.growth.change.lift import Lift, lifts, responded
from valuebox.compartments.growth.change.periods import Period, are_alike, within
from valuebox.compartments.growth.change.samples import Both, Sample
from valuebox.compartments.growth.loaded.frames import Facts, Groups
from valuebox.compartments.growth.loaded.money import money_of
from valuebox.compartments.growth.loaded.observed import watched_until
from valuebox.compartments.growth.schemas import Baseline, GrowthQuestion
from valuebox.facts.clock import aware, moment
from valuebox.statistics.arrays import Floats, Moments
from valuebox.statistics.gain import GainCurve, gain_curve

Periods = tuple[Period, Period]
"""Periods of the baseline and of the report."""


class Sampled(BaseModel):
    """One side of a comparison."""

    model_config = ConfigDict(frozen=True)

    customers: int = Field(description="Customers who are compared.")
    events: int = Field(description="Events of the customers who are compared.")
    start: datetime = Field(description="Moment at which the compared days begin.")
    end: datetime = Field(description="Moment at which the compared days end.")
    days: float = Field(
        description="Days that this side was watched in all; `note` says how many of them are "
        "compared."
    )


class Comparison(BaseModel):
    """What changed from the baseline to the report."""

    model_config = ConfigDict(frozen=True)

    baseline: Sampled = Field(description="What is compared with.")
    current: Sampled = Field(description="What the report is about.")
    shared: int = Field(description="Customers who are in the baseline and in the report.")
    note: str | None = Field(
        description="What is compared where the baseline or the report was watched for longer than "
        "the other; null where both were watched for as long, but for a day or 2 %."
    )
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

    Where one was watched for longer than the other, as many days of it are compared as the other
    has: of a longer time more customers respond, whatever else is different.

    Args:
        both: What is compared.
        question: What is asked.
        may_err: Which share of the errors that a report may make lifts have, and which curves.

    Raises:
        NotEnough: when there is nobody on one side, or hardly any time to compare.
    """
    facts, whole = both.facts, (both.baseline, both.current)
    for name, one in zip(("baseline", "report"), whole, strict=True):
        if not one.customers.any():
            raise NotEnough(f"the {name} has no customers")
    watched = _watched(both, question)
    compared = _compared(watched, question)
    before, now = (
        one if part == all_ else within(facts, one, part)
        for one, all_, part in zip(whole, watched, compared, strict=True)
    )
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
            score = _score(facts, before, segments, response)[now.customers]
            curves.append(gain_curve(response, score, did))
    return Comparison(
        baseline=_sampled(before, watched[0], compared[0], question.zone),
        current=_sampled(now, watched[1], compared[1], question.zone),
        shared=int((before.customers & now.customers).sum()),
        note=_note(watched, compared),
        lifts=found,
        curves=[
            one.model_copy(update={"p_adjusted": p})
            for one, p in zip(
                curves, adjusted([one.p_value for one in curves], may_err[1]), strict=True
            )
        ],
    )


def _sampled(one: Sample, watched: Period, compared: Period, zone: ZoneInfo) -> Sampled:
    return Sampled(
        customers=int(one.customers.sum()),
        events=int(one.events.sum()),
        start=aware(compared.start, zone),
        end=aware(compared.end, zone),
        days=watched.days,
    )


def _watched(both: Both, question: GrowthQuestion) -> Periods:
    """Periods in which the baseline and the report were watched."""
    before = question.baseline or Baseline()
    return (
        _period("baseline", both.facts.events.time[both.baseline.events], before, question.zone),
        _period("report", both.facts.events.time[both.current.events], question, question.zone),
    )


def _period(name: str, time: Moments, asked: Baseline | GrowthQuestion, zone: ZoneInfo) -> Period:
    start, end = (None if one is None else moment(one, zone) for one in (asked.start, asked.end))
    if len(time):
        start, end = time.min() if start is None else start, watched_until(time, asked.end, zone)
    if start is None or end is None:
        raise NotEnough(f"the {name} has no events of its customers")
    return Period(start, end)


def _compared(watched: Periods, question: GrowthQuestion) -> Periods:
    """As many days of both periods: those that begin alike, or lie next to each other."""
    if are_alike(*watched):
        return watched
    days = min(one.days for one in watched)
    if days < 1:
        raise NotEnough(
            "the baseline or the report was watched for less than a day, the other one longer"
        )
    before, now = watched
    asked = question.baseline or Baseline()
    is_one_source = asked.sources is None or set(asked.sources) == set(question.sources or ())
    return (
        before.last(days) if asked.end is not None or is_one_source else before.first(days),
        now.last(days) if question.start is None and is_one_source else now.first(days),
    )


def _note(watched: Periods, compared: Periods) -> str | None:
    if watched == compared:
        return None
    before, now = (f"{one.days:,.1f}" for one in watched)
    days = f"{min(one.days for one in watched):,.1f}"
    return (
        f"The report was watched for {now} days and the baseline for {before}: {days} days of "
        "each are compared, so that both give customers as long to respond."
    )


def _score(facts: Facts, before: Sample, segments: Groups, response: str) -> Floats:
    did = responded(facts, before, response)
    there = segments.counts(before.customers)
    rates = segments.counts(did) / np.maximum(there, 1)
    own = facts.per_customer(before.events & facts.events.type.are(response))
    # A rate is at most 1: half of it only decides among those who did as much.
    score: Floats = own + rates[segments.codes] / 2
    return score
