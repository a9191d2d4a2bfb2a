"""What is shown to whom, and why, by the newest decisions of the model that took most of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.offers.candidates import Candidates, column_of
from valuebox.compartments.offers.explaining import contributions
from valuebox.compartments.offers.model import OffersModel
from valuebox.compartments.offers.replaying import kept_model
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.features.declared.columns import Coded, Column
from valuebox.features.declared.scalars import text
from valuebox.models.registry import ArtifactMissing, ArtifactRefused
from valuebox.pages.readable import compact
from valuebox.statistics.arrays import Floats, Mask

MOST: Final = 500
"""Decisions that are looked at, the newest."""
_CANDIDATES: Final = 5_000
"""Candidates of these that are looked at, at most."""
_FEATURES: Final = 3
"""Features that are told of each type of offer, the strongest."""
_VALUES: Final = 3
"""Values that are told of each feature, the most frequent."""
_MISSING: Final = "not known"


@dataclass(frozen=True)
class Whom:
    """Players of whom the same is known, and how they are thought to take a type of offer."""

    type: str
    feature: str
    value: str
    players: int
    """Decisions about such players in which the type could be chosen."""
    chosen: float
    """Share of these in which it was."""
    odds: float
    """What the value multiplies the odds by that the offer is bought, on average."""


def whom_of(session: Session, least: int) -> list[Whom]:
    """What shifts most how likely each type of offer is bought, and how often it is chosen.

    Args:
        session: To read decisions.
        least: The smallest number of decisions that anything is told of.

    Returns:
        By type, the one first that was chosen most often, and then by how strong the feature is;
        nothing where no model has decided, or where it is gone.
    """
    rows = _newest(session)
    if not rows:
        return []
    try:
        model = kept_model(rows[0].model)
    except (ArtifactMissing, ArtifactRefused):
        return []
    sample = _sample(rows, model)
    kinds = np.arange(len(sample.candidates.type.values))
    often = np.bincount(sample.candidates.type.codes, sample.chosen, len(kinds))
    first = kinds[np.argsort(-often, kind="stable")]
    return [one for kind in first.tolist() for one in _of_type(sample, kind, least)]


class _Sample(NamedTuple):
    """Decisions of a model, and how each feature of a player shifts what it says of candidates."""

    candidates: Candidates
    chosen: Mask
    """Whether each candidate was, `(m,)`."""
    features: dict[str, Column]
    shifts: dict[str, Floats]
    """By feature, `(m,)` each."""


def _sample(rows: Sequence[Any], model: OffersModel) -> _Sample:
    candidates = Candidates.of([row.candidates for row in rows])
    names = {name: None for row in rows for name in row.features}
    features = {name: column_of([row.features.get(name) for row in rows]) for name in names}
    found = contributions(model, features, candidates)
    chosen = np.zeros(len(candidates), dtype=bool)
    chosen[candidates.begins[:-1] + np.array([row.choice for row in rows])] = True
    shifts = {
        named.name: found.each[:, place]
        for place, named in enumerate(found.features)
        if named.of_player and named.name in features
    }
    return _Sample(candidates, chosen, features, shifts)


def _of_type(sample: _Sample, kind: int, least: int) -> Iterator[Whom]:
    """What is told of a type of offer, by its code."""
    of_type = np.flatnonzero(sample.candidates.type.codes == kind)
    if len(of_type) < least:
        return
    sizes = {name: float(np.abs(one[of_type]).mean()) for name, one in sample.shifts.items()}
    decision = sample.candidates.decision[of_type]
    for name in sorted(sizes, key=lambda name: -sizes[name])[:_FEATURES]:
        values = _values(sample.features[name])[decision]
        counts = Counter(values.tolist()).most_common(_VALUES)
        # What is alike of everybody tells nobody from others.
        for value, count in counts if len(counts) > 1 else ():
            if count >= least:
                rows = of_type[values == value]
                yield Whom(
                    text(sample.candidates.type.values[kind]) or "",
                    name,
                    value,
                    count,
                    float(sample.chosen[rows].mean()),
                    float(np.exp(sample.shifts[name][rows].mean())),
                )


def _newest(session: Session) -> Sequence[Any]:
    """The newest decisions of the model that took most of them.

    A model that has just been promoted has not taken enough to tell anything of.
    """
    query = (
        select(
            OfferDecision.model,
            OfferDecision.choice,
            OfferDecision.features,
            OfferDecision.candidates,
        )
        .where(OfferDecision.choice.is_not(None))
        .order_by(OfferDecision.at.desc())
        .limit(MOST)
    )
    rows = session.execute(query).all()
    models = Counter(row.model for row in rows if row.model is not None)
    if not models:
        return []
    ((most, _),) = models.most_common(1)
    of_model = [row for row in rows if row.model == most]
    reached = np.cumsum([len(row.candidates) for row in of_model])
    return of_model[: max(1, int((reached <= _CANDIDATES).sum()))]


def _values(column: Column) -> NDArray[Any]:
    """The value of each decision, `(n,)`: as it is, or on which side of the middle it lies."""
    if isinstance(column, Coded):
        named = [text(one) or _MISSING for one in column.values]
        texts: NDArray[Any] = np.array([*named, _MISSING], dtype=object)[column.codes]
        return texts
    known = column[~np.isnan(column)]
    if len(np.unique(known)) <= _VALUES:
        told = [_MISSING if np.isnan(one) else compact(one) for one in column.tolist()]
        return np.array(told, dtype=object)
    middle = float(np.median(known))
    sides = np.where(column > middle, f"above {compact(middle)}", f"up to {compact(middle)}")
    return np.where(np.isnan(column), _MISSING, sides).astype(object)
