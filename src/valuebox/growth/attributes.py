"""What is told of customers, as groups: texts as they are, numbers that vary in ranges."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.growth.columns import Labels, labels

OTHERS: Final = "(others)"
MOST_GROUPS: Final = 50
"""Groups of one attribute; the smallest ones share one beyond that."""
_MOST_NUMBERS: Final = 12
_RANGES: Final = 4


def by_name(rows: Sequence[Mapping[str, Any] | None], most: int) -> dict[str, Labels]:
    """Attributes of customers, the most frequent names first.

    Args:
        rows: What is told of each customer; those of whom the same is told may share an object,
            which is then looked at once.
        most: How many names to look at.
    """
    known: dict[int, int] = {}
    place = np.array([known.setdefault(id(row), len(known)) for row in rows], dtype=np.intp)
    distinct: list[Any] = [None] * len(known)
    for row in rows:
        distinct[known[id(row)]] = row
    names: Counter[str] = Counter()
    for row, customers in zip(distinct, np.bincount(place).tolist(), strict=True):
        names.update(dict.fromkeys(row or (), customers))
    return {
        name: _categorical([row.get(name) if row else None for row in distinct], place)
        for name, _ in names.most_common(most)
    }


def limited(values: Labels, kept: Collection[str] = ()) -> Labels:
    """The same with at most `MOST_GROUPS` names besides `kept`, the rarest ones made one."""
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


def _categorical(values: Sequence[Any], place: NDArray[np.intp]) -> Labels:
    """Values of one attribute as groups; what has no order or name, such as a list, is missing."""
    known = {value for value in values if isinstance(value, (int, float))}
    numbers = sorted(value for value in known if not isinstance(value, bool))
    if len(numbers) > _MOST_NUMBERS:
        return _ranges(values, place)
    named = labels(_name(value) for value in values)
    return limited(Labels(named.codes[place], named.names))


def _name(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, (str, int)) else None


def _ranges(values: Sequence[Any], place: NDArray[np.intp]) -> Labels:
    is_number = [isinstance(v, (int, float)) and not isinstance(v, bool) for v in values]
    told = [float(v) if ok else np.nan for v, ok in zip(values, is_number, strict=True)]
    numbers = np.array(told)[place]
    edges = np.unique(np.nanquantile(numbers, np.arange(1, _RANGES) / _RANGES))
    names = [
        f"up to {edges[0]:g}",
        *(f"above {low:g}, up to {high:g}" for low, high in pairwise(edges)),
        f"above {edges[-1]:g}",
    ]
    # Of texts among numbers nothing is said.
    codes = np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers))
    return Labels(codes.astype(np.int32), names)
