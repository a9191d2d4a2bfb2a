"""The interval of a cohort's mean spending, from its sums; `uncertainty` has the formula."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal

from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.compartments.ltv.uncertainty import Uncertainty, UserCohortSummary
from valuebox.predictions.ledger import CohortSummary
from valuebox.predictions.sums.sql_bins import between


class AmountSpread:
    """What `Uncertainty` needs of the users of a cohort.

    `later` is what is predicted to come after the first 4 days, `future` what of it may move.
    """

    extras = ("later", "future")
    is_calibrated = False

    def learned(self, stored: Any) -> Uncertainty:
        """The uncertainty that was noted of a model."""
        return Uncertainty.model_validate(stored)

    def amounts(self, learned: Uncertainty | None) -> Sequence[ColumnElement[float]]:
        """`later` and `future` of a user; without `STV` the former is everything."""
        prediction, stv = LtvPrediction.prediction, LtvFeatures.stv
        paid_less = prediction - stv
        share = learned.future_share if learned else 0.0
        future: ColumnElement[float] = case(
            (stv.is_(None), prediction * share), (paid_less > 0, paid_less), else_=literal(0.0)
        )
        return prediction - func.coalesce(stv, 0.0), future

    def bin(self, learned: Uncertainty | None) -> ColumnElement[int] | None:
        """Bin of a user by what is expected later; without `STV` it is `-1 - bin`."""
        if learned is None:
            return None
        prediction, stv = LtvPrediction.prediction, LtvFeatures.stv
        unpaid = between(prediction, learned.missing.edges)
        return case(
            (stv.is_(None), -1 - unpaid), else_=between(prediction - stv, learned.known.edges)
        )

    def level(self, learned: Uncertainty | None, segment: str, variance: float) -> float:
        """Nothing: spending that moves is what monitoring is there to find."""
        return 0.0

    def interval(self, learned: Uncertainty, cohort: CohortSummary) -> tuple[float, float] | None:
        """See `Uncertainty.interval_of_mean`; None of users who came before the model was noted."""
        if not cohort.bins:
            return None
        unpaid = {-1 - one: users for one, users in cohort.bins.items()}
        return learned.interval_of_mean(
            UserCohortSummary(
                segment=cohort.segment,
                joined=cohort.middle,
                prediction=cohort.prediction,
                later=cohort.extras["later"],
                future=cohort.extras["future"],
                known=learned.known.listed(cohort.bins),
                missing=learned.missing.listed(unpaid),
            )
        )
