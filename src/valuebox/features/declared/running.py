"""Aggregates without arrays: of a block so far, event by event, and of a list of values."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final

from valuebox.features.declared.figures import of_parts, parts_of
from valuebox.features.declared.parts import Aggregate
from valuebox.features.declared.scalars import Scalar, identity, number


def usable(aggregate: str, value: Scalar) -> Any:
    """A value as an aggregate takes it, of a sum in millionths; None where it takes none."""
    if aggregate in ("sum", "mean", "min", "max"):
        found = number(value)
        if found is None or aggregate in ("min", "max"):
            return found
        return parts_of(found)
    return identity(value) if aggregate == "distinct" else value


def aggregated(aggregate: Aggregate, usable: Sequence[Any]) -> Scalar:
    """An aggregate of values that it takes, in the order of time; None where it is missing."""
    return AGGREGATES[aggregate](usable)


def _count(usable: Sequence[Any]) -> Scalar:
    return float(len(usable))


def _sum(usable: Sequence[Any]) -> Scalar:
    return of_parts(sum(usable))


def _mean(usable: Sequence[Any]) -> Scalar:
    total = of_parts(sum(usable)) if usable else None
    return None if total is None else total / len(usable)


def _distinct(usable: Sequence[Any]) -> Scalar:
    return float(len(set(usable)))


def _end(choose: Callable[..., Any]) -> Callable[[Sequence[Any]], Scalar]:
    return lambda usable: choose(usable) if usable else None


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
                return of_parts(self._total)
            case "mean":
                total = of_parts(self._total) if self._count else None
                return None if total is None else total / self._count
            case "distinct":
                return len(self._seen)
        return self._kept


_CHOICES: Final[dict[str, Callable[..., Any]]] = {"min": min, "max": max}
AGGREGATES: Final[dict[Aggregate, Callable[[Sequence[Any]], Scalar]]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "distinct": _distinct,
    "min": _end(min),
    "max": _end(max),
    "first": _end(itemgetter(0)),
    "last": _end(itemgetter(-1)),
}
"""What each aggregate makes of the values that it takes, in the order of time."""
