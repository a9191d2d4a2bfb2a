"""Extra training rows that teach the model what a missing or unseen value means."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from valuebox.compartments.ltv.features import FEATURES


def with_gaps(
    users: pd.DataFrame,
    target: pd.Series,
    share: float,
    gap: float,
    seed: int,
    features: Sequence[str] = FEATURES,
) -> tuple[pd.DataFrame, pd.Series]:
    """Append copies of some users with values taken away.

    Without them a tree has never seen a gap, and sends it down whichever branch it happened to
    prefer: users of a new segment are then predicted like those of an arbitrary one. All
    copies lose their `country_segment` and every other feature with probability `gap`; half of
    them lose the segment alone.

    Args:
        users: The training users, one column per feature.
        target: Their realised values.
        share: Copies per user, 0 to 1.
        gap: Probability that another feature of a copy is taken away.
        seed: Of the draws.
        features: Names of the features.

    Returns:
        All users followed by the copies, and their targets in the same order.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(users), size=int(share * len(users)), replace=False)
    copies = users.iloc[chosen].copy()
    segment_only = rng.random(len(copies)) < 0.5
    for name in features:
        taken = ~segment_only & (rng.random(len(copies)) < gap)
        if name == "country_segment":
            taken = np.ones(len(copies), dtype=bool)
        copies[name] = copies[name].mask(taken)
    return (
        pd.concat([users, copies], ignore_index=True),
        pd.concat([target, target.iloc[chosen]], ignore_index=True),
    )
