"""The lifetime-value model: users in, expected values out; no HTTP and no SQL."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.ltv.baseline import SegmentStvMeans
from valuebox.compartments.ltv.columns import Estimates
from valuebox.compartments.ltv.features import Columns, Encoder, Matrix
from valuebox.compartments.ltv.uncertainty import Uncertainty
from valuebox.compartments.ltv.user import USERS
from valuebox.features.bins import Reference
from valuebox.features.heading import Known
from valuebox.features.shape import Shape
from valuebox.models import golden, registry
from valuebox.models.contributions import Contributions
from valuebox.models.estimators import Estimator, regressor_of
from valuebox.models.registry import as_json
from valuebox.models.regressors import Regressor
from valuebox.statistics.level import Level
from valuebox.statistics.paid import Paid

KIND: Final = "ltv"
NEWEST: Final = "ltv"
TRAINED_BY: Final = "valuebox train"
"""The name that is served where none is set, if there is such a model."""
# `drift.json` has the level of decision 5; whether users drift `valuebox monitor` says, by PSI.
_ENCODER, _LEVEL, _UNCERTAINTY = "encoder.json", "drift.json", "uncertainty.json"
_BASELINE, _CONTRIBUTIONS = "baseline.json", "contributions.json"
_REFERENCE, _PAID = "reference.json", "paid.json"
FORMAT: Final = 4
OWN_FORMAT: Final = 5
_WITHOUT_REFERENCE: Final = 2
_WITHOUT_PAID: Final = 3
_READABLE: Final = (_WITHOUT_REFERENCE, _WITHOUT_PAID, FORMAT, OWN_FORMAT)
"""The first scattered users otherwise, without intervals; the last brings a pipeline or columns."""

# Made up, so that no real user travels with the model: each kind of input once, unseen and
# missing ones included.
GOLDEN_USERS: Final[dict[str, list[Any]]] = {
    "hidden": [0, 1, 0, 0, None, None],
    "STV": [0.3975, 0.3975, 16.277625, 15.880125, 1.1925, None],
    "is_lp": [0, 1, 1, 0, None, None],
    "is_cancelled": [1, 1, 0, 0, None, None],
    "credit_card_level": ["standard", "prepaid", "standard", "prepaid", None, None],
    "aff_type": ["PPL", "PPS", "Other", "PPL", "never seen", None],
    "country_segment": ["US", "RU", "KZ", "GB", "never seen", None],
}


@dataclass(frozen=True)
class LtvModel:
    """A lifetime-value model with all it has learned; `tag` is empty until it has been saved."""

    encoder: Encoder
    regressor: Regressor
    level: Level
    uncertainty: Uncertainty
    baseline: SegmentStvMeans
    contributions: Contributions
    reference: Reference | None
    """The training users, by bin; None in models that were saved before this was learned."""
    paid: Paid = field(default_factory=Paid)
    tag: str = ""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        """The columns of users that the model takes."""
        return self.encoder.shape

    @cached_property
    def names(self) -> Known:
        """What columns are called; of features those alone that some training user had."""
        return self.shape.names.without(self.reference.never_had if self.reference else ())

    def golden(self) -> NDArray[np.float64]:
        """What the model says of made-up users, which are always the same."""
        return self.predict(GOLDEN_USERS | self.shape.made_up)

    def predict(self, columns: Columns) -> NDArray[np.float64]:
        """Expected lifetime value of each user.

        Args:
            columns: One sequence of length `n_users` per feature; see `Encoder.transform`.

        Returns:
            `(n_users,)`, in the currency of `STV`.
        """
        return self._predict(self.encoder.transform(columns), columns)

    def estimate(self, columns: Columns) -> Estimates:
        """Expected lifetime value of each user, and where the realised one is expected.

        Args:
            columns: As for `predict`; see `Uncertainty.interval` for the ends.
        """
        return self.estimate_encoded(self.encoder.transform(columns), columns)

    def estimate_encoded(self, matrix: Matrix, columns: Columns) -> Estimates:
        """Estimates of users of whom the encoder has already made `matrix` from `columns`."""
        predictions = self._predict(matrix, columns)
        stv = columns.get("STV")
        ends = self.uncertainty.interval(predictions, stv, self.paid.stretch(stv))
        return Estimates(predictions, *ends)

    def warnings(self, columns: Columns) -> list[str]:
        """What makes predictions of some users doubtful, in sentences of ASCII."""
        reach = self.paid.reach
        return reach.warnings(reach.beyond(columns.get("STV")), counted_from=0)

    def _predict(self, matrix: Matrix, columns: Columns) -> NDArray[np.float64]:
        stv = columns.get("STV")
        found = self.paid.bounded(self.regressor.predict(matrix), stv)
        return self.level.corrected(found, stv)

    def save(self, name: str, labels: dict[str, str], metadata: dict[str, Any]) -> str:
        """Save into the model store and return the exact tag; see `registry.save`."""
        files = {
            **self.regressor.files(),
            _ENCODER: as_json(self.encoder.to_dict()),
            _LEVEL: as_json(self.level.to_dict()),
            _UNCERTAINTY: as_json(self.uncertainty.model_dump(mode="json")),
            _BASELINE: as_json(self.baseline.to_dict()),
            _CONTRIBUTIONS: as_json(self.contributions.model_dump()),
            _REFERENCE: as_json(self.reference and self.reference.model_dump()),
            _PAID: as_json(self.paid.model_dump()),
            **golden.content(self.golden()),
        }
        metadata = {"features": self.encoder.feature_names, **metadata}
        is_own = isinstance(self.regressor, Estimator) or self.shape.own.columns
        format_ = OWN_FORMAT if is_own else FORMAT
        return registry.save(name, KIND, format_, files, labels, metadata)

    @classmethod
    def load(cls, tag: str) -> "LtvModel":
        """Load from the model store and prove that it predicts what it did when saved.

        Raises:
            registry.ArtifactMissing: when there is none.
            registry.ArtifactRefused: when it was changed, or predicts something else here.
        """
        return golden.load(
            tag,
            KIND,
            _READABLE,
            cls._read,
            lambda model: model.golden(),
            rtol=1e-5,
            atol=1e-5,
            command=TRAINED_BY,
        )

    @classmethod
    def _read(cls, artifact: registry.Artifact) -> "LtvModel":
        reference, paid = None, Paid()
        if artifact.format > _WITHOUT_REFERENCE and (bins := artifact.json(_REFERENCE)):
            reference = Reference.model_validate(bins)
        if artifact.format > _WITHOUT_PAID:
            paid = Paid.model_validate(artifact.json(_PAID))
        return cls(
            Encoder.from_dict(artifact.json(_ENCODER), USERS),
            regressor_of(artifact),
            Level.from_dict(artifact.json(_LEVEL)),
            Uncertainty.model_validate(artifact.json(_UNCERTAINTY)),
            SegmentStvMeans.from_dict(artifact.json(_BASELINE)),
            Contributions.model_validate(artifact.json(_CONTRIBUTIONS)),
            reference,
            paid,
            artifact.tag,
            artifact.created_at,
            artifact.metadata,
        )
