"""Recommend at a glance: what the running experiment has shown of personal lists."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.briefs import Brief, Standing, State
from valuebox.compartments.recommend.proof.schemas import ProofReport
from valuebox.compartments.recommend.reporting import kept_proof
from valuebox.compartments.recommend.repository import running
from valuebox.compartments.recommend.tables import Exposure
from valuebox.facts.arrivals import last_facts
from valuebox.pages.readable import change
from valuebox.store.clock import CLOCK

_STATES: Final[dict[str, State]] = {
    "better": "better",
    "clicked more": "better",
    "worse": "worse",
    "clicked less": "worse",
}
"""Verdicts that say which is better; all others leave it open."""


def brief(session: Session, _service: Any, _least: int) -> Brief:
    """What lists tell at a glance, of the shop that asked last; see `Compartment.brief`."""
    columns = (Exposure.at, Exposure.source, Exposure.arm)
    newest = session.execute(select(*columns).order_by(Exposure.id.desc()).limit(1)).first()
    if newest is None:
        return Brief(untold="No list was shown yet.")
    at, source, arm = newest
    now = CLOCK.moment()
    experiment = running(session, source, now)
    proof = None if experiment is None else kept_proof(session, source, experiment.name)
    return Brief(
        answered=f"a {arm} list, in {source}",
        answered_at=at,
        fresh={
            "event received": last_facts(session)["event received"],
            "experiment counted": None if proof is None else proof.made_at,
        },
        standing=None if proof is None else _standing(proof.report),
        untold="No experiment runs that compares lists: `valuebox recommend experiment` begins one."
        if experiment is None
        else "The experiment has not been counted yet.",
    )


def _standing(report: ProofReport) -> Standing | None:
    verdict = next(iter(report.verdicts), None)
    if verdict is None:
        return None
    changes = [
        one.change
        for one in report.judged
        if one.is_primary and one.arm == verdict.arm and one.change is not None
    ]
    return Standing(
        change(changes[0]) if changes else verdict.kind,
        verdict.headline,
        _STATES.get(verdict.kind, "open"),
    )
