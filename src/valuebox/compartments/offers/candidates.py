"""Offers to choose from, by column: their types, their prices, and what else is known of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.errors import ValueboxError
from valuebox.features.declared.columns import Coded, Column, taken
from valuebox.features.declared.scalars import number, scalar, text
from valuebox.statistics.arrays import Floats

TYPE: Final = "offer_type"
PRICE: Final = "offer_price"


class CandidatesRefused(ValueboxError):
    """A list of offers that nothing can be chosen from; the message names the offer."""


@dataclass(frozen=True)
class Candidates:
    """The offers of n decisions, m in all; those of decision i are `begins[i]:begins[i + 1]`."""

    begins: NDArray[np.int64]
    """Where the offers of each decision begin, `(n + 1,)`."""
    type: Coded
    """Type of each offer, `(m,)`."""
    price: Floats
    """Price of each offer, `(m,)`, in the currency of purchases."""
    properties: Mapping[str, Column] = field(default_factory=dict)
    """What else was known of each offer when it was decided about, `(m,)` each."""

    def __len__(self) -> int:
        return len(self.price)

    @property
    def decision(self) -> NDArray[np.int64]:
        """Which decision each offer belongs to, `(m,)`."""
        return np.repeat(np.arange(len(self.begins) - 1), np.diff(self.begins))

    @classmethod
    def of(cls, lists: Sequence[Sequence[Mapping[str, Any]]]) -> Self:
        """Put lists of offers into columns.

        Args:
            lists: The offers of each decision, with `offer_type` and `offer_price`, a number or a
                text that is one; whatever else an offer has becomes a property.

        Raises:
            CandidatesRefused: where a list is empty, or an offer has no type, or no price from 0.
        """
        offers = [one for some in lists for one in some]
        begins = np.concatenate([[0], np.cumsum([len(some) for some in lists], dtype=np.int64)])
        for place, some in enumerate(lists):
            if not some:
                raise CandidatesRefused(f"decision {place} has no offers to choose from")
            for position, one in enumerate(some):
                _check(one, f"offer {position} of decision {place}")
        others = {name: None for one in offers for name in one if name not in (TYPE, PRICE)}
        return cls(
            begins,
            Coded.of(text(scalar(one[TYPE])) for one in offers),
            np.array([number(scalar(one[PRICE])) for one in offers], dtype=np.float64),
            {name: column_of([one.get(name) for one in offers]) for name in others},
        )

    def of_decisions(self, rows: NDArray[Any]) -> Self:
        """The offers of some decisions, by their positions or a mask over all."""
        chosen = np.arange(len(self.begins) - 1)[rows]
        counts = np.diff(self.begins)[chosen]
        begins = np.concatenate([[0], np.cumsum(counts)])
        places = np.repeat(self.begins[chosen] - begins[:-1], counts) + np.arange(begins[-1])
        return self.taken(places, begins)

    def taken(self, places: NDArray[np.int64], begins: NDArray[np.int64]) -> Self:
        """Some of the offers by their positions, with where those of each decision begin."""
        properties = {name: taken(one, places) for name, one in self.properties.items()}
        kind = Coded(self.type.codes[places], self.type.values)
        return type(self)(begins, kind, self.price[places], properties)


def column_of(values: Sequence[Any]) -> Column:
    """A column of values as JSON has them: numbers where all that are there are, or else codes."""
    scalars = [scalar(one) for one in values]
    if all(one is None or isinstance(one, float | int) for one in scalars):
        return np.array([np.nan if one is None else one for one in scalars], dtype=np.float64)
    return Coded.of(scalars)


def _check(offer: Mapping[str, Any], which: str) -> None:
    if not text(scalar(offer.get(TYPE))):
        raise CandidatesRefused(f"{which} has no {TYPE}")
    price = number(scalar(offer.get(PRICE)))
    if price is None or price < 0:
        raise CandidatesRefused(f"{which} has no {PRICE} from 0, but {offer.get(PRICE)!r}")
