"""Where the marks of a picture lie: across in percent of its width, down in pixels.

Across in percent, so that a picture fills a phone as it does a wall, with letters that stay as
large as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from valuebox.pages.readable import compact
from valuebox.pages.scales import Scale

HEIGHT: Final = 250
TOP: Final = 20.0
BOTTOM: Final = 222.0
LEFT: Final = 7.0
RIGHT: Final = 99.0
# Series that have a colour of their own; the others share the last one.
COLOURS: Final = 4


@dataclass(frozen=True)
class Tick:
    """A value written beside a picture."""

    at: float
    text: str


@dataclass(frozen=True)
class Axes:
    """What is written below and beside a picture."""

    down: Sequence[Tick]
    across: Sequence[Tick]
    height: int = HEIGHT
    bottom: float = BOTTOM


@dataclass(frozen=True)
class Bar:
    """A bar of a picture."""

    left: float
    width: float
    top: float
    height: float
    colour: int
    """Number of the series, which the colour shows."""
    text: str


@dataclass(frozen=True)
class Part:
    """A stretch of a lying bar, in percent of the width of its picture."""

    left: float
    width: float
    colour: int
    """Number of the series, which the colour shows."""
    text: str


@dataclass(frozen=True)
class Row:
    """A lying bar, between what it is called and what it comes to."""

    name: str
    parts: Sequence[Part]
    value: str
    more: str = ""
    """Written below the name."""


@dataclass(frozen=True)
class Rows:
    """Lying bars below each other, on one scale: each has its label, however many there are."""

    rows: Sequence[Row]
    ticks: Sequence[Tick]
    zero: float
    """Where bars begin, in percent of the width."""
    series: Sequence[str]
    of: int
    """Number of rows in all, not all of which may be shown."""
    rest: str
    """What the rows that are not shown come to."""


@dataclass(frozen=True)
class BarChart:
    """Bars, and marks of what was expected."""

    axes: Axes
    bars: Sequence[Bar]
    expected: Sequence[Bar] = ()
    series: Sequence[str] = ()


def ticks(
    values: Sequence[float], scale: Scale, write: Callable[[float], str] = compact
) -> list[Tick]:
    """Values written beside a picture."""
    return [Tick(scale(value), write(value)) for value in values]
