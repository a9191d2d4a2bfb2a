"""Lists that were shown, experiments, and who was forgotten: how they are written and found."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.proof.schemas import Experiment as Laid
from valuebox.compartments.recommend.tables import Experiment, Exposure, Forgetting
from valuebox.store.clock import CLOCK
from valuebox.store.texts import Texts
from valuebox.store.upsert import columns_of_new, upsert
from valuebox.store.writing import Rows, table_of

_JSON: Final = msgspec.json.Encoder().encode
_EXPOSURES: Final = table_of(Exposure)
LATELY: Final = 2_000
"""Lists that are looked at where it is asked what was shown lately: the newest."""


class Shown(NamedTuple):
    """A list that was shown, as it is stored."""

    id: UUID
    source: str
    session: str
    at: datetime
    place: str | None
    seen: list[str]
    items: list[dict[str, Any]]
    arm: str
    experiment: str | None
    fallback: str | None
    model: str | None
    built_at: datetime | None
    looked_at: datetime | None


def rows_of(shown: Sequence[Shown]) -> Iterator[Rows]:
    """The rows that hold lists."""
    columns: dict[str, Any] = dict(
        zip(Shown._fields, map(list, zip(*shown, strict=True)), strict=True)
    )
    for name in ("seen", "items"):
        columns[name] = Texts.of([*map(_JSON, columns[name])])
    yield Rows(Exposure, len(shown), columns)


def shown_of(session: Session, list_id: UUID) -> Shown | None:
    """A list that was shown; None where it is not stored any more."""
    columns = [_EXPOSURES.c[name] for name in Shown._fields]
    row = session.execute(select(*columns).where(_EXPOSURES.c.id == list_id)).first()
    return None if row is None else Shown(*row)


def asked_lately(session: Session) -> list[str]:
    """Shops of the newest lists."""
    newest = select(Exposure.source).order_by(Exposure.id.desc()).limit(LATELY)
    return sorted(set(session.scalars(newest)))


class Running(NamedTuple):
    """An experiment that decides on the lists of a shop."""

    name: str
    shares: dict[str, float]
    """Share of sessions by arm, as sessions are dealt out."""


def running(session: Session, source: str, at: datetime) -> Running | None:
    """The experiment of a shop that runs at a moment, the newest where there are several."""
    query = (
        select(Experiment)
        .where(
            Experiment.source == source,
            Experiment.begins <= at,
            or_(Experiment.ends.is_(None), Experiment.ends > at),
        )
        .order_by(Experiment.begins.desc())
        .limit(1)
    )
    found = session.scalars(query).first()
    return None if found is None else Running(found.name, laid_of(found).dealt)


def laid_of(found: Experiment) -> Laid:
    """An experiment as it was laid down."""
    return Laid.model_validate({**found.plan, "name": found.name, "shares": found.shares})


def forgotten_at(session: Session, source: str) -> datetime | None:
    """When visitors of a shop were last forgotten."""
    return session.scalar(select(Forgetting.at).where(Forgetting.source == source))


def note_forgotten(session: Session, source: str) -> None:
    """Note that visitors of a shop are forgotten, so that indexes are built without them."""
    row = {"source": source, "at": CLOCK.moment()}
    upsert(session, Forgetting, row, columns_of_new("at"))
