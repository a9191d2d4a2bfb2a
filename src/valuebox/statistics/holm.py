"""P-values adjusted for the number of tests, so that many tests seldom err."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: taking those up to 0.05 for real errs at all in at most 5 % of cases.

    However the tests depend on each other. Holm (1979), A simple sequentially rejective multiple
    test procedure.

    Args:
        p_values: Of all tests of one family.

    Returns:
        One for each, in the same order.
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(steps, 1.0)
    return [float(one) for one in adjusted]
