"""Moments at which features are asked for, and which events were visible at each."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.columns import Positions
from valuebox.features.declared.durations import UNITS
from valuebox.features.declared.log import ALWAYS, Log, Microseconds, Runs, before, joined

_A_DAY: Final = UNITS["day"]


@dataclass(frozen=True)
class Anchors:
    """Events of a log at which features are asked for."""

    log: Log
    place: Positions
    """Position of each in the log, `(n_anchors,)`."""
    start: Positions
    """First event within the lookback."""
    stop: Positions
    """First event that is not before the anchor."""
    known: Microseconds
    """Moment until which events had to be received."""

    @classmethod
    def of(cls, log: Log, place: Positions, known: Microseconds, lookback: int | None) -> "Anchors":
        """Anchors at events of a log.

        Args:
            log: Where they are.
            place: Position of each.
            known: Moment until which events had to be received, `ALWAYS` for all of them.
            lookback: Microseconds before which events are not looked at; None without a bound.
        """
        stop = log.tied[place]
        found = cls(log, place, log.begins[log.whom[place]], stop, known)
        if lookback is None:
            return found
        return cls(log, place, found.reaching(lookback), stop, known)

    def __len__(self) -> int:
        return len(self.place)

    @property
    def time(self) -> Microseconds:
        """When each happened."""
        return self.log.time[self.place]

    def reaching(self, length: int) -> Positions:
        """The first event at most so many microseconds before each, and within the lookback."""
        bound = self.time - length
        return before(self.log.time, self.start, self.stop, bound)

    @cached_property
    def visible(self) -> Runs:
        """What each could know, in stretches of the log."""
        everything = Runs.of(self.start, self.stop)
        last = self.log.known_until[everything.stop - 1]
        is_late = last > self.known[everything.owner]
        if not is_late.any():
            return everything
        some, _ = self.log.reception.known(everything.taken(is_late), self.known)
        return joined(everything.taken(~is_late), some)

    def following(self, length: int) -> Runs:
        """Everything within so many microseconds after each, or at its moment, without itself."""
        end = before(
            self.log.time,
            self.place,
            self.log.begins[self.log.whom[self.place] + 1],
            self.time + length,
        )
        return joined(Runs.of(self.stop, self.place), Runs.of(self.place + 1, end))

    def taken(self, which: NDArray[np.bool_]) -> "Anchors":
        """Some of the anchors."""
        return Anchors(
            self.log, self.place[which], self.start[which], self.stop[which], self.known[which]
        )


def known_by(log: Log, place: Positions, received: bool) -> tuple[Microseconds, NDArray[np.bool_]]:
    """Until when events had to be received to be known, and of which anchors it is not asked.

    Args:
        log: Where the anchors are.
        place: Position of each.
        received: Whether what arrived late was not known.
    """
    time, own = log.time[place], log.received[place]
    # An anchor that arrived a day late was imported, and so was its history.
    imported = own - time > _A_DAY
    if not received:
        return np.full(len(place), ALWAYS), np.zeros(len(place), dtype=bool)
    return np.where(imported, ALWAYS, np.minimum(time, own)), imported
