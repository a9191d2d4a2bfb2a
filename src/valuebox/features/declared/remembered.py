"""What expressions are worth, remembered by the values that they read.

Events are many and their values few: the second game that was won takes no more than to look up
what the first was worth.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from valuebox.features.declared.scalars import Scalar
from valuebox.features.declared.worth import Get

MOST_KEPT: Final = 4_096
"""Combinations of values of which the worth of an expression is remembered."""
_LONGEST: Final = 200
"""Length of texts that are remembered."""
ALWAYS_NEW: Final = frozenset({"time", "received_at", "id"})
"""Names whose values hardly ever come again."""
Key = Any
"""A value as it is looked up by: 1, 1.0 and true, which Python takes for equal, stay apart."""


def keys(values: Sequence[Scalar]) -> list[Key]:
    """What values are looked up by."""
    return [one if one.__class__ is str or one is None else (one.__class__, one) for one in values]


class Remembered:
    """Something that follows from the values of some names.

    Args:
        names: What is read.
        worth: What follows, of a function that knows the value of each name.
    """

    def __init__(self, names: Sequence[str], worth: Callable[[Get], Any]):
        self.names = tuple(names)
        self._known = _Known(self.names, worth)
        self._found = self._known.__getitem__
        self._several = itemgetter(*self.names) if len(self.names) > 1 else None

    def of(self, columns: Sequence[list[Key]], count: int) -> list[Any]:
        """What follows for each event, `(count,)`.

        Args:
            columns: Keys of the values of each name, in the order of `names`.
            count: How many events there are.
        """
        return self.of_named(dict(zip(self.names, columns, strict=True)), count)

    def of_named(self, columns: Mapping[str, list[Key]], count: int) -> list[Any]:
        """As `of`, of the keys of each name by the name."""
        if self._several is not None:
            return list(map(self._found, zip(*self._several(columns), strict=True)))
        if self.names:
            return list(map(self._found, columns[self.names[0]]))
        return [self._found(())] * count if count else []


class _Known(dict[Key, Any]):
    """What was worked out, by the keys of what was read: a tuple, but of a single name its own."""

    def __init__(self, names: tuple[str, ...], worth: Callable[[Get], Any]):
        super().__init__()
        self._names, self._worth = names, worth
        self._is_kept = ALWAYS_NEW.isdisjoint(names)

    def __missing__(self, key: Key) -> Any:
        parts = (key,) if len(self._names) == 1 else key
        values = [one[1] if one.__class__ is tuple else one for one in parts]
        found = self._worth(dict(zip(self._names, values, strict=True)).__getitem__)
        if self._is_kept and all(one.__class__ is not str or len(one) < _LONGEST for one in values):
            if len(self) >= MOST_KEPT:
                self.clear()
            self[key] = found
        return found
