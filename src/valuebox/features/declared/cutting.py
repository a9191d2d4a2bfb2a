"""Stretches of a log without the events of some others."""

import numpy as np

from valuebox.features.declared.columns import Positions
from valuebox.features.declared.log import Runs


def without(runs: Runs, others: Runs, rows: Positions) -> Runs:
    """What of some stretches lies in no other.

    Args:
        runs: Stretches of a log.
        others: Stretches of members of it, of the same owners.
        rows: Position in the log of each member.
    """
    if not len(others.owner) or not len(runs.owner):
        return runs
    cuts = _in_log(others, rows)
    # What is left lies before, between and behind the others.
    return _intersected(runs, _gaps(cuts, runs))


def _in_log(members: Runs, rows: Positions) -> Runs:
    """Stretches of members as stretches of the log."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    first = np.searchsorted(breaks, members.start, side="right")
    last = np.searchsorted(breaks, members.stop)
    place, inner = Runs.of(first, last).positions()
    begin = np.concatenate([members.start, breaks[inner]])
    end = np.concatenate([members.stop, breaks[inner]])
    of_begin = np.concatenate([np.arange(len(first)), place])
    # The n-th beginning and the n-th end of a stretch belong together.
    begin, end = (one[np.lexsort((one, of_begin))] for one in (begin, end))
    owner = members.owner[np.sort(of_begin)]
    return Runs(owner, rows[begin], rows[end - 1] + 1).in_order()


def _gaps(cuts: Runs, runs: Runs) -> Runs:
    """What lies around some stretches, for every owner of the runs."""
    owners = np.unique(runs.owner)
    edge = int(max(runs.stop.max(), cuts.stop.max()))
    owner = np.concatenate([owners, cuts.owner])
    begin = np.concatenate([np.zeros(len(owners), dtype=np.int64), cuts.stop])
    order = np.lexsort((begin, owner))
    owner, begin = owner[order], begin[order]
    ends = np.concatenate([cuts.start, np.full(len(owners), edge)])
    of_end = np.concatenate([cuts.owner, owners])
    order = np.lexsort((ends, of_end))
    keep = np.isin(owner, owners)
    return Runs(owner[keep], begin[keep], ends[order][np.isin(of_end[order], owners)])


def _intersected(one: Runs, other: Runs) -> Runs:
    """What lies in both, for each owner."""
    begin = np.searchsorted(other.owner, one.owner)
    end = np.searchsorted(other.owner, one.owner, side="right")
    place, other_place = Runs.of(begin, end).positions()
    start = np.maximum(one.start[place], other.start[other_place])
    stop = np.minimum(one.stop[place], other.stop[other_place])
    there = stop > start
    return Runs(one.owner[place][there], start[there], stop[there]).in_order()
