"""Facts to model matrix: the only place that knows what a response model looks at.

Training and serving call the same `Encoder`, so they cannot disagree.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from valuebox.compartments.response.rhythm import NAMES, rhythm
from valuebox.facts.labels import Labels
from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Floats, History, Positions
from valuebox.features.attributes import Attributes

Matrix = NDArray[np.float32]

FEWEST: Final = 20
"""Customers that a value of an attribute takes to be learned, and events that a category does."""
_MOST_TYPES: Final = 10
_MOST_CATEGORIES: Final = 20
_UNKNOWN_DAYS: Final = 365.0
"""Days for which a customer counts as known who did nothing and joined at an unknown time."""
_SHRINK: Final = 3.0
"""Days with an event that pull a customer's share of a category towards an equal one."""

PLAIN: Final = ("events 30", "events 90", "events 365", "recency")
"""What the baseline looks at, of what is predicted and of all events."""
_BRIEF: Final = ("events 30", "events 365", "events", "days 90", "recency", "never")
_AROUND: Final = (*_BRIEF, "events 90", "days 30", "days 365", "lateness", "pace", "gap", "age")


class Cell(NamedTuple):
    """What is predicted of a customer."""

    response: str
    """A type of event."""
    category: str | None
    """The category; None for a response in any category, or in none."""


