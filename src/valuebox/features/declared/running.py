"""Fields of a block so far, event by event, for splits that ask about them."""

from collections.abc import Callable
from typing import Any, Final

from valuebox.features.declared.figures import PARTS
from valuebox.features.declared.scalars import Scalar, identity


class RunningField:
    """A field of the block so far.

    Args:
        aggregate: Which one.
    """

    def __init__(self, aggregate: str):
        self._aggregate = aggregate
        self.clear()

    def clear(self) -> None:
        """Begin a new block."""
        self._count = 0
        self._total = 0
        self._kept: Scalar = None
        self._seen: set[Any] = set()

    def add(self, value: Any) -> None:
        """Take an event into the block.

        Args:
            value: Its value as `Figure` has it, of a sum in millionths.
        """
        self._count += 1
        match self._aggregate:
            case "sum" | "mean":
                self._total += int(value)
            case "distinct":
                self._seen.add(identity(value))
            case "first":
                self._kept = value if self._count == 1 else self._kept
            case "last":
                self._kept = value
            case "min" | "max":
                choose = _CHOICES[self._aggregate]
                self._kept = value if self._kept is None else choose(self._kept, value)

    @property
    def value(self) -> Scalar:
        """The field as it stands."""
        match self._aggregate:
            case "count":
                return self._count
            case "sum":
                return self._total / PARTS
            case "mean":
                return self._total / PARTS / self._count if self._count else None
            case "distinct":
                return len(self._seen)
        return self._kept


_CHOICES: Final[dict[str, Callable[..., Any]]] = {"min": min, "max": max}
