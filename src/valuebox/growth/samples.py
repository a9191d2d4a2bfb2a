"""Two samples of customers that are to be compared, and what they did in their time."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from valuebox.growth.columns import Facts, Mask


class Window(BaseModel):
    """Which customers, and when: those of a source, and what they did in a period."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    source: str | None = Field(
        default=None,
        max_length=100,
        description="Customers of this source; of all where it is null.",
        examples=["campaign-1"],
    )
    start: AwareDatetime | None = Field(
        default=None,
        description="Events from then on; customers who joined before `end`.",
        examples=["2013-05-01T00:00:00Z"],
    )
    end: AwareDatetime | None = Field(
        default=None,
        description="Events before then.",
        examples=["2013-06-01T00:00:00Z"],
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Window":
        if self.start and self.end and self.start >= self.end:
            raise ValueError("a period ends after it starts")
        return self


@dataclass(frozen=True)
class Sample:
    """Customers who could respond, and the events in which they may have."""

    customers: Mask
    """`(n_customers,)`."""
    events: Mask
    """`(n_events,)`: of those customers, in their time."""


def sample(facts: Facts, window: Window) -> Sample:
    """Whom and what a window holds.

    Whoever joined at a time that is not known is taken to have been there.
    """
    customers, events = facts.customers, facts.events
    chosen = np.ones(len(customers), dtype=bool)
    if window.source is not None:
        chosen &= customers.source.are(window.source)
    rows = np.ones(len(events), dtype=bool)
    if window.start is not None:
        rows &= events.time >= moment(window.start)
    if window.end is not None:
        rows &= events.time < moment(window.end)
        chosen &= np.isnat(customers.created) | (customers.created < moment(window.end))
    # A hanging event has position -1, which is nobody's.
    return Sample(chosen, rows & np.append(chosen, False)[events.customer])


def moment(aware: datetime) -> np.datetime64:
    """As columns hold it, in UTC."""
    return np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "us")
