"""A pipeline of one's own in the place of the trees: learned, and judged beside the house's."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from valuebox.compartments.ltv.features import Encoder, Matrix
from valuebox.compartments.ltv.files import columns_of
from valuebox.compartments.ltv.model import GOLDEN_USERS, LtvModel
from valuebox.compartments.ltv.user import AMOUNTS, MAX_AMOUNT
from valuebox.errors import ValueboxError
from valuebox.features.shape import Shape
from valuebox.models.estimators import Estimator
from valuebox.statistics.grain import GRAINS
from valuebox_training.ltv import pipeline
from valuebox_training.ltv.cohorts import CohortReport
from valuebox_training.own.factory import current_folder_first, made_by
from valuebox_training.own.pickled import pickled

SLACK: Final = {"by day": 0.01, "by month": 0.1}
"""By what share an error may be larger before it counts as worse.

Trees of four seeds that learned from the same 63,000 users differed by 0.3 % by day and 3.6 % by
month, where there are few cohorts.
"""
_WHOSE: Final = {"macro": "segments alike", "weighted": "users alike"}
_SOME: Final = 100


class NotAsGood(ValueboxError):
    """A pipeline of one's own is worse than the house's, or nothing says that it is not."""


class Beside(NamedTuple):
    """Errors of the cohort mean of a pipeline of one's own, and of the house's, on the same users.

    Both by figure: of days and months, averaged over segments (`macro`) and over users
    (`weighted`).
    """

    own: Mapping[str, float]
    ours: Mapping[str, float]

    @classmethod
    def of(cls, own: CohortReport, ours: CohortReport) -> "Beside":
        """Of what both have said."""
        return cls(_figures(own), _figures(ours))

    @property
    def told(self) -> str:
        """All figures in a sentence."""
        both = (f"{name} {self.own[name]:.3f} ({self.ours[name]:.3f})" for name in self.own)
        return f"error of the cohort mean, beside that of the house's own trees: {', '.join(both)}"

    @property
    def worse(self) -> list[str]:
        """Figures by which the pipeline is further off than the house's."""
        return [
            name
            for name, error in self.own.items()
            if error > (1 + SLACK[name.split(",")[0]]) * self.ours[name]
        ]


def _figures(report: CohortReport) -> dict[str, float]:
    return {
        f"by {grain}, {whose}": getattr(getattr(report, grain), average)
        for grain in GRAINS
        for average, whose in _WHOSE.items()
    }


def learned(
    users: pd.DataFrame, factory: str, seed: int, shape: Shape
) -> tuple[LtvModel, list[str]]:
    """A model with the estimator of a factory, proved to be what a service can load.

    Args:
        users: Training users, with a `target`.
        factory: `module:factory`; see `own.factory`.
        seed: Of the users whose values are taken away.
        shape: The columns of the users.

    Returns:
        The model, and warnings.

    Raises:
        BadPipeline: when it cannot be learned, kept or served.
    """
    with current_folder_first():
        encoder, estimator = pipeline.fit_own(users, made_by(factory), seed, shape)
        own, warnings = pickled(estimator, factory, _odd_and_usual(encoder, users))
        return pipeline.around(encoder, own, users), warnings


def must_be_as_good(beside: Beside | None, factory: str) -> None:
    """Refuse a pipeline that is worse than the house's.

    Raises:
        NotAsGood: when it is.
    """
    if beside is not None and beside.worse:
        raise NotAsGood(
            f"{factory} is worse than the house's own trees ({'; '.join(beside.worse)})",
            beside.told,
            "it was not saved; --force saves it all the same",
        )


def metadata_of(model: LtvModel, beside: Beside | None) -> dict[str, Any]:
    """What the card tells of a model's pipeline; nothing where it is the house's."""
    if not isinstance(model.regressor, Estimator):
        return {}
    about = model.regressor.about.model_dump()
    return {"pipeline": about | ({"judged": beside._asdict()} if beside else {})}


def _odd_and_usual(encoder: Encoder, users: pd.DataFrame) -> Matrix:
    """Rows that a service may ask about: made up, at the bounds, each value missing, and usual."""
    some = users.head(_SOME)
    each = [some.head(1).assign(**{name: None}) for name in encoder.shape.features]
    most = [some.head(1).assign(**{name: MAX_AMOUNT}) for name in AMOUNTS]
    nothing = some.head(1).assign(**dict.fromkeys(encoder.shape.features))
    odd = [encoder.transform(columns_of(one)) for one in (*each, *most, nothing, some)]
    return np.concatenate([encoder.transform(GOLDEN_USERS | encoder.shape.made_up), *odd])
