"""What changed from one sample of customers to another, how surely, and whether it is real."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.change.claims import SIGNIFICANT, adjusted
from valuebox.compartments.growth.change.samples import Sample
from valuebox.compartments.growth.loaded.frames import Facts, Groups, summed
from valuebox.compartments.growth.loaded.money import Money
from valuebox.statistics import rates, shuffling
from valuebox.statistics.amounts import amounts
from valuebox.statistics.arrays import Mask
from valuebox.statistics.shuffling import FEWEST, TOO_FEW
from valuebox.statistics.subsampling import RatioTails, Sure

PROFIT: Final = "profit"
"""The measure that is an amount; every other one is a share of customers."""


class Response(BaseModel):
    """How many customers of a sample responded, or what they brought."""

    model_config = ConfigDict(frozen=True)

    customers: int = Field(description="Number of customers in the sample.")
    total: float = Field(
        description="Number of customers who responded; or the profit, where that is the measure."
    )
    each: float | None = Field(description="`total` for each customer: a rate, or an amount.")


class Lift(BaseModel):
    """One measure in two samples."""

    model_config = ConfigDict(frozen=True)

    measure: str = Field(description="What is compared: a type of event, or `profit`.")
    segment: str | None = Field(
        description="Group of the customers who are compared; null for all customers."
    )
    baseline: Response = Field(description="The measure in the baseline.")
    current: Response = Field(description="The measure in the report.")
    lift: float | None = Field(
        description="How much more each customer does than in the baseline: 0.1 is 10 % more."
    )
    lower: float | None = Field(description="Lower end of the 90 % interval of `lift`.")
    upper: float | None = Field(
        description="Upper end of the 90 % interval of `lift`; null where there is none."
    )
    no_interval: str | None = Field(
        description="Why `lift` has no interval; null where it has one."
    )
    p_value: float | None = Field(
        description="Probability of such a difference, or a larger one, by chance alone: "
        "two-sided, of this comparison by itself; null where it was not tested."
    )
    p_adjusted: float | None = Field(
        description="`p_value` adjusted for all comparisons of the report (Holm), in their share "
        "of the errors that a report may make."
    )
    is_real: bool = Field(description="Whether `p_adjusted` is at most 0.05.")
    no_test: str | None = Field(description="Why `p_value` is null; null where it is not.")


def lifts(
    facts: Facts,
    baseline: Sample,
    current: Sample,
    responses: Sequence[str],
    money: Money,
    segments: Groups,
    share: float = 1.0,
) -> list[Lift]:
    """Compare two samples by every response and by profit, in all and by segment.

    A customer responded who has at least one event of that type. The test of a rate is exact;
    that of a mean deals amounts out anew. Customers who are in both samples, as with two periods,
    are compared with themselves.

    Args:
        facts: What happened.
        baseline: What is compared with.
        current: What is compared.
        responses: Types of events.
        money: What events brought.
        segments: Groups of customers.
        share: Of the errors that a report may make.
    """
    both = (baseline, current)
    parts: list[tuple[str | None, Mask]] = [(None, np.ones(len(facts.customers), dtype=bool))]
    if len(segments.names) > 1:
        parts += [(name, segments.codes == code) for code, name in enumerate(segments.names)]
    tests = (len(responses) + 1) * len(parts)
    found = [one for response in responses for one in _rates(facts, both, response, parts)] + list(
        _profits(facts, both, money, parts, int(tests / share))
    )
    return [
        one.model_copy(update={"p_adjusted": p, "is_real": p is not None and p <= SIGNIFICANT})
        for one, p in zip(found, adjusted([one.p_value for one in found], share), strict=True)
    ]


def responded(facts: Facts, one: Sample, response: str) -> Mask:
    """Which customers of a sample did something of that type: `(n_customers,)`."""
    return facts.per_customer(one.events & facts.events.type.are(response)) > 0


def _rates(
    facts: Facts,
    samples: tuple[Sample, Sample],
    response: str,
    parts: Sequence[tuple[str | None, Mask]],
) -> Iterator[Lift]:
    did = [responded(facts, one, response) for one in samples]
    for segment, members in parts:
        there = [one.customers & members for one in samples]
        shared, acted = there[0] & there[1], [one & members for one in did]
        counts = rates.Paired(
            _pair(there),
            _pair(acted),
            int(shared.sum()),
            int((shared & acted[0] & acted[1]).sum()),
            _pair([shared & acted[0] & ~acted[1], shared & acted[1] & ~acted[0]]),
        )
        if min(counts.customers):
            p_value = rates.p_value(counts) if min(counts.customers) >= FEWEST else None
            yield _lift(
                response, segment, counts.customers, counts.responders,
                Sure(*rates.ratio_interval(counts)), p_value,
            )  # fmt: skip


def _profits(
    facts: Facts,
    samples: tuple[Sample, Sample],
    money: Money,
    parts: Sequence[tuple[str | None, Mask]],
    tests: int,
) -> Iterator[Lift]:
    own = facts.events.customer
    brought = []
    for one in samples:
        rows = one.events
        brought.append(summed(own[rows], money.amount[rows], len(facts.customers)))
    in_either = samples[0].customers | samples[1].customers
    tails = RatioTails(brought[0], brought[1], samples[0].customers, samples[1].customers)
    for segment, members in parts:
        there = [one.customers & members for one in samples]
        both = amounts(brought[0], brought[1], there[0], there[1])
        if min(both.customers):
            totals = [
                float(amount[in_it].sum()) for amount, in_it in zip(brought, there, strict=True)
            ]
            yield _lift(
                PROFIT, segment, both.customers, (totals[0], totals[1]),
                tails.interval(members[in_either]), shuffling.p_value(both, tests=tests),
            )  # fmt: skip


def _pair(masks: Sequence[Mask]) -> tuple[int, int]:
    return int(masks[0].sum()), int(masks[1].sum())


def _lift(
    measure: str,
    segment: str | None,
    customers: tuple[int, int],
    totals: tuple[float, float],
    interval: Sure,
    p_value: float | None,
) -> Lift:
    baseline, current = (
        Response(customers=n, total=total, each=total / n)
        for n, total in zip(customers, totals, strict=True)
    )
    multiple = None
    if baseline.each and current.each is not None and baseline.each > 0:
        multiple = current.each / baseline.each
    return Lift(
        measure=measure,
        segment=segment,
        baseline=baseline,
        current=current,
        lift=None if multiple is None else multiple - 1,
        lower=None if interval.low is None else interval.low - 1,
        upper=None if interval.high is None else interval.high - 1,
        no_interval=interval.why_not,
        p_value=p_value,
        p_adjusted=None,
        is_real=False,
        no_test=TOO_FEW if p_value is None else None,
    )
