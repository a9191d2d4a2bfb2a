"""Moments that cannot be right: one of them must not decide when the facts begin or end."""

from datetime import datetime, tzinfo
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.facts.clock import aware
from valuebox.statistics.arrays import Mask, Moments

Why = Literal["later than now", "long after all others", "long before all others"]

_FEWEST: Final = 10
"""Events below which nothing is said of a gap between them."""
_RARE: Final = 1_000
"""So many events allow one of them to lie beyond a gap."""
_YEAR: Final = np.timedelta64(366, "D")
_SHOWN: Final = 5


class SetAside(BaseModel):
    """Events, or days of joining, that are left out of everything."""

    model_config = ConfigDict(frozen=True)

    what: Literal["events", "joined"] = Field(
        description="`events` that are left out; or customers of whom it is taken for unknown when "
        "they `joined`."
    )
    why: Why = Field(
        description="`later than now`: than the moment of the report; or beyond a gap that is "
        "longer than a year, and than all the time in which nearly all events happened."
    )
    count: int = Field(description="How many events, or days of joining, are left out.")
    first: datetime = Field(description="The earliest of these moments.")
    last: datetime = Field(description="The latest of these moments.")
    customers: list[str] = Field(description="Ids of the first few customers to whom these belong.")


class Sifted(NamedTuple):
    """Facts without strays, and what these were."""

    facts: Facts
    found: list[SetAside]


def sift(
    facts: Facts, now: np.datetime64, zone: tzinfo, *, from_start: bool, to_end: bool
) -> Sifted:
    """Set strays aside.

    Args:
        facts: What happened.
        now: When the report is made.
        zone: Whose clock shows these moments.
        from_start: Whether no start was asked for: then a stray may be before all others.
        to_end: Whether no end was asked for: then a stray may be after all others.
    """
    time = facts.events.time
    masks: dict[Why, Mask] = {"later than now": time > now}
    early, late = _beyond(time[~masks["later than now"]])
    if from_start and early is not None:
        masks["long before all others"] = time < early
    if to_end and late is not None:
        masks["long after all others"] = (time > late) & ~masks["later than now"]
    found = [
        _set_aside(facts, "events", why, time[rows], facts.events.customer[rows], zone)
        for why, rows in masks.items()
        if rows.any()
    ]
    kept = facts
    if found:
        stray = np.any(list(masks.values()), axis=0)
        kept = Facts(facts.customers, facts.events.where(~stray))
    joined = facts.customers.created > now
    if joined.any():
        who = np.flatnonzero(joined)
        created = facts.customers.created[joined]
        found.append(_set_aside(facts, "joined", "later than now", created, who, zone))
        kept = Facts(kept.customers.without_joining(joined), kept.events)
    return Sifted(kept, found)


def _beyond(time: Moments) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    """The first and the last moment that are no strays, where there are strays."""
    n = len(time)
    if n < _FEWEST:
        return None, None
    few = max(1, n // _RARE)
    ordered = np.partition(time, (few, n - 1 - few))
    low, high = ordered[few], ordered[n - 1 - few]
    reach = max(high - low, _YEAR)
    head = np.sort(np.append(ordered[:few], low))
    tail = np.sort(np.append(ordered[n - few :], high))
    before = np.flatnonzero(np.diff(head) > reach)
    after = np.flatnonzero(np.diff(tail) > reach)
    return (
        head[before[-1] + 1] if len(before) else None,
        tail[after[0]] if len(after) else None,
    )


def _set_aside(
    facts: Facts,
    what: Literal["events", "joined"],
    why: Why,
    when: Moments,
    who: NDArray[np.integer[Any]],
    zone: tzinfo,
) -> SetAside:
    known = np.unique(who[who >= 0])[:_SHOWN]
    return SetAside(
        what=what,
        why=why,
        count=len(when),
        first=aware(when.min(), zone),
        last=aware(when.max(), zone),
        customers=[str(facts.customers.id[at]) for at in known.tolist()],
    )
