"""Files of Blurr worked out as Blurr 0.4.1 does, with all that our own meaning does otherwise.

Windows take whole blocks, as they were in the end; a window without its blocks takes the row away;
a field whose expression fails keeps its value; attributes of customers are those of the end.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from valuebox_cli.features.blurr.around import Around
from valuebox_cli.features.blurr.changing import Change, Condition, Values, plain, tried, with_zone
from valuebox_cli.features.blurr.documents import Refused
from valuebox_cli.features.blurr.evaluating import Env, Known, State, worked
from valuebox_cli.features.blurr.parts import END, START, Aggregate, Stream, Windows

_IDENTITY: Final = "_identity"


class Answer(NamedTuple):
    """What Blurr answers about one customer."""

    blocks: list[Values]
    rows: list[Values]


class Blurr:
    """Two files, ready to be worked out.

    Args:
        stream: How events become blocks.
        windows: What is worked out around which blocks; None for blocks alone.

    Raises:
        Refused: where something has no meaning here, or Blurr would stop.
    """

    def __init__(self, stream: Stream, windows: Windows | None):
        self._stream, self._windows = stream, windows
        record: dict[str, Known] = {"source": None}
        self._identity = worked(stream.identity, record, stream.imports)
        self._time = worked(stream.time, record, stream.imports)
        self._names: dict[str, Known] = {one.name: _fields_of(one) for one in stream.aggregates}
        of_events = {**record, "time": None, "identity": None, **self._names}
        self._when = Condition(stream.when, of_events, stream.imports)
        self._kinds = [_Kind(one, of_events, stream.imports) for one in stream.aggregates]
        self._around = None if windows is None else Around(stream, windows, self._names)
        self.left_out = 0
        """Events without a customer or a time, which Blurr leaves out."""

    def answers(self, records: Iterable[Values]) -> Iterator[tuple[str, Answer]]:
        """Blocks and rows of each customer, in the order in which customers come first.

        Raises:
            Refused: where Blurr would stop.
        """
        theirs: dict[str, list[tuple[datetime, Values]]] = defaultdict(list)
        for record in records:
            identity, time = (
                tried(one, {"source": record}) for one in (self._identity, self._time)
            )
            if not identity or not isinstance(time, datetime):
                self.left_out += 1
                continue
            if not isinstance(identity, str) or identity.isspace():
                raise Refused.at(
                    self._stream.identity.place,
                    f"the customer {str(identity)[:40]!r} is no text, at which Blurr stops",
                )
            theirs[identity].append((with_zone(time), record))
        for identity, events in theirs.items():
            events.sort(key=lambda one: one[0])
            yield identity, self._answer(identity, events)

    def _answer(self, identity: str, events: Sequence[tuple[datetime, Values]]) -> Answer:
        states = [_Running(one, identity) for one in self._kinds]
        env: Values = {"identity": identity}
        for one in states:
            env[one.name] = one.state
        for time, record in events:
            env["source"], env["time"] = record, time
            if self._when.holds(env):
                for one in states:
                    one.take(env, time)
        for one in states:
            one.end()
        of_blocks = [one for one in states if one.kind.has_time]
        blocks = [block for one in of_blocks for block in one.kept.values() if block[START]]
        wanted = [field.name for one in of_blocks for field in one.kind.aggregate.fields]
        told = [
            {
                "identity": identity,
                "start": block[START].isoformat(),
                "end": block[END].isoformat(),
                **{name: plain(block[name]) for name in wanted},
            }
            for block in blocks
        ]
        ended = {
            one.name: State(list(one.kept.values())[-1] if one.kept else one.empty)
            for one in states
        }
        rows = [] if self._around is None else list(self._around.rows(identity, ended, blocks))
        return Answer(told, rows)


class _Kind:
    """An aggregate, ready to be worked out."""

    def __init__(
        self, aggregate: Aggregate, names: Mapping[str, Known], imports: Mapping[str, str]
    ):
        if aggregate.split is not None:
            raise Refused.at(
                aggregate.split.place, "Blurr 0.4.1 does not know Split; see Dimensions"
            )
        self.aggregate = aggregate
        self.when = Condition(aggregate.when, names, imports)
        self.fields = [Change(one, names, imports) for one in aggregate.fields]
        self.dimensions = [Change(one, names, imports) for one in aggregate.dimensions]
        self.has_time = aggregate.kind in ("block", "activity")
        self.silence = timedelta(seconds=aggregate.silence or 0)

    def empty(self, identity: str) -> Values:
        """The values before any event."""
        return {
            _IDENTITY: identity,
            START: None,
            END: None,
            **{one.name: one.default for one in (*self.fields, *self.dimensions)},
        }


class _Running:
    """An aggregate while events of one customer come."""

    def __init__(self, kind: _Kind, identity: str):
        self.kind, self.name = kind, kind.aggregate.name
        self.kept: dict[Any, Values] = {}
        """Finished blocks, in the order in which each was first left."""
        self.values = kind.empty(identity)
        self.state = State(self.values)
        self.empty = dict(self.values)
        self._key: Any = None

    def take(self, env: Env, time: datetime) -> None:
        """Take an event."""
        match self.kind.aggregate.kind:
            case "variable":
                self._change(env, time)
            case "activity":
                self._take_by_silence(env, time)
            case _:
                self._take_by_key(env, time)

    def end(self) -> None:
        """Keep what is left."""
        if self.kind.aggregate.kind == "activity":
            self._key = self.values[START]
        if self._key is not None:
            self.kept[self._key] = dict(self.values)

    def _take_by_key(self, env: Env, time: datetime) -> None:
        if not self.kind.when.holds(env):
            return
        dimensions = {one.name: one.of(env) for one in self.kind.dimensions}
        if None in dimensions.values():
            return
        key = tuple(map(str, dimensions.values()))
        if self._key is None:
            self._put(self.kept.get(key, self.empty))
        elif any(self.values[name] != value for name, value in dimensions.items()):
            self.end()
            self._put(self.kept.get(key, self.empty))
        self._change(env, time)
        self._key = key

    def _take_by_silence(self, env: Env, time: datetime) -> None:
        if self.values[START] is None and self.kept:
            self._put(self.kept[max(self.kept)])
        start, end = self.values[START], self.values[END]
        if start is not None and not start - self.kind.silence <= time <= end + self.kind.silence:
            self.end()
            self._put(self.empty)
        self._change(env, time)

    def _change(self, env: Env, time: datetime) -> None:
        if not self.kind.when.holds(env):
            return
        if self.kind.has_time:
            start, end = self.values[START], self.values[END]
            self.values[START] = time if start is None or time < start else start
            self.values[END] = time if end is None or time > end else end
        for one in (*self.kind.fields, *self.kind.dimensions):
            if (found := one.of(env)) is not None:
                self.values[one.name] = found

    def _put(self, values: Values) -> None:
        self.values.update(values)


def _fields_of(aggregate: Aggregate) -> frozenset[str]:
    own = [_IDENTITY, *([START, END] if aggregate.kind in ("block", "activity") else [])]
    fields = (*aggregate.fields, *aggregate.dimensions)
    return frozenset([*own, *(one.name for one in fields)])
