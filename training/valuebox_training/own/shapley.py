"""How far each feature shifts what any regressor says of a row: Shapley values by sampling.

The features of a row are put in the place of those of another row, one after the other in random
order; how far each moves the prediction is its share (Strumbelj & Kononenko, Explaining prediction
models and individual predictions with feature contributions, Knowledge and Information Systems 41,
2014). Orders come in pairs, one the reverse of the other, and the other rows lie evenly among those
that there are, by what is said of them: that takes most of the chance out.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.features.encoder import Matrix
from valuebox.models.regressors import Regressor
from valuebox.statistics.arrays import Floats

_OTHERS: Final = 16
"""Rows that features are put in the place of; an even number."""


def shapley_values(
    regressor: Regressor, rows: Matrix, others: Matrix, feature: NDArray[np.intp], count: int
) -> tuple[Floats, float]:
    """Contributions for every row, those of columns of one feature summed.

    Args:
        regressor: Fitted.
        rows: The rows, `(n_rows, n_columns)`.
        others: Rows that stand for what is usual, of which a few are taken, always the same.
        feature: Which feature each column belongs to, `(n_columns,)`, from 0.
        count: How many features there are.

    Returns:
        Contributions, `(n_rows, count)`, and the average prediction of the rows taken. Those of a
        row and the average add up to what is said of the row.
    """
    rng = np.random.default_rng(0)
    middles = (np.arange(_OTHERS) + 0.5) / _OTHERS * len(others)
    drawn = others[np.argsort(regressor.predict(others), kind="stable")[middles.astype(np.intp)]]
    said = regressor.predict(drawn)
    orders = [rng.permutation(count) for _ in range(_OTHERS // 2)]
    found = np.zeros((len(rows), count))
    for place, (other, before) in enumerate(zip(drawn, said, strict=True)):
        changed, last = np.tile(other, (len(rows), 1)), np.full(len(rows), before)
        order = orders[place // 2]
        for one in order if place % 2 else order[::-1]:
            changed[:, feature == one] = rows[:, feature == one]
            after = regressor.predict(changed)
            found[:, one] += after - last
            last = after
    return found / _OTHERS, float(said.mean())
