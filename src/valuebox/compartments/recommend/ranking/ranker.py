"""Trees that rank the best candidates of a visitor."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.ranker_columns import COLUMNS
from valuebox.models import directly

if TYPE_CHECKING:
    import xgboost as xgb


@dataclass(frozen=True)
class Ranker:
    """Trees that rank candidates, which are found with the setting that they have learned with."""

    booster: "xgb.Booster"
    fresh: bool = True
    """Whether the trees have learned without the item being looked at among the candidates."""

    def scores(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """How high candidates rank among those of one visitor, `(n,)`.

        Args:
            matrix: What `ranker_columns.matrix_of` makes of them, `(n, len(COLUMNS))`.
        """
        return directly.predict(self.booster, matrix)

    def golden_values(self) -> NDArray[np.float64]:
        """What is said of made-up candidates, of which a tenth of the values are missing."""
        random = np.random.default_rng(0)
        made_up = random.normal(0.0, 2.0, (64, len(COLUMNS)))
        made_up[random.random(made_up.shape) < 0.1] = np.nan
        return self.scores(made_up.astype(np.float32)).astype(np.float64)
