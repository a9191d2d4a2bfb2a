"""Whether two tables say the same, looked at in a process of its own."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def apart(work: Callable[..., Any], *given: object) -> Any:
    """Work in a process of its own: from a large one, others begin with its peak."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as one:
        return one.submit(work, *given).result()


def check(our_file: Path, their_file: Path, who: str) -> int:
    """Number of anchors, where somebody has done the same work.

    Raises:
        AssertionError: naming the column.
    """
    ours, theirs = pd.read_parquet(our_file), pd.read_parquet(their_file)
    features = [*ours.columns[4:-1]]
    if ours["anchor_id"].tolist() != theirs["anchor_id"].tolist():
        raise AssertionError(f"{who}: other anchors")
    for name, other in zip(features, theirs.columns[3:], strict=True):
        one, two = ours[name], theirs[other]
        if pd.api.types.is_numeric_dtype(one) and one.dtype != bool:
            same = np.isclose(one, two.astype(float), rtol=0, atol=1e-6, equal_nan=True)
        else:
            same = (one.to_numpy() == two.to_numpy()) | (one.isna() & two.isna()).to_numpy()
        if not same.all():
            raise AssertionError(f"{who}: {name} differs in {(~same).sum():,} rows")
    return len(ours)
