"""A few decisions as numbers, row by row: of these that takes a fraction of what columns take.

What is said of each value is what `Encoder.encode` says of a column.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np

from valuebox.compartments.offers.candidates import PRICE, TYPE
from valuebox.compartments.offers.encoding import Encoded, Encoder, Numbers, Texts, scaled
from valuebox.features.declared.scalars import number, scalar, text
from valuebox.statistics.arrays import Floats

_MISSING: Final = float("nan")
Row = Mapping[str, Any]
"""Values by name, as JSON has them."""


class RowEncoder:
    """Encodes rows as an encoder does columns.

    Args:
        encoder: What was learned of the columns.
    """

    def __init__(self, encoder: Encoder):
        self._players = _Rows(encoder.numbers, encoder.texts)
        price = encoder.price.model_copy(update={"name": PRICE})
        self._offers = _Rows((price, *encoder.own_numbers), encoder.own_texts)
        self._own_from = len(price.names)
        self._said = [one.name for one in encoder.texts if one.offers]
        self._own_said = [one.name for one in encoder.own_texts if one.offers]
        self._places = {value: place for place, value in enumerate(encoder.types)}

    def encode(self, known: Sequence[Row], lists: Sequence[Sequence[Row]]) -> Encoded:
        """Decisions as numbers.

        Args:
            known: What is known of the player of each.
            lists: The offers of each, with type and price.
        """
        offers = list(chain.from_iterable(lists))
        decision = np.repeat(np.arange(len(lists)), [len(some) for some in lists])
        types = [text(scalar(one.get(TYPE))) or "" for one in offers]
        own = self._offers.matrix(offers)
        parts = [own[:, self._own_from :]]
        if self._said or self._own_said:
            parts.insert(0, self._compared(known, offers, types, decision.tolist()))
        return Encoded(
            self._players.matrix(known),
            np.concatenate(parts, axis=1),
            np.array([self._places.get(one, len(self._places)) for one in types], dtype=np.intp),
            own[:, 0].copy(),
            decision,
        )

    def _compared(
        self, known: Sequence[Row], offers: Sequence[Row], types: list[str], decision: list[int]
    ) -> Floats:
        """Whether what names an offer names that of the row."""
        of_players = [[_said(row, name) for name in self._said] for row in known]
        compared = [
            [said == kind for said in of_players[whose]]
            + [_said(offer, name) == kind for name in self._own_said]
            for offer, kind, whose in zip(offers, types, decision, strict=True)
        ]
        return np.array(compared, dtype=np.float64)


class _Rows:
    """The columns of numbers and texts, in the order of an encoder."""

    def __init__(self, numbers: Sequence[Numbers], texts: Sequence[Texts]):
        self._numbers = [one.name for one in numbers]
        self._how = tuple(
            np.array([getattr(one, what) for one in numbers], dtype=np.float64)
            for what in ("lowest", "highest", "mean", "scale")
        )
        self._with_gaps = np.flatnonzero([one.gaps for one in numbers])
        widths = np.array([1 + one.gaps for one in numbers], dtype=np.intp)
        ends = np.cumsum(widths)
        self._places, self._gaps = ends - widths, ends[self._with_gaps] - 1
        self.width = int(widths.sum())
        self._texts: list[tuple[str, dict[str, int]]] = []
        for one in texts:
            place = {value: self.width + number for number, value in enumerate(one.values)}
            self._texts.append((one.name, place))
            self.width += len(one.values)

    def matrix(self, rows: Sequence[Row]) -> Floats:
        """Rows as numbers, `(n, width)`."""
        found = np.zeros((len(rows), self.width))
        if self._numbers:
            values = np.array([[_number(row.get(name)) for name in self._numbers] for row in rows])
            shifted, missing = scaled(values, *self._how)
            found[:, self._places] = shifted
            found[:, self._gaps] = missing[:, self._with_gaps]
        for name, places in self._texts:
            for which, row in enumerate(rows):
                said = _said(row, name)
                place = None if said is None else places.get(said)
                if place is not None:
                    found[which, place] = 1.0
        return found


def _number(value: Any) -> float:
    if value.__class__ is float:
        return value if math.isfinite(value) else _MISSING
    if value is None:
        return _MISSING
    found = number(scalar(value))
    return _MISSING if found is None else found


def _said(row: Row, name: str) -> str | None:
    return text(scalar(row.get(name)))
