"""Whether features that were answered of late are still like the table a model has learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.features.lately import bins_of
from valuebox.compartments.features.tables import FeatureMonitorResult
from valuebox.facts.features.tables import FeatureAnswer
from valuebox.features.declared.table_bins import Bins, TableBins, counts_of, missing_share
from valuebox.predictions.monitoring.checks import DEFAULT_DAYS, NothingToMonitor
from valuebox.predictions.monitoring.drifted import of_drift, too_few
from valuebox.predictions.monitoring.results import (
    Drifted,
    FeatureFound,
    MonitorResult,
    Thresholds,
    Unknown,
)
from valuebox.predictions.monitoring.watched import Watched
from valuebox.statistics.psi import shift
from valuebox.store.ids import first_id

MOST: Final = 20_000
"""Answers that are compared at most, spread over the time; a table is counted over as many rows."""


@dataclass(frozen=True)
class _Version:
    """A version of a declaration that was asked for."""

    name: str
    version: int
    hash: str
    answers: int

    @property
    def tag(self) -> str:
        return f"{self.name}:{self.version}"


def look(
    session: Session, limits: Thresholds, since: date | None, model: str | None, least: int
) -> MonitorResult:
    """Compare answers of late with the table of each declaration; see `Watched`.

    Of each declaration that version is looked at that answered most. A model, where one is named,
    is a declaration, or one of its versions: `offers` or `offers:2`.

    Raises:
        NothingToMonitor: when nothing was answered since.
    """
    newest = session.scalar(select(func.max(FeatureAnswer.asked_at)))
    if newest is None:
        raise NothingToMonitor("no features were answered yet")
    last = newest.astimezone(UTC).date()
    first = since or last - timedelta(days=DEFAULT_DAYS - 1)
    versions = _asked_most(session, first, model)
    if not versions:
        said = f" of {model}" if model else ""
        raise NothingToMonitor(f"no features{said} were answered since {first}")
    found: list[Drifted] = []
    unknown: list[Unknown] = []
    for one in versions:
        table = bins_of(session, one.name, one.version, one.hash)
        if table is None:
            why = (
                f"nothing is known of the table that a model has learned from with {one.tag}: "
                "valuebox features add with --manifest tells"
            )
            unknown.append(Unknown(check="psi", why=why))
            continue
        answers = _spread(session, one, first)
        drifted = _drifted(one, answers, table, first, last)
        if len(answers) < least or drifted is None:
            unknown.append(Unknown(check="psi", why=f"too few answers with {one.tag}"))
        else:
            found.append(drifted)
            unknown += too_few(drifted, limits)
    return MonitorResult(
        compartment="features",
        made_at=datetime.now(UTC),
        thresholds=limits,
        drift=_together(found) if found else None,
        matured=None,
        label_lag_days=None,
        findings=[finding for one in found for finding in of_drift(one, limits)],
        unknown=unknown,
    )


WATCHED: Final = Watched("features", "answers", FeatureMonitorResult, look)


def _asked_most(session: Session, first: date, model: str | None) -> list[_Version]:
    """The version of each declaration that answered most, in the order of their names."""
    columns = (FeatureAnswer.name, FeatureAnswer.version, FeatureAnswer.hash)
    answers = func.count().label("answers")
    counted = (
        select(*columns, answers)
        .where(FeatureAnswer.id >= first_id(_midnight(first)))
        .group_by(*columns)
        .order_by(FeatureAnswer.name, answers.desc(), FeatureAnswer.version.desc())
    )
    every = (_Version(*row) for row in session.execute(counted))
    asked = [one for one in every if model in (None, one.name, one.tag)]
    most = {one.name: one for one in reversed(asked)}
    return sorted(most.values(), key=lambda one: one.name)


def _spread(session: Session, one: _Version, first: date) -> Sequence[FeatureAnswer]:
    """Answers with a version, as many of each hour as it has of all."""
    place = func.row_number().over(order_by=FeatureAnswer.id).label("place")
    every = (
        select(FeatureAnswer.id, place)
        .where(
            FeatureAnswer.id >= first_id(_midnight(first)),
            FeatureAnswer.name == one.name,
            FeatureAnswer.version == one.version,
            FeatureAnswer.hash == one.hash,
        )
        .subquery()
    )
    step = -(-one.answers // MOST)
    chosen = select(FeatureAnswer).join(every, every.c.id == FeatureAnswer.id)
    return session.scalars(chosen.where(every.c.place % step == 0)).all()


def _drifted(
    one: _Version, answers: Sequence[FeatureAnswer], table: TableBins, first: date, last: date
) -> Drifted | None:
    people = len({(answer.source, answer.subject) for answer in answers})
    features = [
        found
        for name, bins in table.features.items()
        if (found := _compared(f"{one.name}.{name}", name, bins, answers, people)) is not None
    ]
    if not features:
        return None
    return Drifted(
        model=one.tag, first=first, last=last, rows=len(answers), people=people, features=features
    )


def _compared(
    called: str, name: str, bins: Bins, answers: Sequence[FeatureAnswer], people: int
) -> FeatureFound | None:
    counts = counts_of(bins, [answer.answer.get(name) for answer in answers])
    apart = shift(bins.users, counts, (sum(bins.users), people))
    usual = missing_share(bins)
    if apart is None or usual is None:
        return None
    rows = sum(counts)
    return FeatureFound(
        feature=called,
        psi=apart.psi,
        chance=apart.noise,
        missing=counts[bins.missing] / rows,
        missing_expected=usual,
        unseen=_unseen(bins, counts),
        is_category=bins.unseen is not None,
    )


def _unseen(bins: Bins, counts: Sequence[int]) -> float:
    """The share of values without a bin of their own, beyond that of the table, which has some."""
    if bins.unseen is None:
        return 0.0
    usual = bins.users[bins.unseen] / sum(bins.users)
    return max(counts[bins.unseen] / sum(counts) - usual, 0.0)


def _together(found: Sequence[Drifted]) -> Drifted:
    """Features of all declarations in one list, the highest index first."""
    features = [feature for one in found for feature in one.features]
    return Drifted(
        model=", ".join(one.model for one in found),
        first=found[0].first,
        last=found[0].last,
        rows=sum(one.rows for one in found),
        people=sum(one.people or 0 for one in found),
        features=sorted(features, key=lambda one: (-one.psi, one.feature)),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
