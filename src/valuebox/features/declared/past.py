"""What somebody did before a moment, as lists: a few events, for which arrays would take longer."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from valuebox.features.declared.remembered import Key, Remembered, keys
from valuebox.features.declared.scalars import Scalar


class Asked(NamedTuple):
    """A moment at which features are asked for."""

    time: int
    """In microseconds since 1970."""
    values: Mapping[str, Scalar]
    """What is known of the moment itself, by name, as declarations ask for it."""


class Past:
    """Events in the order of time and id, as columns.

    Args:
        time: When each happened, in microseconds since 1970, before the moment that is asked about.
        columns: The values of every name that the declaration reads.
        whole: Place from which on nothing is left out. Of those before only some are there.
    """

    def __init__(self, time: Sequence[int], columns: Mapping[str, list[Scalar]], whole: int = 0):
        self.time, self.columns, self.whole = time, columns, whole
        self.keys: Mapping[str, list[Key]] = _Keys(columns)
        """What the values of each name are looked up by."""

    def __len__(self) -> int:
        return len(self.time)

    def taken(self, rows: Sequence[int]) -> "Past":
        """Some of the events, in their order."""
        columns = {name: [each[row] for row in rows] for name, each in self.columns.items()}
        return Past([self.time[row] for row in rows], columns, self.whole)

    def each(self, what: Remembered) -> list[Any]:
        """What something is for each event."""
        return what.of_named(self.keys, len(self.time))


class _Keys(dict[str, list[Key]]):
    """Keys by name, made when they are first asked for."""

    def __init__(self, columns: Mapping[str, list[Scalar]]):
        super().__init__()
        self._columns = columns

    def __missing__(self, name: str) -> list[Key]:
        found = self[name] = keys(self._columns[name])
        return found
