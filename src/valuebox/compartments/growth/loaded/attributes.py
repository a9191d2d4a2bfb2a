"""What is told of customers, as groups: names as they are, measurements in ranges."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.growth.loaded.frames import labels
from valuebox.compartments.growth.schemas import Numbers
from valuebox.facts.labels import Labels
from valuebox.schemas.names import OTHERS, name_of, shown

MOST_GROUPS: Final = 50
"""Groups of one attribute; the smallest ones share one beyond that."""
_MOST_NUMBERS: Final = 12
"""Different numbers up to which an attribute has names, whatever they look like."""
_LONG: Final = 10**5
"""Whole numbers from here on that are all as long, such as 20190801, name something."""
_RANGES: Final = 4
_FAR: Final = 1e300
"""Numbers that are further away are taken for this one, so that ranges can be worked out."""


def by_name(
    rows: Sequence[Mapping[str, Any] | None],
    most: int,
    grouping: str | None = None,
    kind: Numbers | None = None,
) -> dict[str, Labels]:
    """Attributes of customers, the most frequent names first.

    Args:
        rows: What is told of each customer; those of whom the same is told may share an object,
            which is then looked at once.
        most: How many names to look at, besides `grouping`.
        grouping: The attribute that customers are grouped by; up to 50 numbers of it are names.
        kind: What its numbers are; None to tell by their look.
    """
    known: dict[int, int] = {}
    place = np.array([known.setdefault(id(row), len(known)) for row in rows], dtype=np.intp)
    distinct: list[Any] = [None] * len(known)
    for row in rows:
        distinct[known[id(row)]] = row
    names: Counter[str] = Counter()
    for row, customers in zip(distinct, np.bincount(place).tolist(), strict=True):
        names.update(dict.fromkeys(row or (), customers))
    chosen = dict(names.most_common(most))
    if grouping is not None and grouping in names:
        chosen[grouping] = names[grouping]
    found = {}
    for name in chosen:
        values = [row.get(name) if row else None for row in distinct]
        told = kind if name == grouping else None
        are = told or _kind(values, MOST_GROUPS if name == grouping else _MOST_NUMBERS)
        found[name] = _named(values, place) if are == "name" else _ranges(values, place)
    return found


def limited(values: Labels, kept: Collection[str] = ()) -> Labels:
    """Labels with at most `MOST_GROUPS` names besides `kept`; the rarest ones are made one."""
    if len(values.names) <= MOST_GROUPS:
        return values
    counts = np.bincount(values.codes[values.codes >= 0], minlength=len(values.names))
    order = np.argsort(-counts, kind="stable").tolist()
    chosen = [code for code in order if values.names[code] in kept]
    chosen += [code for code in order if values.names[code] not in kept][: MOST_GROUPS - 1]
    place = np.full(len(counts) + 1, len(chosen), dtype=np.int32)
    place[chosen] = np.arange(len(chosen))
    place[-1] = -1
    return Labels(place[values.codes], [*(values.names[code] for code in chosen), OTHERS])


def _kind(values: Iterable[Any], most_names: int) -> Numbers:
    """Names where there are few numbers, or long ones that are all as long, such as ids."""
    numbers = {value for value in values if _is_number(value)}
    if len(numbers) <= most_names:
        return "name"
    are_long = all(value >= _LONG and value == value // 1 for value in numbers)
    lengths = {len(str(int(value))) for value in numbers} if are_long else set()
    return "name" if len(lengths) == 1 else "ranges"


def _named(values: Iterable[Any], place: NDArray[np.intp]) -> Labels:
    """Values as groups; what has no name, such as a list, is missing."""
    texts = map(name_of, values)
    named = labels(None if text is None else shown(text) for text in texts)
    return limited(Labels(named.codes[place], named.names))


def _ranges(values: Sequence[Any], place: NDArray[np.intp]) -> Labels:
    """Four ranges of as many customers; what is no number keeps its name."""
    told = np.array([_clipped(value) if _is_number(value) else np.nan for value in values])
    is_number = ~np.isnan(told)
    if not is_number.any():
        return _named(values, place)
    edges = np.unique(np.nanquantile(told[place], np.arange(1, _RANGES) / _RANGES))
    ranges = [
        f"up to {_plain(edges[0])}",
        *(f"above {_plain(low)}, up to {_plain(high)}" for low, high in pairwise(edges)),
        f"above {_plain(edges[-1])}",
    ]
    within = np.searchsorted(edges, told)
    return _named(
        [
            ranges[at] if ok else value
            for at, ok, value in zip(within.tolist(), is_number.tolist(), values, strict=True)
        ],
        place,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _clipped(value: float) -> float:
    return float(max(-_FAR, min(_FAR, value)))


def _plain(edge: float) -> str:
    """A bound to read: six digits, or all of those before the point."""
    return f"{edge:.0f}" if 1e6 <= abs(edge) < 1e21 else f"{edge:g}"
