"""What is told of customers, as groups: texts as they are, numbers that vary in ranges."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from valuebox.growth.columns import Labels, labels

OTHERS: Final = "(others)"
MOST_GROUPS: Final = 50
"""Groups of one attribute; the smallest ones share one beyond that."""
_MOST_NUMBERS: Final = 12
_RANGES: Final = 4


def categorical(values: Sequence[Any]) -> Labels:
    """Values of one attribute, one a customer, as at most `MOST_GROUPS` groups.

    Args:
        values: Texts, numbers, true and false; None is missing, and so is what has no order
            or name, such as lists.
    """
    known = {value for value in values if isinstance(value, (int, float))}
    numbers = sorted(value for value in known if not isinstance(value, bool))
    if len(numbers) > _MOST_NUMBERS:
        return limited(_ranges(values))
    return limited(labels(_name(value) for value in values))


def limited(values: Labels) -> Labels:
    """The same with at most `MOST_GROUPS` names, the rarest ones made one."""
    if len(values.names) <= MOST_GROUPS:
        return values
    counts = np.bincount(values.codes[values.codes >= 0], minlength=len(values.names))
    kept = np.argsort(-counts, kind="stable")[: MOST_GROUPS - 1].tolist()
    place = np.full(len(counts) + 1, len(kept), dtype=np.int32)
    place[kept] = np.arange(len(kept))
    place[-1] = -1
    return Labels(place[values.codes], [*(values.names[code] for code in kept), OTHERS])


def by_name(rows: Sequence[Mapping[str, Any] | None], most: int) -> dict[str, Labels]:
    """Attributes of customers, the most frequent names first.

    Args:
        rows: What is told of each customer.
        most: How many names to look at.
    """
    names = Counter(name for row in rows if row for name in row)
    return {
        name: categorical([row.get(name) if row else None for row in rows])
        for name, _ in names.most_common(most)
    }


def _name(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, (str, int)) else None


def _ranges(values: Sequence[Any]) -> Labels:
    is_number = [isinstance(v, (int, float)) and not isinstance(v, bool) for v in values]
    numbers = np.array([v if ok else np.nan for v, ok in zip(values, is_number, strict=True)])
    edges = np.unique(np.nanquantile(numbers, np.arange(1, _RANGES) / _RANGES))
    names = [
        f"up to {edges[0]:g}",
        *(f"above {low:g}, up to {high:g}" for low, high in pairwise(edges)),
        f"above {edges[-1]:g}",
    ]
    # Of texts among numbers nothing is said.
    codes = np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers))
    return Labels(codes.astype(np.int32), names)
