"""From events to a row for each anchor: features are worked out here, for training and serving."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.anchors import Anchors, known_by
from valuebox.features.declared.columns import (
    Coded,
    Column,
    ManyTexts,
    Positions,
    taken,
)
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events
from valuebox.features.declared.expressions import formula
from valuebox.features.declared.log import Log, in_one
from valuebox.features.declared.working import Working

NOBODY: Final = -1


@dataclass(frozen=True)
class Rows:
    """A row for each anchor."""

    event: Positions
    """Position of each anchor among the events that were given, `(n_anchors,)`."""
    columns: dict[str, Column]
    """Features and targets by name, `(n_anchors,)` each."""
    matures: NDArray[np.int64] | None
    """Moment at which every target of a row is known; None without any target."""
    imported: int
    """Anchors that were received more than a day late: of these, time alone says what was known."""
    currencies: dict[str, frozenset[Any]]
    """Currencies that each measure adds up."""


def rows_of(
    declared: Declaration, events: Events, now: int, asked: Positions | None = None
) -> Rows:
    """Work out every feature and target.

    Args:
        declared: What to work out.
        events: Everything that is known, each once, in any order.
        now: Moment, in microseconds since 1970, at which targets are known that lie before it.
        asked: Events at which to work out features alone, be they anchors or not; None for all
            anchors, with targets.

    Raises:
        SeveralCurrencies: where amounts would be added that have no sum.
    """
    if declared.currency is not None:
        events = events.in_currency(declared.currency)
    whom, order = _in_order(declared, events)
    known = order[whom[order] >= 0]
    log = Log.of(_dense(whom[known]), events.time[known], events.received[known])
    in_log = np.full(len(events), -1, dtype=np.int64)
    in_log[known] = np.arange(len(known))
    is_anchor = (
        _are_anchors(declared, events) if asked is None else np.isin(np.arange(len(events)), asked)
    )
    chosen = order[is_anchor[order]]
    place = in_log[chosen]
    work = Working(declared, events, log, known, now)
    is_there = place >= 0
    until, imported = known_by(log, place[is_there], declared.known == "received" and asked is None)
    anchors = Anchors.of(log, place[is_there], until, declared.lookback)
    is_kept = (
        work.few_enough(anchors, is_anchor[known])
        if asked is None
        else np.ones(len(anchors), dtype=bool)
    )
    anchors = anchors.taken(is_kept)
    found = np.flatnonzero(is_there)[is_kept]
    at = np.sort(np.concatenate([np.flatnonzero(~is_there), found]))
    event = chosen[at]
    own = np.searchsorted(at, found)
    columns = {name: _spread(column, own, len(at)) for name, column in work.known(anchors)}
    for one in declared.anchor.columns:
        columns[f"anchor.{one}"] = taken(formula(one).column(events.read, len(events)), event)
    targets = dict(work.targets(anchors)) if asked is None else {}
    columns |= {name: _spread(column, own, len(at)) for name, column in targets.items()}
    order_of_columns = [*declared.features, *(declared.targets if asked is None else ())]
    return Rows(
        event,
        {name: columns[name] for name in order_of_columns},
        events.time[event] + declared.horizon if declared.horizon else None,
        int(imported[is_kept].sum()),
        work.currencies,
    )


def _in_order(declared: Declaration, events: Events) -> tuple[NDArray[np.int64], Positions]:
    """Whose each event is, -1 for nobody's, and the order of whose they are, time and id."""
    theirs = events.customer if declared.of == "customer" else events.session
    pair = (
        _ranks(events.source)[events.source.codes] * (len(theirs.values) + 1)
        + np.append(_ranks(theirs) + 1, 0)[theirs.codes]
    )
    order = _sorted(pair, events.time)
    tie = (np.diff(pair[order]) == 0) & (np.diff(events.time[order]) == 0)
    if tie.any():
        tied = np.flatnonzero(np.append(tie, False) | np.append(False, tie))
        rows = np.sort(order[tied])
        _, id_ = np.unique(events.id[rows].tolist(), return_inverse=True)
        order[tied] = rows[np.lexsort((id_, events.time[rows], pair[rows]))]
    return np.where(theirs.codes >= 0, pair, NOBODY), order


def _sorted(pair: NDArray[np.int64], time: NDArray[np.int64]) -> Positions:
    """The order of customer and time; of equal ones in any."""
    key = in_one(pair, time)
    return np.lexsort((time, pair)) if key is None else np.argsort(key)


def _ranks(column: Coded) -> NDArray[np.int64]:
    """The place of each value among the sorted ones."""
    if isinstance(column.values, ManyTexts):
        return column.values.ranks()
    found = np.empty(len(column.values), dtype=np.int64)
    found[sorted(range(len(column.values)), key=lambda code: str(column.values[code]))] = np.arange(
        len(found)
    )
    return found


def _dense(sorted_codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes from 0 without a gap, in the same order."""
    if not len(sorted_codes):
        return sorted_codes
    return np.cumsum(np.append(0, np.diff(sorted_codes) != 0))


def _are_anchors(declared: Declaration, events: Events) -> NDArray[np.bool_]:
    anchor, count = declared.anchor, len(events)
    found = np.ones(count, dtype=bool)
    if anchor.type:
        wanted = [one in anchor.type for one in events.type.values]
        found = events.type.mapped(wanted, False, np.bool_)
    if anchor.when is not None:
        found = found & formula(anchor.when).holds(events.read, count)
    return found


def _spread(column: Column, places: Positions, count: int) -> Column:
    """A column with missing values between those that there are."""
    if len(places) == count:
        return column
    if isinstance(column, Coded):
        codes = np.full(count, -1, dtype=np.int64)
        codes[places] = column.codes
        return Coded(codes, column.values)
    found = np.full(count, np.nan)
    found[places] = column
    return found
