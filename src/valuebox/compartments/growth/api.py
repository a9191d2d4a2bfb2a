"""Endpoints of the growth compartment; what makes their answers is imported when it is asked."""

from collections.abc import Callable
from threading import Lock
from typing import Final

from pydantic import BaseModel
from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.growth.experiments.exposure import NoExperiment
from valuebox.compartments.growth.experiments.schemas import ExperimentQuestion, ExperimentReport
from valuebox.compartments.growth.loaded.facts import TooManyEvents
from valuebox.compartments.growth.report import GrowthReport
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.growth.uplift.schemas import UpliftQuestion, UpliftReport
from valuebox.facts.reading import SeveralCurrencies
from valuebox.serving.endpoint import endpoint, overloaded
from valuebox.serving.errors import Unanswerable
from valuebox.store.engine import Store
from valuebox.store.replica import Reads

MOST_EVENTS: Final = 5_000_000
"""What a request may have read: more take longer than it may, and memory that others need."""


class GrowthApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    reads: Reads
    reporting: Lock
    """Lock that is held by the one report that a worker makes at a time."""

    @endpoint("/v1/growth/report", Scope.READ, answers=GrowthReport, refuses=("unanswerable",))
    def growth_report(self, question: GrowthQuestion, /) -> Response:
        """Report on users, campaigns and events, on what they bring and on what has changed.

        Reads at most 5,000,000 events, those of a baseline included. A worker makes one report at a
        time, and meanwhile answers 503 to those who ask for another one.
        """
        from valuebox.compartments.growth.building import report

        return self._answer(lambda store: report(store, question, MOST_EVENTS))

    @endpoint(
        "/v1/growth/experiment", Scope.READ, answers=ExperimentReport, refuses=("unanswerable",)
    )
    def growth_experiment(self, question: ExperimentQuestion, /) -> Response:
        """Compare the arms of an experiment with its control.

        Reads at most 5,000,000 events, and shares with the report that a worker makes one at a
        time.
        """
        from valuebox.compartments.growth.experiments.building import experiment

        return self._answer(lambda store: experiment(store, question, MOST_EVENTS))

    @endpoint("/v1/growth/uplift", Scope.READ, answers=UpliftReport, refuses=("unanswerable",))
    def growth_uplift(self, question: UpliftQuestion, /) -> Response:
        """Say whether it is known on whom the treatment of an experiment has more effect.

        Reads at most 5,000,000 events, and shares with the report that a worker makes one at a
        time.
        """
        from valuebox.compartments.growth.uplift.building import uplift

        return self._answer(lambda store: uplift(store, question, MOST_EVENTS))

    def _answer(self, make: Callable[[Store], BaseModel]) -> Response:
        if not self.reporting.acquire(blocking=False):
            return overloaded()
        try:
            answer = make(self.reads.choose().store)
        except (SeveralCurrencies, TooManyEvents, NoExperiment) as error:
            said = str(error)
            raise Unanswerable(f"{said[:1].upper()}{said[1:]}.") from None
        finally:
            self.reporting.release()
        return Response(answer.model_dump_json(), media_type="application/json")
