"""What the experiment that runs in a shop has shown so far, as cards of the page."""

from datetime import datetime
from typing import Final, NamedTuple

from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.experiments import report_of
from valuebox.compartments.recommend.proof.rendering import section
from valuebox.compartments.recommend.reporting import kept_proof
from valuebox.compartments.recommend.repository import Running
from valuebox.compartments.recommend.tables import Exposure
from valuebox.store.clock import CLOCK

MOST: Final = 2_000
"""Lists of an experiment that a page counts itself; of more, it shows what was last counted."""


class Shown(NamedTuple):
    """What an experiment has shown."""

    cards: Markup
    made_at: datetime


def proof_of(session: Session, source: str, running: Running | None) -> Shown | None:
    """The cards; None where no experiment runs, or its lists have not been counted yet."""
    if running is None:
        return None
    kept = kept_proof(session, source, running.name)
    if kept is None or sum(one.lists for one in kept.report.arms) <= MOST:
        theirs = Exposure.source == source, Exposure.experiment == running.name
        some = select(Exposure.id).where(*theirs).limit(MOST + 1).subquery()
        count = session.scalar(select(func.count()).select_from(some)) or 0
        if 0 < count <= MOST:
            return Shown(section(report_of(session, source, running.name)), CLOCK.moment())
    return None if kept is None else Shown(section(kept.report), kept.made_at)
