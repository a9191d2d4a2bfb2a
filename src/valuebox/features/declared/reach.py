"""How far back an answer has to look, where somebody has done more than is read at once."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from valuebox.features.declared.lately import Blocks
from valuebox.features.declared.parts import Window
from valuebox.features.declared.scalars import Scalar
from valuebox.features.declared.taking import Column, Taking


class Older(NamedTuple):
    """Events that are still to be read."""

    since: int
    """Moment from which on, in microseconds since 1970."""
    types: frozenset[str] | None
    """Types of the events; None for all."""


class Work(Protocol):
    """What was worked out of the newest events."""

    @property
    def blocks(self) -> Blocks:
        """These events in blocks."""

    def each(self, taking: Taking) -> Sequence[Scalar]:
        """What a measure takes of each of them."""


class Reach(NamedTuple):
    """What a declaration looks at."""

    attributes: Sequence[Taking]
    windows: Sequence[tuple[Window, Sequence[Column]]]
    added_up: Sequence[frozenset[str] | None]
    """Types of events whose amounts have to share a currency; None for all types."""

    def beyond(self, work: Work, at: int, first: int, earliest: int) -> list[Older] | None:
        """What has to be read besides the newest events.

        Args:
            work: What was worked out of these.
            at: The moment that is asked about, in microseconds since 1970, as all others.
            first: When the first of them happened; all that came later are there.
            earliest: Before which nothing is looked at.

        Returns:
            Events before the newest; None where more of these have to be read, of all types.
        """
        found = [Older(earliest, types) for types in self.added_up]
        for one in self.attributes:
            if one.aggregate != "last" or all(value is None for value in work.each(one)):
                found.append(Older(earliest, one.types))
        for window, columns in self.windows:
            last = -(window.blocks or 0)
            if last or not window.own:
                are_settled = work.blocks.are_settled(last)
                if are_settled is None:
                    return [Older(earliest, None)]
                if not are_settled:
                    return None
            since = max(at - window.length, earliest)
            if not last and since < first:
                parts = (part for column in columns for part in column.parts)
                found += (Older(since, part.types) for part in parts)
        return _without_doubles(found)


def _without_doubles(several: Iterable[Older]) -> list[Older]:
    """Events, in as few parts as that takes without reading others."""
    since: dict[frozenset[str] | None, int] = {}
    for one in several:
        since[one.types] = min(one.since, since.get(one.types, one.since))
    everything = since.get(None)
    return [
        Older(moment, types)
        for types, moment in since.items()
        if types is None or everything is None or moment < everything
    ]
