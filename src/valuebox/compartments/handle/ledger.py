"""Where handles were foretold, and what was really wagered."""

import math
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, join

from valuebox.compartments.handle.forecasting import Z
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.settling import settle
from valuebox.compartments.handle.tables import HandleFeatures, HandleOutcome, HandlePrediction
from valuebox.compartments.handle.watching.evidence import evidence
from valuebox.predictions.ledger import CohortSummary, Ledger, Outcomes, known_features
from valuebox.predictions.sums.models import Note, register
from valuebox.predictions.sums.tables import sum_tables
from valuebox.predictions.words import Words

NAME: Final = "handle"
_SAID: Final = HandlePrediction


class HandleSpread:
    """Two things keep a mean from its forecast: each match's chance, and what moves all alike."""

    extras = ("variance",)
    is_calibrated = False

    def learned(self, stored: Any) -> dict[str, float]:
        """What was noted of a model: `common`, a share, `level`, an amount, and its `moves`."""
        return {name: float(value) for name, value in stored.items()}

    def amounts(self, learned: dict[str, float] | None) -> Sequence[ColumnElement[float]]:
        """The variance that the model gives a match."""
        variance: ColumnElement[float] = _SAID.deviation * _SAID.deviation
        return (variance,)

    def bin(self, learned: dict[str, float] | None) -> None:
        """None: variances say it all."""
        return

    def level(self, learned: dict[str, float] | None, segment: str, variance: float) -> float:
        """How far all matches of a month are off together."""
        return 0.0 if learned is None else learned["level"]

    def interval(self, learned: dict[str, float], cohort: CohortSummary) -> tuple[float, float]:
        """Where the mean handle is expected in 9 of 10 cases."""
        chance = max(cohort.extras["variance"], 0.0) / cohort.rows
        reach = Z * math.hypot(math.sqrt(chance), learned["common"] * cohort.prediction)
        return max(cohort.prediction - reach, 0.0), cohort.prediction + reach


LEDGER: Final = Ledger(
    name=NAME,
    source=_SAID,
    ids=(_SAID.id,),
    request_id=_SAID.request_id,
    received_at=_SAID.asked_at,
    model=_SAID.model,
    prediction=_SAID.prediction,
    # A match is judged once in each class of leads, by its newest vintage there.
    subject=(_SAID.match_id, _SAID.lead_class),
    day=_SAID.kickoff,
    segment=_SAID.lead_class,
    outcomes=Outcomes(HandleOutcome, (HandleOutcome.match_id,), (_SAID.match_id,), settle),
    sums=sum_tables(NAME, _SAID, HandleSpread()),
    spread=HandleSpread(),
    feature=known_features(HandleFeatures.known),
    # Several vintages of a match know little more than one.
    people=(_SAID.match_id,),
    evidence=evidence,
    features_source=join(_SAID, HandleFeatures, HandleFeatures.id == _SAID.id),
    words=Words(
        title="Handle",
        rows="forecasts",
        dated="forecasts of matches",
        day="Match",
        predict="/v1/handle/forecast",
        example="valuebox handle forecast",
    ),
)


def note(session: Session, model: HandleModel) -> None:
    """Store what forecasts of a model will be summed up and judged by, once."""
    noted = {**model.moves, "common": model.common, "level": model.common * model.mean_handle}
    register(session, LEDGER, Note(model.tag, model.created_at, model.reference, noted))
