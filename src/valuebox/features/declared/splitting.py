"""From what a declaration says of blocks to the blocks of a log."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.blocks import Adjacent, Blocks
from valuebox.features.declared.columns import Column, Positions, identities, taken
from valuebox.features.declared.declaration import OF_BLOCK, Declaration
from valuebox.features.declared.durations import UNITS
from valuebox.features.declared.expressions import Formula, formula
from valuebox.features.declared.figures import usable
from valuebox.features.declared.keyed import Keyed
from valuebox.features.declared.log import Log
from valuebox.features.declared.parts import Measure, Split
from valuebox.features.declared.told import FieldOfEvents, Told
from valuebox.features.declared.worth import PREVIOUS

Read = Callable[[str], Column]
_QUARTER: Final = UNITS["minute"] * 15
_DAY: Final = UNITS["day"]


def blocks_of(declared: Declaration, log: Log, read: Read) -> Blocks:
    """The blocks of a log.

    Args:
        declared: What says where a block ends; it has a split.
        log: All events.
        read: The column of each name, in the order of the log.
    """
    split, count = declared.split or Split(), len(log.whom)
    everything = np.ones(count, dtype=bool)
    if split.by is not None:
        return Keyed(log, identities(formula(split.by).column(read, count)))
    if split.change is not None:
        value = identities(formula(split.change).column(read, count))
        return Adjacent(log, value >= 0, lambda one, other: value[one] != value[other])
    if split.gap is not None:
        gap = split.gap
        return Adjacent(log, everything, lambda one, other: log.time[other] - log.time[one] > gap)
    if split.day is not None:
        day = days_in(log.time, ZoneInfo(split.day))
        return Adjacent(log, everything, lambda one, other: day[one] != day[other])
    condition = formula(split.when or "", of_blocks=True)
    if condition.block:
        asked = sorted(condition.block - frozenset(OF_BLOCK))
        fields = {name: _field(declared, name, read, count) for name in asked}
        return Told(log, condition, read, fields)
    return Adjacent(log, everything, _when(condition, read))


def _when(condition: Formula, read: Read) -> Callable[[Positions, Positions], NDArray[np.bool_]]:
    def begins(one: Positions, other: Positions) -> NDArray[np.bool_]:
        def of_pair(name: str) -> Column:
            if name.startswith(f"{PREVIOUS}("):
                return taken(read(name[len(PREVIOUS) + 1 : -1]), one)
            return taken(read(name), other)

        return condition.holds(of_pair, len(other))

    return begins


def _field(declared: Declaration, name: str, read: Read, count: int) -> FieldOfEvents:
    [(_, measure)] = declared.measures(name)
    holds, value = measured(measure, read, count)
    if value is not None:
        value, holds = usable(measure.aggregate, value, holds)
    return FieldOfEvents(measure.aggregate, holds, value)


def measured(measure: Measure, read: Read, count: int) -> tuple[NDArray[np.bool_], Column | None]:
    """Which events a measure looks at, and what of them."""
    condition = measure.condition
    holds = np.ones(count, dtype=bool) if condition is None else condition.holds(read, count)
    return holds, None if measure.value is None else formula(measure.value).column(read, count)


def days_in(time: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """The calendar day of moments in a time zone, as days since 1970."""
    quarters, place = np.unique(time // _QUARTER, return_inverse=True)
    # No zone changes its offset within a quarter of an hour.
    offsets = [_offset(one, zone) for one in quarters.tolist()]
    return (time + np.array(offsets, dtype=np.int64)[place]) // _DAY


def day_in(time: int, zone: ZoneInfo) -> int:
    """The calendar day of a moment in a time zone, as days since 1970."""
    return (time + _offset(time // _QUARTER, zone)) // _DAY


@lru_cache(4_096)
def _offset(quarter: int, zone: ZoneInfo) -> int:
    """Microseconds by which a zone is ahead of UTC."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=900 * quarter)
    ahead = moment.astimezone(zone).utcoffset()
    return 0 if ahead is None else round(ahead.total_seconds()) * 1_000_000
