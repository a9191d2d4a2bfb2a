"""Windows around blocks as Blurr works these out: whole blocks, or no row at all."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from valuebox_cli.features.blurr.changing import Change, Condition, Values, plain
from valuebox_cli.features.blurr.documents import Refused
from valuebox_cli.features.blurr.evaluating import Known, Several, State
from valuebox_cli.features.blurr.parts import START, Span, Stream, Windows


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
        ordered = sorted(blocks, key=lambda one: self._key(one[START]))
        begins = [self._key(one[START]) for one in ordered]
        for block in blocks:
            ended[self._name] = State(block)
            day = block[START].date()
            if self._windows.most is not None and found[day] >= self._windows.most:
                continue
            if not self._condition.holds(env):
                continue
            if (row := self._row(env, block, ordered, begins)) is not None:
                found[day] += 1
                yield {"identity": identity, "start": block[START].isoformat(), **row}

    def _row(
        self, env: Values, block: Values, ordered: list[Values], begins: list[Any]
    ) -> Values | None:
        """The values of one row; None where a window lacks blocks."""
        sources = []
        for span, _ in self._fields:
            near = self._near(span, block[START], begins)
            if not near or (span.unit == "count" and len(near) != abs(span.value)):
                return None
            sources.append(Several([ordered[place] for place in near]))
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

    def _near(self, span: Span, start: datetime, begins: list[Any]) -> range:
        """Places of blocks that begin strictly between an anchor's begin and a window's end."""
        end = (datetime.max if span.value > 0 else datetime.min).replace(tzinfo=UTC)
        if span.unit != "count":
            # What lies beyond the calendar ends with it.
            with suppress(OverflowError):
                end = start + timedelta(**{f"{span.unit}s": span.value})
        first, last = sorted([self._key(start), self._key(end)])
        near = range(bisect_right(begins, first), bisect_left(begins, last))
        if span.unit == "count":
            return near[span.value :] if span.value < 0 else near[: span.value]
        return near

    def _key(self, time: datetime) -> Any:
        """What Blurr compares: of blocks by dimensions the text of a moment, whatever its zone."""
        return time if self._by_time else time.isoformat()
