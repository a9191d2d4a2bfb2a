"""The front page: a card for every compartment, as each tells of itself."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from valuebox.compartments.briefs import Brief
from valuebox.compartments.contract import Compartment
from valuebox.compartments.register import compartments, watched
from valuebox.predictions.monitoring.health import Health, health_of
from valuebox.predictions.monitoring.watched import Watched

_log = logging.getLogger("valuebox")


@dataclass(frozen=True)
class Card:
    """What the front page shows of a compartment."""

    compartment: Compartment
    brief: Brief
    health: Health
    served: str | None
    """Tag of the model that answers, if any does."""


def cards(session: Session, service: Any, least: int, now: datetime) -> Sequence[Card]:
    """A card for every compartment: first those that answer with a model.

    Args:
        session: Reads.
        service: The service that runs.
        least: The smallest number of rows that anything is told of.
        now: The moment that ages are told at.
    """
    looked_at = {one.name: one for one in watched()}
    order = sorted(compartments(), key=lambda one: one.model is None)
    return [_card(session, service, one, looked_at.get(one.name), least, now) for one in order]


def _card(
    session: Session,
    service: Any,
    compartment: Compartment,
    looked_at: Watched | None,
    least: int,
    now: datetime,
) -> Card:
    try:
        return _told(session, service, compartment, looked_at, least, now)
    except SQLAlchemyError:
        # The next question to the database would fare no better.
        raise
    except Exception as error:
        # What one of them gets wrong, such as a package's, hides none of the others.
        _log.error("the card of %s cannot be made", compartment.name, exc_info=error)
        health = Health("shift", "this card cannot be made; the log of the service says why")
        return Card(compartment, Brief(untold="What it would tell cannot be read."), health, None)


def _told(
    session: Session,
    service: Any,
    compartment: Compartment,
    looked_at: Watched | None,
    least: int,
    now: datetime,
) -> Card:
    brief = compartment.briefly(session, service, least)
    model = service.models.get(compartment.name)
    served = brief.model or (model.tag if model is not None else None)
    health = Health("calm", "answers; there is nothing to monitor")
    if brief.trouble:
        health = Health("shift", brief.trouble)
    elif compartment.model is not None and served is None:
        health = Health("watch", f"no model is served; `{compartment.model.command}` makes one")
    elif looked_at is not None and brief.answered_at is not None:
        health = health_of(session, looked_at, now)
    elif looked_at is not None:
        health = Health("calm", "nothing to monitor yet")
    return Card(compartment, brief, health, served)
