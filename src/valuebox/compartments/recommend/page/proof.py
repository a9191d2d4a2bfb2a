"""What the experiment that runs in a shop has shown so far, as cards of the page."""

from typing import Final

from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.experiments import report_of
from valuebox.compartments.recommend.proof.rendering import section
from valuebox.compartments.recommend.repository import Running
from valuebox.compartments.recommend.tables import Exposure

MOST: Final = 5_000
"""Lists of an experiment that a page looks through; of more, the command tells."""


def proof_of(session: Session, source: str, running: Running | None) -> Markup | None:
    """The cards; None where no experiment runs, or its lists are too many to wait for."""
    if running is None:
        return None
    theirs = Exposure.source == source, Exposure.experiment == running.name
    some = select(Exposure.id).where(*theirs).limit(MOST + 1).subquery()
    count = session.scalar(select(func.count()).select_from(some)) or 0
    return section(report_of(session, source, running.name)) if 0 < count <= MOST else None
