"""Whether somebody has to look at a compartment, by what `valuebox monitor` has stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy.orm import Session

from valuebox.predictions.monitoring.keeping import latest
from valuebox.predictions.monitoring.watched import Watched

Level = Literal["calm", "watch", "shift"]
STALE: Final = timedelta(days=2)
"""Age from which on a result says nothing of today; `ops/prometheus/alerts.yml` has the same."""


@dataclass(frozen=True)
class Health:
    """What the last look has found."""

    level: Level
    """`shift` where figures are beyond their threshold, `watch` where nobody can tell."""
    said: str
    """Words that say why, as the end of a sentence."""
    made_at: datetime | None = None
    """When somebody looked last; None for never."""


def health_of(session: Session, watched: Watched, now: datetime) -> Health:
    """What the newest stored result says.

    Args:
        session: Reads.
        watched: The compartment.
        now: The moment that the age of a result is told at.
    """
    result = latest(session, watched.results)
    if result is None:
        return Health("watch", "never monitored: run `valuebox monitor` daily")
    made_at, found = result.made_at, len(result.crossed)
    if found:
        said = f"{found} figure{'s' if found > 1 else ''} beyond {'their' if found > 1 else 'its'}"
        return Health("shift", f"{said} threshold", made_at)
    if now - made_at > STALE:
        return Health("watch", "calm when last monitored, which is too long ago", made_at)
    if result.is_drift_unknown:
        return Health("watch", "too little is known to tell drift", made_at)
    return Health("calm", "calm", made_at)
