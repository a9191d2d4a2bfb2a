"""Features and candidates as numbers: the only place that knows categories and missing values.

Learning and serving call the same `Encoder.encode`, so they cannot disagree.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from valuebox.compartments.offers.candidates import Candidates
from valuebox.features.declared.columns import Coded, Column, coded, numbers
from valuebox.features.declared.scalars import Scalar, number, text
from valuebox.statistics.arrays import Floats

FEWEST: Final = 20
"""Decisions that a value of a feature takes to be learned."""
_MOST_VALUES: Final = 30
_FEW: Final = 10
"""Different values of which texts that are numbers may still be kinds."""
_STILL: Final = 1e-6


class Numbers(BaseModel):
    """A column of numbers as it was when it was learned: in logarithms, for its tail is long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    lowest: float
    highest: float
    """What was seen: nothing is said of what lies beyond. In logarithms, as the others."""
    mean: float
    scale: float
    gaps: bool
    """Whether the value was ever missing, which then is a column as well."""

    @classmethod
    def fit(cls, name: str, values: Floats) -> Self:
        """Learn how numbers are spread, `(n,)`; NaN where one is missing."""
        logs = _log(values)
        known = logs[~np.isnan(logs)]
        if not len(known):
            return cls(name=name, lowest=0, highest=0, mean=0, scale=1, gaps=False)
        scale = float(known.std())
        return cls(
            name=name,
            lowest=float(known.min()),
            highest=float(known.max()),
            mean=float(known.mean()),
            scale=scale if scale > _STILL else 1.0,
            gaps=len(known) < len(logs),
        )

    def columns(self, values: Floats) -> list[Floats]:
        """Numbers in standard deviations, 0 where missing, and perhaps whether they are missing."""
        found, missing = scaled(values, self.lowest, self.highest, self.mean, self.scale)
        return [found, missing.astype(np.float64)] if self.gaps else [found]

    @property
    def names(self) -> list[str]:
        """What the columns are called."""
        return [self.name, f"{self.name}=?"] if self.gaps else [self.name]


class Texts(BaseModel):
    """A column of values of few kinds: a column for each that is frequent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    values: tuple[str, ...]
    offers: bool
    """Whether the values are types of offers, which candidates are compared with."""

    @classmethod
    def fit(cls, name: str, column: Coded, types: tuple[str, ...]) -> Self:
        """Learn which values are frequent, and whether they name offers."""
        counts: Counter[str] = Counter()
        found = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
        for value, count in zip(column.values, found.tolist(), strict=True):
            counts[text(value) or ""] += count
        frequent = [one for one, count in counts.most_common(_MOST_VALUES) if count >= FEWEST]
        named = sum(counts[one] for one in types)
        return cls(
            name=name,
            values=tuple(frequent),
            offers=named > 0 and 2 * named >= sum(counts.values()),
        )

    def columns(self, column: Coded) -> list[Floats]:
        """Whether each row has each of the values."""
        place = places(column, self.values)
        return [(place == one).astype(np.float64) for one in range(len(self.values))]

    @property
    def names(self) -> list[str]:
        """What the columns are called."""
        return [f"{self.name}={value}" for value in self.values]


class Encoded(NamedTuple):
    """n decisions and their m candidates as numbers."""

    features: Floats
    """What is known of the player, `(n, d)`, around 0 and about 1 apart."""
    own: Floats
    """What is known of the candidate besides its type and price, `(m, e)`."""
    type: NDArray[np.intp]
    """Place of the candidate's type among those known, one past the end for others, `(m,)`."""
    price: Floats
    """Logarithm of the price, `(m,)`, around 0 and about 1 apart."""
    decision: NDArray[np.int64]
    """Which decision each candidate belongs to, `(m,)`."""


