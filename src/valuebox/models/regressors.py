"""What says how much a row is worth: the part of a model that is learned of its matrix."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from valuebox.features.encoder import Matrix
from valuebox.models import directly
from valuebox.statistics.arrays import Floats

if TYPE_CHECKING:
    import xgboost as xgb

BOOSTER: Final = "booster.ubj"


class Regressor(Protocol):
    """Something that was fitted, and predicts a number for each row."""

    def predict(self, matrix: Matrix) -> Floats:
        """A number for each row, `(n_rows,)`, of what an encoder makes, `(n_rows, n_columns)`."""

    def files(self) -> dict[str, bytes]:
        """Its files in an artifact, by their names."""


@dataclass(frozen=True)
class Trees:
    """The house's own regressor: trees of XGBoost, whose file is no code."""

    booster: "xgb.Booster"

    def predict(self, matrix: Matrix) -> Floats:
        """What the trees say of each row; see `directly.predict`."""
        return directly.predict(self.booster, matrix).astype(np.float64)

    def files(self) -> dict[str, bytes]:
        """The trees as UBJSON."""
        return {BOOSTER: bytes(self.booster.save_raw("ubj"))}
