"""Declared features at a glance."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.briefs import Brief
from valuebox.facts.arrivals import last_facts
from valuebox.facts.features.tables import FeatureAnswer


def brief(session: Session, _service: Any, _least: int) -> Brief:
    """What was answered last; see `Compartment.brief`."""
    said = FeatureAnswer
    columns = (said.asked_at, said.name, said.version)
    newest = session.execute(select(*columns).order_by(said.id.desc()).limit(1)).first()
    untold = "Features foretell nothing; monitoring compares them with what models learned from."
    if newest is None:
        return Brief(untold=untold)
    asked_at, name, version = newest
    event = last_facts(session)["event received"]
    return Brief(
        f"{name}, version {version}", asked_at, fresh={"event received": event}, untold=untold
    )
