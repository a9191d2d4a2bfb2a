"""What was decided of offers lately, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.offers.tables import OfferDecision, OfferOutcome, OfferPrediction
from valuebox.statistics.always_valid import difference_interval

MOST: Final = 10_000
"""Decisions that are looked at, the newest: reading them has to be quick."""
CAP: Final = 100.0
"""Money of a week that counts at most: a single player's could outweigh all others'."""


@dataclass(frozen=True)
class Decided:
    """Decisions that chose something, by column, `(n,)` each."""

    at: Sequence[datetime]
    type: Sequence[str]
    explored: NDArray[np.bool_]
    """Whether the choice was drawn among all candidates alike."""
    foretold: NDArray[np.float64]
    """How likely the offer was thought to be bought; NaN before there was a model."""
    own: NDArray[np.float64]
    """Money of the offer's own purchase; NaN until the week has passed."""
    week: NDArray[np.float64]
    """Money of the week, at most `CAP`; NaN until it has passed."""


@dataclass(frozen=True)
class Week:
    """Decisions of a week, those of models beside those that were drawn alike."""

    week: date
    """Its Monday."""
    decisions: int
    explored: float
    """Share that was drawn among all candidates alike."""
    model: float | None
    """Money per decision of models; None for too few."""
    random: float | None
    """Money per decision that was drawn alike; None for too few."""
    lift: float | None
    """How much more the first is."""
    low: float | None
    high: float | None
    """Where the lift lies, at all looks together."""


@dataclass(frozen=True)
class Type:
    """Decisions for a type of offer."""

    type: str
    chosen: int
    share: float
    """Of all decisions."""
    foretold: float | None
    """How likely it was thought to be bought, on average; None without a model."""
    bought: float | None
    """Share that was bought, of those whose week has passed; None for too few."""


def decided_lately(session: Session) -> Decided:
    """The newest decisions, with what was foretold and came true, the newest first."""
    query = (
        select(
            OfferDecision.at,
            OfferDecision.offer_type,
            OfferDecision.explored,
            OfferPrediction.prediction,
            OfferOutcome.own,
            OfferOutcome.rest,
        )
        .outerjoin(OfferPrediction, OfferPrediction.id == OfferDecision.id)
        .outerjoin(OfferOutcome, OfferOutcome.id == OfferDecision.id)
        .where(OfferDecision.choice.is_not(None))
        .order_by(OfferDecision.at.desc())
        .limit(MOST)
    )
    rows = session.execute(query).all()
    at, types, explored, foretold, own, rest = zip(*rows, strict=True) if rows else ((),) * 6
    paid = _numbers(own)
    return Decided(
        at,
        types,
        np.array(explored, dtype=bool),
        _numbers(foretold),
        paid,
        np.minimum(paid + _numbers(rest), CAP),
    )


def weeks_of(decided: Decided, least: int) -> list[Week]:
    """The decisions of each week, the newest first.

    Args:
        decided: The decisions.
        least: The smallest number of decisions that anything is told of.
    """
    monday = [one.date() - timedelta(days=one.weekday()) for one in decided.at]
    return [
        _week(week, decided, rows, least) for week, rows in _grouped(monday) if len(rows) >= least
    ]


def overall(decided: Decided, least: int) -> Week | None:
    """All of the decisions, as if they were of a week; None for too few."""
    if len(decided.at) < least:
        return None
    return _week(min(decided.at).date(), decided, np.arange(len(decided.at)), least)


def types_of(decided: Decided, least: int) -> list[Type]:
    """The decisions for each type of offer, the one that was chosen most often first."""
    found = []
    for type_, rows in _grouped(decided.type):
        if len(rows) >= least:
            own = decided.own[rows]
            bought = np.where(np.isnan(own), np.nan, own > 0)
            found.append(
                Type(
                    type_,
                    len(rows),
                    len(rows) / len(decided.type),
                    _mean(decided.foretold[rows], least),
                    _mean(bought, least),
                )
            )
    return sorted(found, key=lambda one: -one.chosen)


def _week(week: date, decided: Decided, rows: NDArray[np.intp], least: int) -> Week:
    explored, money = decided.explored[rows], decided.week[rows]
    known = ~np.isnan(money)
    ours, alike = money[known & ~explored], money[known & explored]
    lift = difference_interval(ours, alike) if min(len(ours), len(alike)) >= least else None
    return Week(
        week,
        len(rows),
        float(explored.mean()),
        _mean(ours, least),
        _mean(alike, least),
        None if lift is None else lift.mean,
        None if lift is None else lift.low,
        None if lift is None else lift.high,
    )


def _grouped(keys: Sequence[Any]) -> list[tuple[Any, NDArray[np.intp]]]:
    rows: dict[Any, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return [(key, np.array(rows[key])) for key in sorted(rows, reverse=True)]


def _mean(values: NDArray[Any], least: int) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) >= least else None


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if one is None else one for one in values], dtype=np.float64)
