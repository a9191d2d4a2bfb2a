"""Segments that respond more or less than everybody else, by any attribute and any two."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.change.claims import SIGNIFICANT
from valuebox.compartments.growth.loaded.frames import Customers, Groups, crossed
from valuebox.schemas.names import UNKNOWN
from valuebox.statistics import rates
from valuebox.statistics.arrays import Mask
from valuebox.statistics.holm import holm
from valuebox.statistics.shuffling import FEWEST

MOST: Final = 2_000
"""Segments times responses that are looked at: first those of one attribute, the largest first."""


class Segment(BaseModel):
    """Customers with one or two attributes in common, beside everybody else."""

    model_config = ConfigDict(frozen=True)

    measure: str = Field(description="Type of event that is the response.")
    attributes: dict[str, str] = Field(
        description="Attributes that all customers of the segment share, with their values."
    )
    customers: int = Field(description="Customers in the segment.")
    responders: int = Field(description="Customers in the segment who responded.")
    rate: float = Field(description="Share of the customers in the segment who responded.")
    rest: float = Field(description="Share of all other customers who responded.")
    lift: float | None = Field(
        description="How much more often the segment responds than all others: 0.1 is 10 % more."
    )
    lower: float | None = Field(description="Lower end of the 90 % interval of `lift`.")
    upper: float | None = Field(
        description="Upper end of the 90 % interval of `lift`; null where there is none."
    )
    p_adjusted: float = Field(
        description="Probability of such a difference by chance alone, adjusted for all segments "
        "that were looked at (Holm), in their share of the errors that a report may "
        "make."
    )
    is_real: bool = Field(description="Whether `p_adjusted` is at most 0.05.")


class Discovery(BaseModel):
    """Segments that were found, and among how many."""

    model_config = ConfigDict(frozen=True)

    looked_at: int = Field(
        description="Number of combinations of a segment and a response that were looked at; each "
        "counts in `p_adjusted`."
    )
    real: int = Field(description="Number of these combinations that differ for real.")
    segments: list[Segment] = Field(description="Segments, the surest differences first.")


class _Candidate(NamedTuple):
    measure: str
    attributes: dict[str, str]
    counts: rates.Paired


def discover(
    customers: Customers,
    names: Sequence[str],
    responders: dict[str, Mask],
    there: Mask,
    top: int,
    share: float = 1.0,
) -> Discovery:
    """Look at every value of every attribute, and at every two of different attributes.

    Segments of fewer than 20 customers, or with fewer others, are not looked at, and neither are
    responses that nobody or everybody shows.

    Args:
        customers: Who there is.
        names: Attributes to look at.
        responders: Who responded, by type of event.
        there: Who could have.
        top: How many segments to list.
        share: Of the errors that a report may make.
    """
    varied = {
        measure: responded & there
        for measure, responded in responders.items()
        if 0 < (responded & there).sum() < there.sum()
    }
    found = [
        candidate
        for measure, responded in varied.items()
        for candidate in _candidates(
            customers, names, measure, responded, there, MOST // len(varied)
        )
    ]
    adjusted = holm([rates.p_value(one.counts) / share for one in found])
    apart = [abs(one.counts.rates[1] - one.counts.rates[0]) for one in found]
    # Beyond a point all are as sure; of those the one that differs most is the one to look at.
    order = np.lexsort((-np.array(apart), np.array(adjusted)))
    return Discovery(
        looked_at=len(found),
        real=sum(p <= SIGNIFICANT for p in adjusted),
        segments=[_segment(found[at], adjusted[at]) for at in order[:top].tolist()],
    )


def _candidates(
    customers: Customers,
    names: Sequence[str],
    measure: str,
    responded: Mask,
    there: Mask,
    most: int,
) -> Iterator[_Candidate]:
    total, hits = int(there.sum()), int(responded.sum())
    by_name = {name: customers.groups(name) for name in names}
    left = most
    for size in (1, 2):
        found = [
            (int(n), int(x), attributes)
            for chosen in combinations(names, size)
            for n, x, attributes in _counted(chosen, by_name, responded, there)
            if FEWEST <= n <= total - FEWEST
        ]
        found.sort(key=lambda one: -one[0])
        for n, x, attributes in found[:left]:
            yield _Candidate(measure, attributes, rates.Paired((total - n, n), (hits - x, x)))
        left -= min(left, len(found))


def _counted(
    chosen: Sequence[str], by_name: dict[str, Groups], responded: Mask, there: Mask
) -> Iterator[tuple[int, int, dict[str, str]]]:
    groups = by_name[chosen[0]]
    labels = [(name,) for name in groups.names]
    if len(chosen) > 1:
        other = by_name[chosen[1]]
        labels = [(one, two) for one in groups.names for two in other.names]  # type: ignore[misc]
        groups = crossed(groups, other)
    counted = zip(groups.counts(there), groups.counts(responded), labels, strict=True)
    for n, x, label in counted:
        if UNKNOWN not in label:
            yield n, x, dict(zip(chosen, label, strict=True))


def _segment(one: _Candidate, p_adjusted: float) -> Segment:
    rest, rate = one.counts.rates
    lower, upper = rates.ratio_interval(one.counts)
    return Segment(
        measure=one.measure,
        attributes=one.attributes,
        customers=one.counts.customers[1],
        responders=one.counts.responders[1],
        rate=rate,
        rest=rest,
        lift=rate / rest - 1 if rest else None,
        lower=lower - 1,
        upper=None if upper is None else upper - 1,
        p_adjusted=p_adjusted,
        is_real=p_adjusted <= SIGNIFICANT,
    )
