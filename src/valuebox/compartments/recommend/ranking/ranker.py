"""The model of a shop: how its sessions are asked, and trees that rank the best candidates."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.ranker_columns import COLUMNS
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.models import boosters, directly, golden, registry

if TYPE_CHECKING:
    import xgboost as xgb

KIND: Final = "recommend"
_FORMAT: Final = 1
_MODEL, _TREES = "model.json", "trees.ubj"


@dataclass(frozen=True)
class Ranker:
    """Trees that rank candidates, and the setting with which these have to be found."""

    setting: Setting
    booster: "xgb.Booster"
    fresh: bool = True
    """Whether the trees have learned without the item being looked at among the candidates."""
    columns: tuple[str, ...] = COLUMNS
    """Names of the columns of its matrix, in order."""
    tag: str = ""
    """Exact tag; empty until the model has been saved."""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    metadata: dict[str, Any] = field(default_factory=dict)

    def scores(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """How high candidates rank among those of one visitor, `(n,)`.

        Args:
            matrix: What `ranker_columns.matrix_of` makes of them, `(n, len(columns))`.
        """
        return directly.predict(self.booster, matrix)

    def save(self, name: str, labels: dict[str, str], metadata: dict[str, Any]) -> str:
        """Save into the model store and return the exact tag; see `registry.save`."""
        rest = {
            "setting": self.setting.model_dump(mode="json"),
            "fresh": self.fresh,
            "columns": self.columns,
        }
        files = {
            _MODEL: registry.as_json(rest),
            _TREES: bytes(self.booster.save_raw("ubj")),
            **golden.content(self._golden()),
        }
        return registry.save(name, KIND, _FORMAT, files, labels, metadata)

    def _golden(self) -> NDArray[np.float64]:
        return self.scores(_made_up(len(self.columns))).astype(np.float64)


def load(tag: str) -> Ranker:
    """Load from the model store and prove that it ranks as it did when it was saved.

    Raises:
        registry.ArtifactMissing: when there is none.
        registry.ArtifactOutdated: when another version has saved it in a layout unknown here.
        registry.ArtifactRefused: when it was changed, or ranks otherwise here.
    """
    return golden.load(tag, KIND, (_FORMAT,), _read, Ranker._golden, rtol=1e-4, atol=1e-5)


def _read(artifact: registry.Artifact) -> Ranker:
    rest = artifact.json(_MODEL)
    if tuple(rest["columns"]) != COLUMNS:
        raise registry.ArtifactOutdated(f"{artifact.tag} ranks by other columns; train it again")
    return Ranker(
        setting=Setting.model_validate(rest["setting"]),
        booster=boosters.booster_of(artifact.read(_TREES)),
        fresh=bool(rest["fresh"]),
        tag=artifact.tag,
        created_at=artifact.created_at,
        metadata=artifact.metadata,
    )


def _made_up(columns: int) -> NDArray[np.float32]:
    """Made-up candidates, so that no visitor travels with the model; a tenth is missing."""
    random = np.random.default_rng(0)
    found = random.normal(0.0, 2.0, (64, columns))
    found[random.random(found.shape) < 0.1] = np.nan
    return found.astype(np.float32)
