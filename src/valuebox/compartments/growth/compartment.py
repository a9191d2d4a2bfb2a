"""Growth analytics, as the register knows them."""

from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.orm import Session

from valuebox.compartments.briefs import Brief
from valuebox.compartments.contract import Compartment
from valuebox.compartments.growth.api import GrowthApi
from valuebox.facts.arrivals import last_facts


def _open(service: Any, _model: None) -> None:
    service.reporting = Lock()


def _published() -> Mapping[str, type[BaseModel]]:
    # Only who writes schemas needs all that reports are made of.
    from valuebox.compartments.growth.experiments.schemas import ExperimentReport
    from valuebox.compartments.growth.report import GrowthReport
    from valuebox.compartments.growth.uplift.schemas import UpliftReport

    return {
        "growth-report.schema.json": GrowthReport,
        "experiment-report.schema.json": ExperimentReport,
        "uplift-report.schema.json": UpliftReport,
    }


def _brief(session: Session, _service: Any, _least: int) -> Brief:
    untold = "Each report compares with a baseline of its own: `valuebox growth report --baseline`."
    return Brief("reports, made when asked for", fresh=last_facts(session), untold=untold)


COMPARTMENT: Final = Compartment(
    name="growth",
    question="Which campaigns and segments pay, and what lift does a change bring?",
    endpoints=GrowthApi,
    open=_open,
    brief=_brief,
    published=_published,
    demo="valuebox_cli.growth.demo:show",
)
