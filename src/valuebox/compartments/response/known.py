"""What is known of customers at a moment, in numbers and words that people understand.

Training counts the values, predictions store them, and what is predicted later is compared with
what was learned from: all three ask `known_of`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Floats, Positions
from valuebox.features.attributes import Attributes

Known = Mapping[str, Any]
"""A number, a text or None, where it is missing, by the name of the feature."""

WINDOWS: Final = (30, 90, 365)
"""Days before the moment in which events are counted."""
NUMBERS: Final = (
    "days since the last event",
    *(f"events in {days} days" for days in WINDOWS),
    *(f"days with an event in {days}" for days in WINDOWS),
    "days known",
)
_DAY: Final = np.timedelta64(1, "D")


def known_of(
    attributes: Attributes, facts: FactColumns, at: np.datetime64, chosen: Positions
) -> list[Known]:
    """What is known of customers.

    Args:
        attributes: Which of them a model looks at.
        facts: What happened; later events are not looked at.
        at: The moment, UTC.
        chosen: Positions of customers, each at most once.
    """
    numbers = _numbers(facts, at, chosen)
    told = attributes.in_words([facts.customers.attributes[place] for place in chosen.tolist()])
    columns = [_without_nan(column) for column in numbers.T]
    # Ours last: an attribute may be called like one of these.
    return [
        {**of_customer, **dict(zip(NUMBERS, values, strict=True))}
        for of_customer, *values in zip(told, *columns, strict=True)
    ]


def _numbers(facts: FactColumns, at: np.datetime64, chosen: Positions) -> Floats:
    """The features `NUMBERS`, NaN where they are missing: `(n_chosen, len(NUMBERS))`."""
    events, count = facts.events, len(chosen)
    place = np.full(len(facts.customers) + 1, -1, dtype=np.intp)
    place[chosen] = np.arange(count)
    # The customer of events of nobody is -1, which picks the last.
    who = place[events.customer]
    own = (who >= 0) & (events.time < at)
    who, days = who[own], (at - events.time[own]) / _DAY
    last = np.full(count, np.inf)
    np.minimum.at(last, who, days)
    lately = days <= WINDOWS[-1]
    active = np.zeros((count, WINDOWS[-1] + 1), dtype=np.bool_)
    active[who[lately], days[lately].astype(np.intp)] = True
    known = (at - facts.customers.created[chosen]) / _DAY
    return np.column_stack(
        [
            np.where(np.isinf(last), np.nan, last),
            *(np.bincount(who[days <= window], minlength=count) for window in WINDOWS),
            *(active[:, :window].sum(axis=1) for window in WINDOWS),
            np.where(known > 0, known, np.nan),
        ]
    ).astype(np.float64)


def _without_nan(column: NDArray[np.float64]) -> Sequence[float | None]:
    # A hundredth of a day is a quarter of an hour.
    return [None if np.isnan(value) else round(value, 2) for value in column.tolist()]
