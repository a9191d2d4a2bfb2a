"""Windows and attributes of anchors, column by column."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.errors import ValueboxError
from valuebox.features.declared.anchors import Anchors
from valuebox.features.declared.blocks import Blocks
from valuebox.features.declared.columns import (
    Column,
    Positions,
    joined,
    numbers,
    taken,
)
from valuebox.features.declared.cutting import without
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events
from valuebox.features.declared.expressions import formula
from valuebox.features.declared.figures import ZERO_OF_NOTHING, Figure, masked, ratio
from valuebox.features.declared.log import Log, Runs
from valuebox.features.declared.parts import Measure, Ratio, Window
from valuebox.features.declared.splitting import blocks_of, measured

_AT_ONCE: Final = 8_000_000
"""Blocks that are looked at one by one, at once; some 1 GB of memory."""


class SeveralCurrencies(ValueboxError):
    """Amounts in several currencies have no sum."""


def check_currencies(found: frozenset[Any]) -> None:
    """Refuse to add up amounts of several currencies.

    Raises:
        SeveralCurrencies: naming them.
    """
    if len(found) > 1:
        raise SeveralCurrencies(
            f"amounts come in {', '.join(sorted(map(str, found)))}: say which is meant, by "
            'currency = "…" at the top of the declaration, or by a condition `when`'
        )


class _Columns:
    """Columns in the order of a log, each worked out once.

    They know nothing of who asks: without a circle, a log goes as soon as it is no longer needed.
    """

    def __init__(self, events: Events, rows: Positions):
        self._events, self._rows = events, rows
        self._found: dict[str, Column] = {}

    def read(self, name: str) -> Column:
        """The column of a name."""
        if name not in self._found:
            self._found[name] = taken(self._events.read(name), self._rows)
        return self._found[name]


class Working:
    """What is worked out once for all windows.

    Args:
        declared: What to work out.
        events: Events in any order.
        log: Those that are somebody's, in order.
        rows: Position of each of these among the events.
        now: Moment, in microseconds since 1970, at which targets are known that lie before it.
    """

    def __init__(self, declared: Declaration, events: Events, log: Log, rows: Positions, now: int):
        self._declared, self._log, self._now = declared, log, now
        self._events, self._rows = events, rows
        self.currencies: dict[str, frozenset[Any]] = {}
        """Currencies that each measure adds up, by what it is."""
        self._figures: dict[tuple[Measure, bool], Figure] = {}
        self.read = _Columns(events, rows).read

    @cached_property
    def _blocks(self) -> Blocks:
        return blocks_of(self._declared, self._log, self.read)

    def few_enough(self, anchors: Anchors, is_anchor: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which anchors come while their block has had fewer of them than it may have."""
        most = self._declared.anchor.most
        if most is None:
            return np.ones(len(anchors), dtype=bool)
        figure = Figure("count", is_anchor[self._blocks.members.rows], None)
        return numbers(figure.of(self._blocks.own(anchors), len(anchors))) < most

    def known(self, anchors: Anchors) -> Iterator[tuple[str, Column]]:
        """Every column that is known at the anchors."""
        for name, measure in self._declared.attribute.items():
            yield name, self._figure(measure).of(anchors.visible, len(anchors))
        for name, window in self._declared.window.items():
            if not window.target:
                yield from self._columns(name, window, anchors)

    def targets(self, anchors: Anchors) -> Iterator[tuple[str, Column]]:
        """Every column that is known later; missing where it is not known yet."""
        for name, window in self._declared.window.items():
            if window.target:
                is_early = anchors.time + window.length > self._now
                for column, found in self._columns(name, window, anchors):
                    yield column, masked(found, is_early)

    def _columns(self, name: str, window: Window, anchors: Anchors) -> Iterator[tuple[str, Column]]:
        several = [dict(self._some(name, window, one)) for one in self._portions(window, anchors)]
        for column in several[0]:
            yield column, joined([one[column] for one in several])

    def _portions(self, window: Window, anchors: Anchors) -> list[Anchors]:
        """The anchors, in portions for which a bounded number of blocks is looked at one by one."""
        if window.blocks is None:
            return [anchors]
        total = np.cumsum(self._blocks.most_open(anchors, -window.blocks))
        if not len(total) or total[-1] <= _AT_ONCE:
            return [anchors]
        portion = total // _AT_ONCE
        return [anchors.taken(portion == one) for one in np.unique(portion).tolist()]

    def _some(self, name: str, window: Window, anchors: Anchors) -> Iterator[tuple[str, Column]]:
        runs = self._runs(window, anchors)
        of_blocks = window.blocks is not None
        nothing = np.ones(len(anchors), dtype=bool)
        nothing[runs.owner] = False

        def figure(measure: Measure) -> Column:
            if not of_blocks:
                return self._figure(measure).of(runs, len(anchors))
            members = self._blocks.members
            found = self._figure(measure, not members.is_all).of(runs, len(anchors), members.rank)
            return masked(found, nothing) if measure.aggregate in ZERO_OF_NOTHING else found

        for one in self._declared.fields_of(window):
            field = self._declared.field[one]
            if isinstance(field, Ratio):
                parts = [figure(measure) for _, measure in self._declared.measures(one)]
                found: Column = ratio(*parts)
            else:
                found = figure(field)
            yield f"{name}.{one}", found
            if one in window.cap:
                yield f"{name}.{one}.capped", np.minimum(numbers(found), window.cap[one])

    def _runs(self, window: Window, anchors: Anchors) -> Runs:
        if window.blocks is not None:
            return self._blocks.last(anchors, -window.blocks)
        if window.target:
            return anchors.following(window.length)
        runs = anchors.visible.within(anchors.reaching(window.length), anchors.stop)
        if window.own:
            return runs
        return without(runs, self._blocks.own(anchors), self._blocks.members.rows)

    def _figure(self, measure: Measure, by_block: bool = False) -> Figure:
        """A measure over the log, or over the members of blocks in their order."""
        if (measure, by_block) not in self._figures:
            holds, value = measured(measure, self.read, len(self._rows))
            self._check_currencies(measure, holds, value)
            if by_block:
                rows = self._blocks.members.rows
                holds, value = holds[rows], None if value is None else taken(value, rows)
            self._figures[measure, by_block] = Figure(measure.aggregate, holds, value)
        return self._figures[measure, by_block]

    def _check_currencies(
        self, measure: Measure, holds: NDArray[np.bool_], value: Column | None
    ) -> None:
        if measure.aggregate not in ("sum", "mean") or value is None:
            return
        if measure.value is None or "amount" not in formula(measure.value).names:
            return
        currency = self._events.currency
        codes = currency.codes[self._rows][holds & ~np.isnan(numbers(value))]
        found = frozenset(currency.values[code] for code in np.unique(codes).tolist() if code >= 0)
        check_currencies(found)
        self.currencies[measure.model_dump_json()] = found
