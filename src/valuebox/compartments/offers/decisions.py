"""Decisions by column, and what came of them: all that offers are learned and judged from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.objects import together
from valuebox.features.declared.columns import Coded, Column, taken
from valuebox.statistics.arrays import Floats

DAY: Final = 86_400_000_000
WEEK: Final = 7 * DAY
"""Microseconds that money counts for after a decision."""


@dataclass(frozen=True)
class Decisions:
    """Decisions and what came of them: n decisions in any order, m candidates in all.

    Several decisions of a player may share a part of their weeks: an offer's own purchase belongs
    to its decision alone, all others are in the rest of each.
    """

    customer: NDArray[np.int64]
    """Code of the player, `(n,)`."""
    time: NDArray[np.int64]
    """Microseconds since 1970, `(n,)`."""
    features: Mapping[str, Column]
    """What was known of the player, `(n,)` each."""
    begins: NDArray[np.int64]
    """Where the candidates of each decision begin among all, `(n + 1,)`."""
    type: Coded
    """Type of each candidate, `(m,)`."""
    price: Floats
    """Price of each candidate, `(m,)`."""
    propensity: Floats
    """How likely each candidate was to be chosen, `(m,)`; 0 where a rule left it out."""
    choice: NDArray[np.int64]
    """Place of the choice within the decision's own candidates, `(n,)`."""
    shown: NDArray[np.bool_]
    """Whether the choice was seen, `(n,)`; one that never was teaches nothing."""
    own: Floats
    """Money of the offer's own purchase, `(n,)`; 0 where it was not bought."""
    rest: Floats
    """Other purchases within the week, refunds subtracted, as far as observed, `(n,)`."""
    observed: Floats
    """Microseconds of the week that were observed, `(n,)`, at most `WEEK`."""
    properties: Mapping[str, Column] = field(default_factory=dict)
    """What else was known of each candidate, `(m,)` each."""

    def __len__(self) -> int:
        return len(self.choice)

    @property
    def candidates(self) -> Candidates:
        """What could be chosen from."""
        return Candidates(self.begins, self.type, self.price, self.properties)

    @property
    def chosen(self) -> NDArray[np.int64]:
        """Position of each choice among all candidates, `(n,)`."""
        return self.begins[:-1] + self.choice

    def where(self, rows: NDArray[Any]) -> Self:
        """Some of the decisions, by their positions or a mask."""
        candidates = self.candidates.of_decisions(rows)
        places = Candidates(self.begins, self.type, self.propensity).of_decisions(rows)
        return type(self)(
            customer=self.customer[rows],
            time=self.time[rows],
            features={name: taken(one, rows) for name, one in self.features.items()},
            begins=candidates.begins,
            type=candidates.type,
            price=candidates.price,
            propensity=places.price,
            choice=self.choice[rows],
            shown=self.shown[rows],
            own=self.own[rows],
            rest=self.rest[rows],
            observed=self.observed[rows],
            properties=candidates.properties,
        )

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """All decisions of several tables, which have the same features, one after the other."""
        first = [len(one.price) for one in parts]
        ahead = np.concatenate([[0], np.cumsum(first)[:-1]])
        begins = [one.begins[:-1] + int(more) for one, more in zip(parts, ahead, strict=True)]
        plain = ("customer", "time", "price", "propensity", "choice", "shown", "own", "rest")
        joined = {name: _joined([getattr(one, name) for one in parts]) for name in plain}
        return cls(
            **joined,
            observed=_joined([one.observed for one in parts]),
            features=_columns([one.features for one in parts]),
            begins=np.concatenate([*begins, [sum(first)]]).astype(np.int64),
            type=_joined([one.type for one in parts]),
            properties=_columns([one.properties for one in parts]),
        )


def _columns(parts: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    return {name: _joined([one[name] for one in parts]) for name in parts[0]}


def _joined(parts: Sequence[Any]) -> Any:
    return together(parts) if isinstance(parts[0], Coded) else np.concatenate(parts)