class Encoder(BaseModel):
    """What was learned of the columns: their values, and how they are spread."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    types: tuple[str, ...]
    price: Numbers
    numbers: tuple[Numbers, ...]
    texts: tuple[Texts, ...]
    own_numbers: tuple[Numbers, ...]
    own_texts: tuple[Texts, ...]

    @classmethod
    def fit(cls, features: Mapping[str, Column], shown: Candidates) -> Self:
        """Learn from decisions and from the candidate that each has shown, one each."""
        counts = Counter(text(one) or "" for one in _listed(shown.type))
        types = tuple(sorted(one for one, count in counts.items() if count >= 1))
        numbers, texts = _fitted(features, types)
        own_numbers, own_texts = _fitted(shown.properties, types)
        price = Numbers.fit("price", shown.price)
        return cls(
            types=types,
            price=price,
            numbers=numbers,
            texts=texts,
            own_numbers=own_numbers,
            own_texts=own_texts,
        )

    @property
    def feature_names(self) -> list[str]:
        """Names of the columns of `Encoded.features`."""
        return _names(self.numbers, self.texts)

    @property
    def own_names(self) -> list[str]:
        """Names of the columns of `Encoded.own`."""
        compared = [f"{one.name}=type" for one in (*self.texts, *self.own_texts) if one.offers]
        return compared + _names(self.own_numbers, self.own_texts)

    def encode(self, features: Mapping[str, Column], candidates: Candidates) -> Encoded:
        """Decisions as numbers.

        Args:
            features: What is known of the players, `(n,)` each; one that is absent is missing.
            candidates: What can be chosen from.
        """
        decision = candidates.decision
        n, m = len(candidates.begins) - 1, len(candidates)
        types = _listed_by_code(candidates.type)
        compared = []
        for one in self.texts:
            if one.offers:
                said = _texts(features.get(one.name), n)
                compared.append(_same(said, candidates.type, types, decision))
        for one in self.own_texts:
            if one.offers:
                said = _texts(candidates.properties.get(one.name), m)
                compared.append(_same(said, candidates.type, types, np.arange(m)))
        return Encoded(
            _matrix(_columns(self.numbers, self.texts, features, n), n),
            _matrix(
                compared + _columns(self.own_numbers, self.own_texts, candidates.properties, m), m
            ),
            places(candidates.type, self.types),
            self.price.columns(candidates.price)[0],
            decision,
        )


def places(column: Coded, known: tuple[str, ...]) -> NDArray[np.intp]:
    """Place of each value among those known, one past the end for others, `(n,)`."""
    place = {value: number for number, value in enumerate(known)}
    found = [place.get(text(one) or "", len(known)) for one in column.values]
    at: NDArray[np.intp] = column.mapped(found, len(known), np.intp)
    return at


def _names(of_numbers: tuple[Numbers, ...], texts: tuple[Texts, ...]) -> list[str]:
    found = [name for one in of_numbers for name in one.names]
    return found + [name for one in texts for name in one.names]


def scaled(
    values: Floats, lowest: Any, highest: Any, mean: Any, scale: Any
) -> tuple[Floats, NDArray[np.bool_]]:
    """Numbers in standard deviations of their logarithms, 0 where missing, and which are missing.

    Args:
        values: NaN where one is missing.
        lowest: What was seen least, in logarithms; one number, or one for each column.
        highest: What was seen most, likewise.
        mean: Mean, likewise.
        scale: Standard deviation, likewise.
    """
    logs = np.minimum(np.maximum(_log(values), lowest), highest)
    missing = np.isnan(logs)
    return np.where(missing, 0.0, (logs - mean) / scale), missing


def _log(values: Floats) -> Floats:
    return np.sign(values) * np.log1p(np.abs(values))


def _fitted(
    columns: Mapping[str, Column], types: tuple[str, ...]
) -> tuple[tuple[Numbers, ...], tuple[Texts, ...]]:
    of_numbers = [name for name, one in columns.items() if _are_numbers(one)]
    of_texts = [name for name in columns if name not in of_numbers]
    return (
        tuple(Numbers.fit(name, numbers(columns[name])) for name in of_numbers),
        tuple(Texts.fit(name, coded(columns[name]), types) for name in of_texts),
    )


def _are_numbers(column: Column) -> bool:
    """Whether a column is of numbers, be it as texts: levels are, but not versions that are few."""
    if not isinstance(column, Coded):
        return True
    known = [number(one) for one in column.values]
    return len(known) > _FEW and None not in known


def _columns(
    of_numbers: tuple[Numbers, ...],
    texts: tuple[Texts, ...],
    of: Mapping[str, Column],
    count: int,
) -> list[Floats]:
    found: list[Floats] = []
    for one in of_numbers:
        values = of.get(one.name)
        found += one.columns(np.full(count, np.nan) if values is None else numbers(values))
    for kind in texts:
        found += kind.columns(_texts(of.get(kind.name), count))
    return found


def _texts(column: Column | None, count: int) -> Coded:
    return Coded(np.full(count, -1), []) if column is None else coded(column)


def _matrix(columns: list[Floats], count: int) -> Floats:
    return np.stack(columns, axis=1) if columns else np.zeros((count, 0))


def _listed(column: Coded) -> list[Scalar]:
    known = [*column.values, None]
    return [known[code] for code in column.codes.tolist()]


def _listed_by_code(column: Coded) -> dict[str, int]:
    return {text(value) or "": code for code, value in enumerate(column.values)}


def _same(said: Coded, kind: Coded, types: dict[str, int], rows: NDArray[np.int64]) -> Floats:
    """Whether what is said of each row is the type of the candidate, `(m,)`."""
    code = said.mapped([types.get(text(one) or "", -2) for one in said.values], -2, np.int64)
    same: NDArray[np.bool_] = code[rows] == kind.codes
    return same.astype(np.float64)
