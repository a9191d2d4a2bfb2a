"""What is learned of what users have paid already; see `valuebox.statistics.paid`."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from valuebox.compartments.ltv.features import FEATURES
from valuebox.statistics.paid import Paid
from valuebox_training.features.binning import BINS, edges_between

LIKELY: Final = 0.05
"""Share of what a group has paid that it has to get back, before its refunds count as likely."""
_FEWEST: Final = 50
# Standard errors, one-sided: hundreds of groups are looked at.
_SURELY: Final = 4.0


def fit_paid(users: pd.DataFrame) -> Paid:
    """Learn between which amounts `STV` lies, and how much of it users are left with.

    That is all of it, unless some group of users was left with surely less than that: users whose
    `STV` is about the same, or who share the value of another feature, or both.

    Args:
        users: With `target` and the features.
    """
    known = users[users["STV"].notna()]
    if known.empty:
        return Paid(kept=1.0)
    paid = known["STV"].to_numpy(dtype=np.float64)
    kept = [one for groups in _groupings(known, paid) for one in _left_with(groups)]
    return Paid(lowest=float(paid.min()), highest=float(paid.max()), kept=min([1.0, *kept]))


def _groupings(users: pd.DataFrame, paid: "np.typing.NDArray[np.float64]") -> Iterator[Any]:
    amount = np.searchsorted(edges_between(paid, BINS), paid, side="right")
    columns = users[["STV", "target"]].assign(short=(1 - LIKELY) * paid - users["target"])
    yield columns.groupby(amount)
    for name in FEATURES:
        if name != "STV":
            # A missing value is a kind of its own.
            value = pd.factorize(users[name], use_na_sentinel=False)[0]
            yield columns.groupby(value)
            yield columns.groupby([amount, value])


def _left_with(groups: Any) -> list[float]:
    """What groups were left with, as a share of what they had paid, where it is surely less."""
    count, mean = groups.size(), groups.mean()
    error = groups["short"].std() / np.sqrt(count)
    surely = (count >= _FEWEST) & (mean["short"] > _SURELY * error) & (mean["STV"] > 0)
    return [float(share) for share in (mean["target"] / mean["STV"])[surely]]
