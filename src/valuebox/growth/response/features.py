"""Facts to model matrix: the only place that knows what a response model looks at.

Training and serving call the same `Encoder.transform`, so they cannot disagree. A customer has a
row for each cell: each response, in any category and in each one. So what is learned of one
category helps with those that are rare.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from valuebox.facts.reading import Coded, FactRows
from valuebox.growth.response.history import Done, Positions, Seen, done, seen
from valuebox.growth.response.told import Attributes

Matrix = NDArray[np.float32]

FEWEST: Final = 20
"""Customers that a value of an attribute takes to be learned, and events that a category does."""
_MOST_TYPES: Final = 10
_MOST_CATEGORIES: Final = 20
_CELL: Final = (
    "times", "times lately", "days since",
    "category times", "category days since",
    "both times", "both times lately", "both days since",
)  # fmt: skip
"""Of the response; of the category, whatever was done; of that response in that category."""
_ALL: Final = ("days known", "days active", "events", "events lately", "days since any")


class Cell(NamedTuple):
    """What is predicted of a customer."""

    response: str
    """A type of event."""
    category: str | None
    """None for any category, or none."""


class Encoder(BaseModel):
    """Turns customers, at a moment, into a float32 matrix.

    Moments themselves are no features: a tree would repeat its last month.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    responses: tuple[str, ...]
    types: tuple[str, ...]
    """The responses, and other types of events that are counted."""
    categories: tuple[str, ...]
    attributes: Attributes

    @classmethod
    def fit(cls, facts: FactRows, responses: Sequence[str]) -> "Encoder":
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
        """Names of the matrix columns."""
        return [
            *_ALL,
            *(f"{name} times" for name in self.types),
            *self.attributes.names,
            *(f"of {name}" for name in self.responses),
            *(f"in {name}" for name in ("any", *self.categories)),
            *_CELL,
        ]

    def transform(self, facts: FactRows, at: np.datetime64, chosen: Positions) -> Matrix:
        """Encode customers by what they did before a moment.

        Args:
            facts: What happened; later events are not looked at.
            at: The moment, UTC.
            chosen: Positions of customers, each at most once.

        Returns:
            `(n_chosen * n_cells, n_features)`, the cells of a customer one after the other.
        """
        all_ = done(facts, chosen, at, self.types, self.categories)
        before = all_.where(all_.days > 0)
        n, cells = len(chosen), len(self.cells)
        matrix = np.empty((n, cells, len(self.names)), dtype=np.float32)
        each = self._of_customers(facts, at, chosen, before)
        matrix[:, :, : each.shape[1]] = each[:, None, :]
        kinds = self._of_cells()
        end = each.shape[1] + kinds.shape[1]
        matrix[:, :, each.shape[1] : end] = kinds
        matrix[:, :, end:] = self._of_both(before, n).reshape(n, cells, len(_CELL))
        return matrix.reshape(n * cells, -1)

    def happened(
        self, facts: FactRows, at: np.datetime64, days: int, chosen: Positions
    ) -> NDArray[np.bool_]:
        """What customers did from a moment on, for some days: `(n_chosen, n_cells)`."""
        all_ = done(facts, chosen, at, self.types, self.categories)
        # Whatever they did not do within these days counts as not done.
        after = all_.where((all_.days <= 0) & (all_.days > -days))
        return self._table(after, len(chosen)).times.reshape(len(chosen), -1) > 0

    def _of_customers(
        self, facts: FactRows, at: np.datetime64, chosen: Positions, before: Done
    ) -> NDArray[np.float64]:
        n = len(chosen)
        known = (at - facts.customers.created[chosen]) / np.timedelta64(1, "D")
        # Of whoever joins later nothing is known yet, and of others not when they joined.
        known[~(known > 0)] = np.nan
        first = np.full(n, np.nan)
        np.fmax.at(first, before.who, before.days)
        every = seen(before.who, np.zeros(len(before.who), dtype=np.intp), before.days, (n, 1))
        by_type = seen(before.who, before.type, before.days, (n, len(self.types)))
        told = [facts.customers.attributes[place] for place in chosen.tolist()]
        return np.column_stack(
            [known, first, *every, by_type.times, self.attributes.transform(told)]
        )

    def _of_cells(self) -> NDArray[np.float64]:
        width = len(self.categories) + 1
        response = np.repeat(np.eye(len(self.responses)), width, axis=0)
        return np.column_stack([response, np.tile(np.eye(width), (len(self.responses), 1))])

    def _of_both(self, before: Done, n: int) -> NDArray[np.float64]:
        """`(n, n_responses, 1 + n_categories, len(_CELL))`."""
        both = self._table(before, n)
        shape = both.times.shape
        made = np.full((*shape, len(_CELL)), np.nan)
        for column, values in enumerate(both):
            made[..., column] = values[:, :, :1]
            made[:, :, 1:, column + 5] = values[:, :, 1:]
        alike = seen(before.who, before.category, before.days, (n, len(self.categories)))
        made[:, :, 1:, 3] = alike.times[:, None, :]
        made[:, :, 1:, 4] = alike.days[:, None, :]
        return made

    def _table(self, events: Done, n: int) -> Seen:
        """Each response in any category, then in each one: `(n, n_responses, 1 + n_categories)`."""
        responses, categories = len(self.responses), len(self.categories)
        # The responses are the first of the types.
        response = np.where(events.type < responses, events.type, -1)
        pair = np.where(
            (response >= 0) & (events.category >= 0), response * categories + events.category, -1
        )
        every = seen(events.who, response, events.days, (n, responses))
        both = seen(events.who, pair, events.days, (n, responses * categories))
        return Seen(
            *(
                np.concatenate([one[:, :, None], two.reshape(n, responses, categories)], axis=2)
                for one, two in zip(every, both, strict=True)
            )
        )


def _frequent(texts: Coded, most: int) -> list[str]:
    counts: Any = np.bincount(texts.codes[texts.codes >= 0], minlength=len(texts.names))
    order = np.argsort(-counts, kind="stable")[:most]
    return [texts.names[code] for code in order.tolist() if counts[code] >= FEWEST]
