"""What somebody did before a moment, as lists: a few events, for which arrays would take longer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from valuebox.features.declared.remembered import Key, Remembered, keys
from valuebox.features.declared.scalars import Scalar


class Asked(NamedTuple):
    """A moment at which features are asked for."""

    time: int
    """In microseconds since 1970."""
    values: Mapping[str, Scalar]
    """What is known of the moment itself, by name, as declarations ask for it."""


@dataclass(frozen=True)
class Past:
    """Events in the order of time and id, as columns."""

    time: Sequence[int]
    """When each happened, in microseconds since 1970, before the moment that is asked about."""
    columns: Mapping[str, list[Scalar]]
    """The values of every name that the declaration reads."""
    whole: int = 0
    """Place from which on nothing is left out. Of those before only some are there."""
    _keys: dict[str, list[Key]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.time)

    def taken(self, rows: Sequence[int]) -> "Past":
        """Some of the events, in their order."""
        columns = {name: [each[row] for row in rows] for name, each in self.columns.items()}
        return Past([self.time[row] for row in rows], columns, self.whole)

    def keys(self, name: str) -> list[Key]:
        """What the values of a name are looked up by."""
        found = self._keys.get(name)
        if found is None:
            found = self._keys[name] = keys(self.columns[name])
        return found

    def each(self, what: Remembered) -> list[Scalar]:
        """What something is for each event."""
        return what.of([self.keys(name) for name in what.names], len(self.time))
