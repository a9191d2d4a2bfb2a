"""How far each feature shifts what trees say of each row; `contributions` says what that means."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from valuebox.models import boosters
from valuebox.statistics.arrays import Floats

if TYPE_CHECKING:
    import xgboost as xgb


def contributions_of(
    booster: "xgb.Booster", matrix: NDArray[Any], feature: NDArray[np.intp], count: int
) -> tuple[Floats, float]:
    """Contributions for every row, those of columns of one feature summed.

    Args:
        booster: Trees with one output.
        matrix: What the trees look at, `(n_rows, n_columns)`, at least one row; NaN is missing.
        feature: Which feature each column belongs to, `(n_columns,)`, from 0.
        count: How many features there are.

    Returns:
        Contributions, `(n_rows, count)`, in the unit of the margin that trees add up; and what the
        trees say on average. A row and the average add up to the margin of the row.
    """
    data = boosters.xgb.DMatrix(matrix)
    by_column = booster.predict(data, pred_contribs=True).astype(np.float64)
    found = np.zeros((len(matrix), count))
    for column, place in enumerate(feature.tolist()):
        found[:, place] += by_column[:, column]
    return found, float(by_column[0, -1])
