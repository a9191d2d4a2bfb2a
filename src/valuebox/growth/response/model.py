"""The response model: customers in, probabilities out; no HTTP and no SQL."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from valuebox import registry
from valuebox.facts.reading import Coded, CustomerRows, EventRows, FactRows
from valuebox.growth.response.features import Cell, Encoder
from valuebox.growth.response.history import Positions

KIND: Final = "response"
NEWEST: Final = "response"
"""The name that is served where none is set, if there is such a model."""
_BOOSTER, _ENCODER, _REST, _GOLDEN = "booster.ubj", "encoder.json", "model.json", "golden.json"
_AT: Final = np.datetime64("2024-06-01", "us")


@dataclass(frozen=True)
class ResponseModel:
    """Everything that was learned; `tag` is empty until it has been saved."""

    encoder: Encoder
    booster: xgb.Booster
    usual: NDArray[np.float32]
    """Log-odds of each cell among all customers, which the trees start from: `(n_cells,)`."""
    days: int
    """How far ahead it looks."""
    category: str
    """The property of events that holds their category."""
    tag: str = ""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def cells(self) -> list[Cell]:
        """What is predicted of each customer."""
        return self.encoder.cells

    def predict(self, facts: FactRows, at: np.datetime64, chosen: Positions) -> NDArray[np.float64]:
        """How likely customers are to respond within `days` from a moment on.

        Args:
            facts: All that these customers did before; later events are not looked at.
            at: The moment, UTC.
            chosen: Positions of customers, each at most once.

        Returns:
            `(n_chosen, n_cells)`; a response in any category is at least as likely as in each.
        """
        shape = (len(chosen), len(self.encoder.responses), 1 + len(self.encoder.categories))
        if not len(chosen):
            return np.zeros((0, len(self.cells)))
        matrix = self.encoder.transform(facts, at, chosen)
        margin = np.tile(self.usual, len(chosen))
        found = self.booster.inplace_predict(matrix, base_margin=margin)
        chances: NDArray[np.float64] = found.astype(np.float64).reshape(shape)
        chances[:, :, 0] = chances.max(axis=2)
        return chances.reshape(len(chosen), -1)

    def save(self, name: str, labels: dict[str, str], metadata: dict[str, Any]) -> str:
        """Save into the model store and return the exact tag; see `registry.save`."""
        rest = {"usual": self.usual.tolist(), "days": self.days, "category": self.category}
        golden = self.predict(*_golden(self.encoder))
        files = {
            _BOOSTER: bytes(self.booster.save_raw("ubj")),
            _ENCODER: self.encoder.model_dump_json(indent=1).encode(),
            _REST: json.dumps(rest, indent=1).encode(),
            _GOLDEN: json.dumps(golden.tolist()).encode(),
        }
        metadata = {"features": self.encoder.names, "days": self.days, **metadata}
        return registry.save(name, KIND, files, labels, metadata)

    @classmethod
    def load(cls, tag: str) -> "ResponseModel":
        """Load from the model store and prove that it predicts what it did when saved.

        Raises:
            registry.ArtifactMissing: when there is none.
            registry.ArtifactRefused: when it was changed, or predicts something else here.
        """
        artifact = registry.load(tag, KIND)
        try:
            booster = xgb.Booster(model_file=artifact.path / _BOOSTER)
            encoder = Encoder.model_validate_json((artifact.path / _ENCODER).read_bytes())
            rest = json.loads((artifact.path / _REST).read_bytes())
            golden = np.array(json.loads((artifact.path / _GOLDEN).read_bytes()))
            usual = np.array(rest["usual"], dtype=np.float32)
            days, category = int(rest["days"]), str(rest["category"])
        except (xgb.core.XGBoostError, OSError, ValueError, KeyError, TypeError) as error:
            raise registry.ArtifactRefused(f"{artifact.tag} cannot be read: {error}") from None
        # One thread per worker: requests run side by side, and small batches gain nothing.
        booster.set_param({"nthread": 1})
        model = cls(
            encoder, booster, usual, days, category,
            artifact.tag, artifact.created_at, artifact.metadata,
        )  # fmt: skip
        # Summing trees may differ in the last float32 bits between processors.
        if not np.allclose(model.predict(*_golden(encoder)), golden, rtol=1e-5, atol=1e-6):
            raise registry.ArtifactRefused(
                f"{artifact.tag} does not predict here what it did when it was saved"
            )
        return model


def served(tag: str | None) -> ResponseModel | None:
    """The model that a service answers with.

    Args:
        tag: The one that must be there; None for the newest `response`, if there is one.

    Raises:
        registry.ArtifactMissing: when it must be there and is not.
        registry.ArtifactRefused: when it cannot be used.
    """
    try:
        return ResponseModel.load(tag or NEWEST)
    except registry.ArtifactMissing:
        if tag is None:
            return None
        raise


def _golden(encoder: Encoder) -> tuple[FactRows, np.datetime64, Positions]:
    """Made-up customers, so that no real one travels with the model: known, unknown, and odd."""
    kinds, categories = (*encoder.types, "never seen"), (*encoder.categories, "never seen")
    count = 3 * len(kinds) * len(categories)
    place = np.arange(count)
    values = {name: values[:1] or ("?",) for name, values in encoder.attributes.values.items()}
    told: list[dict[str, Any] | None] = [
        {name: one for name, (one, *_) in values.items()},
        dict.fromkeys(encoder.attributes.numbers, 1.5),
        None,
    ]
    customers = CustomerRows(
        Coded(np.zeros(3, dtype=np.int32), ["golden"]),
        np.array(["1", "2", "3"], dtype=object),
        np.array([_AT - np.timedelta64(90, "D"), np.datetime64("NaT"), _AT]),
        told,
    )
    events = EventRows(
        # The third one has done nothing.
        (place % 2).astype(np.int32),
        Coded((place % len(kinds)).astype(np.int32), list(kinds)),
        _AT - (place * 7 + 1).astype("timedelta64[h]"),
        np.full(count, np.nan),
        Coded((place // 2 % len(categories)).astype(np.int32), list(categories)),
    )
    return FactRows(customers, events), _AT, np.arange(3)
