"""Lying bars: where they begin, how long they are and what is written beside them."""

from collections.abc import Callable, Sequence
from typing import Final

from valuebox.pages.marks import Part, Row, Rows, Tick
from valuebox.pages.readable import compact, count, percent
from valuebox.pages.scales import Scale, within

_RIGHT: Final = 98.0
"""Where the longest bar ends, in percent of the width."""


def lying(
    bars: Sequence[tuple[str, Sequence[float]]],
    series: Sequence[str],
    unit: str = "",
    rest: tuple[int, float] = (0, 0.0),
    write: Callable[[float], str] = compact,
    more: Sequence[str] = (),
) -> Rows | None:
    """Bars below each other in the order given, losses to the left of zero; None of none.

    Args:
        bars: The name of each, and what each of the series adds to it.
        series: What bars are made of; each has a colour.
        unit: What is measured, such as customers.
        rest: How many bars are left out, and what these come to.
        write: Writes the figures of bars and of their parts.
        more: What is written below the name of each bar.
    """
    if not bars:
        return None
    ends = [_ends(parts) for _, parts in bars]
    reached = [0.0, *(end for pairs in ends for pair in pairs for end in pair)]
    low, high = min(reached), max(reached)
    if low == high:
        high = 1.0
    scale = Scale(low, high, 0.0 if low == 0 else 100 - _RIGHT, _RIGHT)
    rows = []
    below = more or [""] * len(bars)
    for (name, parts), pairs, told in zip(bars, ends, below, strict=True):
        size = sum(parts)
        drawn = []
        for number, (start, end) in enumerate(pairs):
            if start == end:
                continue
            left, right = sorted((scale(start), scale(end)))
            text = f"{write(end - start)} {series[number]}"
            if len(series) > 1:
                text += f" ({percent((end - start) / size)})"
            drawn.append(Part(left, round(right - left, 3), number, text))
        rows.append(Row(name, drawn, write(size), told))
    ticks = [Tick(scale(value), compact(value)) for value in within(low, high)]
    others, amount = rest
    said = f"{count(others)} more come to {compact(amount)} {unit}" if others else ""
    return Rows(rows, ticks, scale(0.0), series, len(rows) + others, said)


def _ends(sizes: Sequence[float]) -> list[tuple[float, float]]:
    """Where the parts of a bar begin and end: gains to the right of zero, losses to its left."""
    found, gains, losses = [], 0.0, 0.0
    for size in sizes:
        if size >= 0:
            found.append((gains, gains := gains + size))
        else:
            found.append((losses, losses := losses + size))
    return found
