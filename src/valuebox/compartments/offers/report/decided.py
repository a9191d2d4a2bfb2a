"""Decisions about offers as they are stored, and what came of them, by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np
from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.orm import Session

from valuebox.compartments.offers.tables import OfferDecision, OfferOutcome, OfferPrediction
from valuebox.statistics.arrays import Floats, Mask

CAP: Final = 100.0
"""Money of a week that counts at most: a single player's could outweigh all others'."""
_NUMBERS: Final = msgspec.json.Decoder(list[float] | None).decode


@dataclass(frozen=True)
class Decided:
    """Decisions that chose something, by column, `(n,)` each."""

    at: Sequence[datetime]
    type: Sequence[str]
    model: Sequence[str | None]
    """Tag of the model that decided; None before there was one."""
    price: Floats
    """What the offer costs."""
    explored: Mask
    """Whether the choice was drawn among all candidates alike."""
    propensity: Floats
    """How likely the choice was."""
    able: Floats
    """Number of candidates that could be chosen."""
    best: Floats
    """What the best candidate was thought to be worth; NaN before there was a model."""
    expected: Floats
    """What candidates were thought to be worth, by how likely each was to be chosen."""
    average: Floats
    """What candidates were thought to be worth, all alike."""
    foretold: Floats
    """How likely the offer was thought to be bought; NaN before there was a model."""
    own: Floats
    """Money of the offer's own purchase; NaN until the week has passed."""
    week: Floats
    """Money of the week, at most `CAP`; NaN until it has passed."""

    def __len__(self) -> int:
        return len(self.at)


def decided_lately(
    session: Session, most: int, since: datetime | None = None, before: datetime | None = None
) -> Decided:
    """The newest decisions, with what was foretold and came true, the newest first.

    Args:
        session: To read them.
        most: How many at most.
        since: Earliest moment of decisions; None for all.
        before: Moment before which they are; None for all.
    """
    query = (
        select(
            OfferDecision.at,
            OfferDecision.offer_type,
            OfferDecision.model,
            OfferDecision.offer_price,
            OfferDecision.explored,
            OfferDecision.choice,
            cast(OfferDecision.propensities, Text),
            cast(OfferDecision.worths, Text),
            OfferPrediction.prediction,
            OfferOutcome.own,
            OfferOutcome.rest,
        )
        .outerjoin(OfferPrediction, OfferPrediction.id == OfferDecision.id)
        .outerjoin(OfferOutcome, OfferOutcome.id == OfferDecision.id)
        .where(OfferDecision.choice.is_not(None), *_between(since, before))
        .order_by(OfferDecision.at.desc())
        .limit(most)
    )
    columns: list[Any] = list(zip(*session.execute(query).all(), strict=True)) or [()] * 11
    at, types, models, price, explored, choice, likely, worths, foretold, own, rest = columns
    paid = _numbers(own)
    return Decided(
        at,
        types,
        models,
        _numbers(price),
        np.array(explored, dtype=bool),
        *_weighed(choice, likely, worths),
        _numbers(foretold),
        paid,
        np.minimum(paid + _numbers(rest), CAP),
    )


def _between(since: datetime | None, before: datetime | None) -> list[ColumnElement[bool]]:
    conditions = []
    if since is not None:
        conditions.append(OfferDecision.at >= since)
    if before is not None:
        conditions.append(OfferDecision.at < before)
    return conditions


def _weighed(
    choice: Sequence[int], likely: Sequence[str], worths: Sequence[str | None]
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """The propensity of each choice, how many could be chosen, and what these were worth."""
    found = np.full((5, len(choice)), np.nan)
    for row, (chosen, of_each, of_worth) in enumerate(zip(choice, likely, worths, strict=True)):
        chances = np.array(_NUMBERS(of_each))
        able = chances > 0
        found[:2, row] = chances[chosen], able.sum()
        worth = None if of_worth is None else _NUMBERS(of_worth)
        if worth is not None:
            values = np.array(worth)
            found[2:, row] = values[able].max(), chances @ values, values[able].mean()
    return found[0], found[1], found[2], found[3], found[4]


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if one is None else one for one in values], dtype=np.float64)