class Encoder(BaseModel):
    """Turns customers, at a moment, into float32 matrices.

    Moments themselves are no features: a tree would repeat its last month.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    responses: tuple[str, ...]
    types: tuple[str, ...]
    """The responses, and other types of events that are counted."""
    categories: tuple[str, ...]
    attributes: Attributes

    @classmethod
    def fit(cls, facts: FactColumns, responses: Sequence[str]) -> "Encoder":
        """Learn the types, categories and attributes that are frequent enough.

        Args:
            facts: What happened.
            responses: Types of events to predict, in this order.
        """
        others = _frequent(facts.events.type, _MOST_TYPES)
        types = [*responses, *(name for name in others if name not in responses)]
        return cls(
            responses=tuple(responses),
            types=tuple(types[: len(responses) + _MOST_TYPES]),
            categories=tuple(_frequent(facts.events.category, _MOST_CATEGORIES)),
            attributes=Attributes.fit(facts.customers.attributes, FEWEST),
        )

    @property
    def cells(self) -> list[Cell]:
        """What is predicted, in this order: of each response any category, then each one."""
        return [
            Cell(response, category)
            for response in self.responses
            for category in (None, *self.categories)
        ]

    @property
    def names(self) -> list[str]:
        """Columns that are made of a customer and a response, whatever the category."""
        return [
            *NAMES,
            *(f"any event: {name}" for name in NAMES),
            *(f"{type_}: {name}" for type_ in self.types for name in _BRIEF),
            "known",
            *self.attributes.names,
        ]

    @property
    def category_names(self) -> list[str]:
        """Columns that are made of a customer, a response and a category."""
        return [
            *NAMES,
            *(f"any event: {name}" for name in _AROUND),
            *(f"response: {name}" for name in _AROUND),
            *(f"category: {name}" for name in _BRIEF),
            "share",
            "known",
            *self.attributes.names,
        ]

    def history(self, facts: FactColumns, at: np.datetime64) -> History:
        """All that happened, sorted once for moments that are whole days from `at`."""
        return History(facts, at, self.types, len(self.responses), self.categories)

    def of_responses(
        self, history: History, at: np.datetime64, chosen: Positions, days: int
    ) -> Matrix:
        """Encode customers by what they did before a moment, for each response.

        Args:
            history: What happened; later events are not looked at.
            at: The moment, UTC.
            chosen: Positions of customers.
            days: Of the period to come.

        Returns:
            `(n_chosen, n_responses, len(names))`.
        """
        seen = self._seen(history, at, chosen, days)
        count = len(self.responses)
        brief = seen.types[:, :, _columns(_BRIEF)].reshape(len(chosen), -1)
        each = np.concatenate([seen.all, brief, seen.told], axis=1)
        return np.concatenate([seen.types[:, :count], _repeated(each, count)], axis=2)

    def of_categories(
        self, history: History, at: np.datetime64, chosen: Positions, days: int
    ) -> Matrix:
        """The matrix of each response in each category.

        Returns:
            `(n_chosen, n_responses, n_categories, len(category_names))`.
        """
        seen = self._seen(history, at, chosen, days)
        shape = (len(chosen), len(self.responses), len(self.categories))
        day = history.day(at)
        both = rhythm(
            history.by_cell, history.by_cell.groups(chosen), day, days, seen.known
        ).reshape(*shape, -1)
        category = rhythm(
            history.by_category, history.by_category.groups(chosen), day, days, seen.known
        )[:, :, _columns(_BRIEF)]
        response = seen.types[:, : shape[1], _columns(_AROUND)]
        whole = np.expm1(both[..., NAMES.index("days")])
        share = np.log((whole + _SHRINK / shape[2]) / (whole.sum(axis=2, keepdims=True) + _SHRINK))
        around = [
            np.broadcast_to(part, (*shape, part.shape[-1]))
            for part in (
                seen.all[:, _columns(_AROUND)][:, None, None],
                response[:, :, None],
                category[:, None],
                share[..., None],
                seen.told[:, None, None],
            )
        ]
        return np.concatenate([both, *around], axis=3, dtype=np.float32)

    def happened(
        self, history: History, at: np.datetime64, days: int, chosen: Positions
    ) -> NDArray[np.bool_]:
        """What customers did from a moment on, for some days: `(n_chosen, n_cells)`."""
        day, count = history.day(at), len(self.responses)
        found = []
        for timeline in (history.by_type, history.by_cell):
            groups = timeline.groups(chosen)
            did = timeline.rows_until(groups, day + days) > timeline.rows_until(groups, day)
            found.append(did[:, : count * len(self.categories)].reshape(len(chosen), -1))
        every = found[0][:, :count, None]
        each = found[1].reshape(len(chosen), count, len(self.categories))
        return np.concatenate([every, each], axis=2).reshape(len(chosen), -1)

    def _seen(self, history: History, at: np.datetime64, chosen: Positions, days: int) -> "_Seen":
        day, known = history.day(at), history.known(at, chosen)
        active = rhythm(history.all, history.all.groups(chosen), day, days, known)[:, 0]
        age = np.expm1(active[:, NAMES.index("age")])
        known = np.where(np.isnan(known), np.where(np.isnan(age), _UNKNOWN_DAYS, age), known)
        every = rhythm(history.all, history.all.groups(chosen), day, days, known)[:, 0]
        types = rhythm(history.by_type, history.by_type.groups(chosen), day, days, known)
        attributes = [history.customers.attributes[place] for place in chosen.tolist()]
        told = np.column_stack([np.log1p(known), self.attributes.transform(attributes)])
        return _Seen(known, every, types, told.astype(np.float32))


class _Seen(NamedTuple):
    """What is seen of customers, whatever the response and category."""

    known: Floats
    all: Matrix
    types: NDArray[np.float32]
    """Rhythm of each type of event, `(n_customers, n_types, len(rhythm.NAMES))`."""
    told: Matrix


def _columns(names: Sequence[str]) -> list[int]:
    return [NAMES.index(name) for name in names]


def _repeated(each: Matrix, count: int) -> NDArray[np.float32]:
    return np.repeat(each[:, None, :], count, axis=1)


def _frequent(texts: Labels, most: int) -> list[str]:
    counts: Any = np.bincount(texts.codes[texts.codes >= 0], minlength=len(texts.names))
    order = np.argsort(-counts, kind="stable")[:most]
    return [texts.names[code] for code in order.tolist() if counts[code] >= FEWEST]
