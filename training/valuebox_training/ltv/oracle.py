"""What is to be expected of users of whom not everything is known."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.compartments.ltv.features import FEATURES
from valuebox.statistics.arrays import Floats

_JOINED: Final = "joined"


def given_what_is_known(complete: pd.DataFrame, expected: Floats, users: pd.DataFrame) -> Floats:
    """Expected values of users with gaps, given the features that are left.

    They are the mean over all users who joined in the same month and have the same features,
    as far as those are known: an oracle that knew what stands behind a gap could not be matched.

    Args:
        complete: All users, before anything was taken away; of less than a year.
        expected: Their expected values given all features, `(n_users,)`.
        users: The same users, with gaps.

    Returns:
        `(n_users,)`, in the currency of `expected`; unchanged where there is no gap.
    """
    columns = (_JOINED, *FEATURES)
    full, seen = _coded(complete, users)
    sizes = {name: int(full[name].max()) + 1 for name in columns}
    gaps = np.array([seen[name] < 0 for name in columns])
    pattern = (gaps * (1 << np.arange(len(columns)))[:, None]).sum(axis=0)
    found = expected.copy()
    for one in np.unique(pattern[pattern > 0]):
        rows = pattern == one
        known = [name for place, name in enumerate(columns) if not one >> place & 1]
        shape = [sizes[name] for name in known]
        cells = np.ravel_multi_index([full[name] for name in known], shape)
        total = int(np.prod(shape))
        means = np.bincount(cells, expected, total) / np.maximum(np.bincount(cells, None, total), 1)
        found[rows] = means[np.ravel_multi_index([seen[name][rows] for name in known], shape)]
    return found


def _coded(
    complete: pd.DataFrame, users: pd.DataFrame
) -> tuple[dict[str, NDArray[np.intp]], dict[str, NDArray[np.intp]]]:
    """Columns of two tables as numbers from 0, the same in both; -1 where a value is missing."""
    full: dict[str, NDArray[np.intp]] = {}
    seen: dict[str, NDArray[np.intp]] = {}
    for name in (_JOINED, *FEATURES):
        all_values, values = (
            part["join_date"].dt.month if name == _JOINED else part[name]
            for part in (complete, users)
        )
        known = sorted(all_values.unique())
        full[name] = pd.Categorical(all_values, known).codes.astype(np.intp)
        seen[name] = pd.Categorical(values, known).codes.astype(np.intp)
    return full, seen
