"""What expressions are worth, remembered by the values that they read.

Events are many and their values few: the second game that was won takes no more than to look up
what the first was worth.
"""

from collections.abc import Callable, Sequence
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

    def of(self, columns: Sequence[list[Key]], count: int) -> list[Any]:
        """What follows for each event, `(count,)`.

        Args:
            columns: Keys of the values of each name, in the order of `names`.
            count: How many events there are.
        """
        if len(columns) == 1:
            return list(map(self._known.__getitem__, columns[0]))
        if columns:
            return list(map(self._known.__getitem__, zip(*columns, strict=True)))
        return [self._known[()]] * count if count else []


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
