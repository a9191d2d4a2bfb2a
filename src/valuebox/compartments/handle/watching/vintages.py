"""Stored vintages with what came true: of each match the newest of each load, by column."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.handle.baselines import NAMES
from valuebox.compartments.handle.book import DAY, Moments
from valuebox.compartments.handle.reading import second
from valuebox.compartments.handle.scoring import PREVIOUS, Judged, former
from valuebox.compartments.handle.tables import HandleFeatures, HandleOutcome, HandlePrediction
from valuebox.statistics.arrays import Codes, Floats

_TUESDAY: Final = np.datetime64("1970-01-06T10:00:00", "s")
"""A week of matches runs from Tuesday to Monday, whose last match begins late in the evening."""
_KNOWN: Final = ("before_bets", "known_share", "broken", *NAMES)


@dataclass(frozen=True)
class Vintages:
    """Vintages, one a row, in the order in which they were made; amounts of money."""

    match: Any
    lead: Any
    """The class of leads, of `recipe.LEADS`."""
    kickoff: Moments
    loaded_to: Moments
    """When the load began that it was made of."""
    forecast: Floats
    lower: Floats
    upper: Floats
    known: Floats
    """Bets that were known."""
    before_bets: Floats
    """What was expected had nobody bet; NaN, as all below, where it has expired."""
    known_share: Floats
    """The share of the handle that is known by then, at the usual pace."""
    broken: Floats
    """How likely all betting had changed within days, as far as the model could tell."""
    slot_mean: Floats
    last_three: Floats
    pick_up: Floats
    forest: Floats
    previous: Floats
    """The forecast by the load before; NaN of the first one."""
    actual: Floats
    """What came true; NaN while it is not known."""

    def __len__(self) -> int:
        return len(self.match)

    def take(self, rows: Any) -> "Vintages":
        """Some of the rows, by mask or position."""
        return Vintages(*(getattr(self, one.name)[rows] for one in fields(self)))

    @property
    def week(self) -> Codes:
        """A number for the week of each match."""
        return week_of(self.kickoff)

    def judged(self) -> "Vintages":
        """Those that are judged: the newest of each match and class of leads, once it is over."""
        newest = {key: row for row, key in enumerate(zip(self.match, self.lead, strict=True))}
        rows = np.array(sorted(newest.values()), dtype=np.int64)
        found = self.take(rows)
        # Of a match that nobody bet on in the end no share can be told.
        return found.take(np.isfinite(found.actual) & (found.actual > 0))

    def as_judged(self) -> Judged:
        """The same, as `scoring.figures` takes it."""
        beside = {name: getattr(self, name) for name in (*NAMES, PREVIOUS)}
        lead: Sequence[str] = self.lead.tolist()
        return Judged(lead, self.actual, self.forecast, self.lower, self.upper, beside)


def week_of(kickoff: Moments) -> Codes:
    """A number for the week of matches, by when they begin."""
    found: Codes = np.floor((kickoff - _TUESDAY) / (7 * DAY)).astype(np.int64)
    return found


def read_vintages(session: Session, first: date, last: date, model: str | None) -> Vintages:
    """The vintages of matches that begin on some days.

    However often a match was asked about, of each load the newest vintage is taken: answers to
    callers who ask every minute say nothing new.

    Args:
        session: Reads.
        first: The first day.
        last: The last one.
        model: Only what this model said, by its tag; None for all.
    """
    said, outcome = HandlePrediction, HandleOutcome
    begin = datetime.combine(first, time(), UTC)
    end = datetime.combine(last, time(), UTC) + timedelta(days=1)
    of = (said.match_id, said.loaded_to)
    place = func.row_number().over(partition_by=of, order_by=said.id.desc())
    chosen = select(said.id, place.label("place")).where(said.kickoff >= begin, said.kickoff < end)
    if model is not None:
        chosen = chosen.where(said.model == model)
    newest = chosen.subquery()
    query = (
        select(
            *(said.match_id, said.lead_class, said.kickoff, said.loaded_to),
            *(said.prediction, said.lower, said.upper, said.known),
            *(HandleFeatures.known, outcome.target),
        )
        .join(newest, (newest.c.id == said.id) & (newest.c.place == 1))
        .outerjoin(HandleFeatures, HandleFeatures.id == said.id)
        .outerjoin(outcome, outcome.match_id == said.match_id)
        .order_by(said.loaded_to, said.id)
    )
    rows = session.execute(query).all()
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * 10
    match, lead, kickoff, loaded, forecast, lower, upper, known, features, actual = columns
    at = _moments(loaded)
    told = _floats(forecast)
    return Vintages(
        match=np.array(match, dtype=object),
        lead=np.array(lead, dtype=object),
        kickoff=_moments(kickoff),
        loaded_to=at,
        forecast=told,
        lower=_floats(lower),
        upper=_floats(upper),
        known=_floats(known),
        **{name: _floats([(one or {}).get(name) for one in features]) for name in _KNOWN},
        previous=former(list(match), list(at), told),
        actual=_floats(actual),
    )


def _floats(values: Sequence[Any]) -> Floats:
    return np.array([np.nan if one is None else one for one in values], dtype=np.float64)


def _moments(values: Sequence[datetime]) -> Moments:
    return np.array([second(one) for one in values], dtype="datetime64[s]")
