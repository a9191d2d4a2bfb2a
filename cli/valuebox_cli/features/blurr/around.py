"""Windows around blocks as Blurr works these out: whole blocks, or no row at all."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from valuebox_cli.features.blurr.changing import Change, Condition, Values, plain
from valuebox_cli.features.blurr.documents import Refused
from valuebox_cli.features.blurr.evaluating import Known, Several, State
from valuebox_cli.features.blurr.parts import START, Stream, Windows


class Around:
    """Windows around blocks, ready to be worked out."""

    def __init__(self, stream: Stream, windows: Windows, names: dict[str, Known]):
        self._stream, self._windows = stream, windows
        if (blocks := stream.blocks) is None:
            raise Refused.at(stream.place, "has no aggregate of blocks, which windows need")
        self._name, self._by_time = blocks.name, blocks.kind == "activity"
        of_anchor: dict[str, Known] = {stream.name: names, "identity": None}
        self._condition = Condition(windows.condition, of_anchor, {})
        of_blocks = names[blocks.name]
        of_window = {**of_anchor, "anchor": of_blocks, "source": of_blocks}
        for span in windows.spans:
            of_window[span.name] = frozenset(one.name for one in span.fields)
        self._fields = [
            (span, [Change(one, of_window, {}) for one in span.fields]) for span in windows.spans
        ]

    def rows(
        self, identity: str, ended: dict[str, State], blocks: list[Values]
    ) -> Iterator[Values]:
        """The rows that are left of one customer.

        Args:
            identity: The customer.
            ended: State of every aggregate after the last event.
            blocks: Blocks, in the order in which each was first left.
        """
        ended = dict(ended)
        env: Values = {"identity": identity, self._stream.name: ended}
        found: dict[Any, int] = defaultdict(int)
        for block in blocks:
            ended[self._name] = State(block)
            day = block[START].date()
            if self._windows.most is not None and found[day] >= self._windows.most:
                continue
            if not self._condition.holds(env):
                continue
            if (row := self._row(env, block, blocks)) is not None:
                found[day] += 1
                yield {"identity": identity, "start": block[START].isoformat(), **row}

    def _row(self, env: Values, block: Values, blocks: list[Values]) -> Values | None:
        """The values of one row; None where a window lacks blocks."""
        sources = []
        for span, _ in self._fields:
            near = self._near(span.unit, span.value, block[START], blocks)
            if not near or (span.unit == "count" and len(near) != abs(span.value)):
                return None
            sources.append(Several(list(near)))
        changed = {
            span.name: {one.name: one.default for one in each} for span, each in self._fields
        }
        inside: Values = {**env, "anchor": State(block)}
        inside.update({name: State(values) for name, values in changed.items()})
        for (span, each), source in zip(self._fields, sources, strict=True):
            inside["source"] = source
            for one in each:
                if (value := one.of(inside)) is not None:
                    changed[span.name][one.name] = value
        return {
            f"{window}.{name}": plain(value)
            for window, values in changed.items()
            for name, value in values.items()
        }

    def _near(self, unit: str, value: int, start: datetime, blocks: list[Values]) -> list[Values]:
        """Blocks that begin strictly between an anchor's begin and the end of a window."""
        if unit == "count":
            end = (
                datetime.max.replace(tzinfo=UTC) if value > 0 else datetime.min.replace(tzinfo=UTC)
            )
        else:
            try:
                end = start + timedelta(**{f"{unit}s": value})
            except OverflowError:
                return []
        # Blurr compares blocks of dimensions by the text of their begin, whatever its zone.
        key = (lambda one: one) if self._by_time else datetime.isoformat
        first, last = sorted([key(start), key(end)])
        near = [one for one in blocks if first < key(one[START]) < last]
        near.sort(key=lambda one: key(one[START]))
        if unit == "count":
            return near[value:] if value < 0 else near[:value]
        return near
